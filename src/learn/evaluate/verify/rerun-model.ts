import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { ModelFrame, ModelOutput } from '../../../core/model.js';
import { maskLength, valuesPerChannel } from '../../../core/model.js';
import { Random } from '../../../core/random.js';
import { chooseEngine } from '../../../model/engines/choose.js';
import { createInference } from '../../../model/engines/inference.js';
import { type LoadedModel, readModel } from '../../../model/manifest.js';
import type { InputSpec } from '../../../model/networks/definition.js';
import { loadTrainConfig } from '../../fit/config.js';
import { type TrainOptions, train } from '../../fit/train.js';
import { writtenDownSchema } from '../comparison-ledger.js';
import { type EvaluateOptions, evaluate } from '../evaluate.js';
import { ledgerLineSchema } from '../rule/ledger.js';
import type { LinkFinding } from './finding.js';
import { trainFile } from './verify-model.js';

export type RerunOptions = Omit<EvaluateOptions, 'out' | 'leaky' | 'engine'> & Pick<TrainOptions, 'events'>;

/** Frames on which two models are compared whose bytes differ, and how far apart they may be. */
const FRAMES = 1000;
const TOLERANCE = 1e-3;

/** What a report counts beside its own models. */
const ledgerSchema = z.looseObject({
  ledger: z.array(ledgerLineSchema).default([]),
  /** When its main comparison was written down: here everything is new. */
  main: writtenDownSchema.nullish(),
});

/**
 * Evaluates and trains again what a model's folder was made from, in a temporary folder, and compares: the report and every
 * artefact must have the same bytes; on another engine than the model's own, weights may differ as long as what they compute
 * agrees to 1e-3 on 1,000 frames. Finds digests that somebody made anew.
 */
export async function rerunModel(folder: string, options: RerunOptions): Promise<LinkFinding[]> {
  const path = trainFile(folder);
  const { config, directory } = await loadTrainConfig(path);
  const place = await mkdtemp(join(tmpdir(), 'affectd-rerun-'));
  try {
    const findings: LinkFinding[] = [];
    const loaded = await readModel(folder);
    const { links } = loaded.manifest;
    if (config.evaluation && links)
      findings.push(
        await sameReport(
          join(folder, links.report.file),
          resolve(directory, config.evaluation.config),
          join(place, 'report'),
          options,
        ),
      );
    const out = join(place, 'model');
    await train(path, { ...options, out });
    findings.push(await sameModel(loaded, out));
    return findings;
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

async function sameReport(
  report: string,
  config: string,
  out: string,
  options: RerunOptions,
): Promise<LinkFinding> {
  options.progress?.('evaluating again');
  const before = await readFile(report);
  const { ledger, main } = ledgerSchema.parse(JSON.parse(before.toString()));
  await evaluate(config, { ...options, out, leaky: false, ledger, ...(main && { written: main }) });
  const now = await readFile(join(out, 'report.json'));
  return before.equals(now)
    ? { link: 'report', state: 'holds', message: 'evaluating again gives the same bytes' }
    : { link: 'report', state: 'broken', message: 'evaluating again gives another report' };
}

async function sameModel(loaded: LoadedModel, out: string): Promise<LinkFinding> {
  const again = await readModel(out);
  if (again.id === loaded.id)
    return { link: 'artefacts', state: 'holds', message: 'training again gives the same bytes' };
  const apart = await difference(loaded, again);
  const message = `training again gives a model that is ${apart.toExponential(1)} apart on ${FRAMES} frames`;
  // The same engine gives the same bytes.
  const elsewhere = again.manifest.trained_with !== loaded.manifest.trained_with;
  return { link: 'artefacts', state: elsewhere && apart <= TOLERANCE ? 'holds' : 'broken', message };
}

/** Largest difference between what two models tell of random frames; Infinity where they don't tell the same. */
async function difference(one: LoadedModel, other: LoadedModel): Promise<number> {
  const { engine } = await chooseEngine('auto');
  const [first, second] = [await createInference(one, engine), await createInference(other, engine)];
  const { uniform } = new Random(1);
  let most = 0;
  for (let i = 0; i < FRAMES; i++) {
    const frame = one.manifest.inputs.map((input) => randomModality(input, uniform));
    const [a, b] = [await first.predict([frame]), await second.predict([frame])];
    most = Math.max(most, ...apart(a[0], b[0]));
  }
  await first.dispose();
  await second.dispose();
  return most;
}

/** As far out as training data, some features and some whole modalities missing. */
function randomModality(input: InputSpec, uniform: () => number): ModelFrame[number] {
  const groups = maskLength(input);
  const each = valuesPerChannel(input);
  const present = uniform() > 0.2;
  const mask = Uint8Array.from({ length: groups }, () => Number(present && uniform() > 0.1));
  const values = new Float32Array(groups * each);
  const { mean, sd } = input.standardisation;
  for (let g = 0; g < groups; g++)
    for (let v = 0; v < each; v++) {
      const at = input.kind === 'image' ? v * groups + g : g * each + v;
      if (mask[g] === 1) values[at] = mean[g] + sd[g] * (4 * uniform() - 2);
    }
  return { values, mask, present: mask.includes(1) };
}

function apart(a: ModelOutput, b: ModelOutput): number[] {
  const numbers = ({ valence, arousal, dominance, liking, classes = {} }: ModelOutput): number[] => [
    ...[valence, arousal, dominance, liking].map((value) => value ?? 0),
    ...Object.values(classes),
  ];
  const [left, right] = [numbers(a), numbers(b)];
  if (left.length !== right.length) return [Number.POSITIVE_INFINITY];
  return left.map((value, i) => Math.abs(value - right[i]));
}
