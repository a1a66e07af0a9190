import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VirtualClock } from '../../../../src/core/clock.js';
import { evaluate } from '../../../../src/learn/evaluate/evaluate.js';
import { train } from '../../../../src/learn/fit/train.js';
import { skinPipeline } from '../../fit/skin-pipeline.js';
import { writeWristPeople } from './wrist-people.js';

const dataset = (path: string): string => `
  dataset: { kind: stress-predict, path: ${path} }
  step_s: 4`;
const recipe = `
type: concatenation
settings: { classes: [baseline, stress] }
clip_sd: 5
`;
const fit = `epochs: 6, batch_size: 64, learning_rate: 0.02, loss: { cross_entropy: 1 }, dropout: { modality: 0.2 }`;

/** The configuration that the model of {@link writeEvaluatedModel} is trained from. */
export const trainYaml = (more = ''): string => `name: skin
pipeline: pipeline.yaml
data:
  kind: dataset${dataset('data')}
  shares: { validation: 0.2, calibration: 0.2 }
${recipe}
fit: { seed: 1, ${fit} }
interval_level: 0.9
validity: { min_present: 1, required: [] }
evaluation: { report: report/report.json, model: skin }
${more}`;

const evaluateYaml = `name: skin
summary: whether skin tells stress from rest
pipeline: pipeline.yaml
data:${dataset('data')}
splits:
  - { kind: subject, folds: leave-one-out }
seeds: [1]
levels: [window]
models:
  - name: skin
${recipe.trim().replaceAll(/^/gm, '    ')}
    fit: { ${fit} }
`;

/**
 * Evaluates and trains a model on people of Stress-Predict's layout, in `folder`: data, pipeline, report and model. What
 * the evaluation says of it is taken for passed where `passed` is given: the rule has tests of its own.
 */
export async function writeEvaluatedModel(
  folder: string,
  { people, passed }: { readonly people: number; readonly passed?: true },
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeWristPeople(join(folder, 'data'), people);
  writeFileSync(join(folder, 'pipeline.yaml'), skinPipeline('concatenation', 'half_life_s: 600, min_s: 20'));
  writeFileSync(join(folder, 'evaluate.yaml'), evaluateYaml);
  writeFileSync(join(folder, 'train.yaml'), trainYaml());
  await evaluate(join(folder, 'evaluate.yaml'), {
    out: join(folder, 'report'),
    leaky: false,
    workers: 1,
    version: 'test',
    clock: new VirtualClock(),
    signal: new AbortController().signal,
  });
  if (passed) {
    const path = join(folder, 'report', 'report.json');
    const report = JSON.parse(readFileSync(path, 'utf8'));
    const verdict = {
      model: 'skin',
      output: 'class',
      validated: true,
      split: 0,
      conditions: [],
      modalities: [['eda', 'temp'], ['eda']],
    };
    writeFileSync(path, JSON.stringify({ ...report, verdicts: [verdict] }));
  }
  await train(join(folder, 'train.yaml'));
}
