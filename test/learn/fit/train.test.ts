import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/core/errors.js';
import type { SimulatedReport } from '../../../src/learn/fit/report.js';
import { train } from '../../../src/learn/fit/train.js';
import { loadModel } from '../../../src/model/engines/worker-runner.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

const pipeline = `
sources:
  eda: { type: websocket, stream_type: EDA, optional: true }
  emg: { type: websocket, stream_type: EMG, optional: true }
transforms:
  skin: { type: extract, input: eda, features: [skin-conductance], window_s: 4, hop_s: 1 }
  skin_z: { type: normalize, input: skin, half_life_s: 300, min_s: 8 }
  muscle: { type: extract, input: emg, features: [muscle-activity], window_s: 4, hop_s: 1 }
  muscle_z: { type: normalize, input: muscle, half_life_s: 300, prior_sd: { emg_: 0.4 } }
models:
  affect: { type: hi-moe, inputs: { eda: skin_z, emg: muscle_z }, path: model }
`;

const config = `
name: tiny
type: hi-moe
pipeline: pipeline.yaml
data:
  kind: simulated
  seed: tiny
  profiles: [deap32]
  duration_s: 150
  step_s: 1
  people: { train: 4, validation: 2, calibration: 3, test: 2 }
settings:
  width: 8
  encoders: { eda: { kind: mlp, hidden: 8 }, emg: { kind: mlp, hidden: 8 } }
  modality_experts: { count: 2, hidden: 8 }
  emotion_experts: { count: 2, hidden: 8 }
  head_hidden: 8
  heads: [valence, arousal]
  activation: relu
clip_sd: 5
fit:
  seed: 1
  epochs: 8
  batch_size: 16
  learning_rate: 0.01
  patience_epochs: 8
  loss: { mse: 1, ccc: 1, alignment: 0 }
  dropout: { modality: 0.1, channel: 0, noise_sd: 0 }
interval_level: 0.7
validity: { min_present: 1, required: [] }
report: { missing_rates: [0, 0.4] }
`;

function folder(text: string): string {
  const directory = temporaryFolder();
  writeFileSync(join(directory, 'pipeline.yaml'), pipeline);
  writeFileSync(join(directory, 'train.yaml'), text);
  return directory;
}

describe('train', () => {
  let directory: string;
  let result: SimulatedReport;
  const progress: string[] = [];
  beforeAll(async () => {
    directory = folder(config);
    const options = { progress: (line: string) => progress.push(line) };
    result = (await train(join(directory, 'train.yaml'), options)) as SimulatedReport;
  });

  it('writes a model that loads, with the evidence that simulated people are', async () => {
    const runner = await loadModel(directory);
    expect(runner.id).toBe(result.model);
    expect(runner.worth.evidence).toBe('simulated');
    expect([...runner.inputs.keys()]).toEqual(['eda', 'emg']);
    const absent = { values: new Float32Array(2), mask: new Uint8Array(2), present: false };
    const muscle = { values: Float32Array.of(2, -1), mask: Uint8Array.of(1, 1), present: true };
    const [smiling] = await runner.predict([[absent, muscle]]);
    expect(smiling.weights).toEqual([0, 1]);
    expect(smiling.interval?.level).toBe(0.7);
    await runner.close();
  });

  it('reports on people that it never saw, and learnt what facial muscles say of valence', () => {
    const { rows, ceiling, baseline, windows } = result;
    expect(rows.map(({ name }) => name)).toEqual(['all sensors', '40 % missing', 'eda alone', 'emg alone']);
    expect(windows.train).toBeGreaterThan(4 * 140);
    expect(rows[0].valence.people).toBe(2);
    expect(rows[0].valence.ccc).toBeGreaterThan(0.4);
    expect(ceiling.valence.ccc).toBeGreaterThan(0.5);
    expect(baseline.valence.ccc).toBeNaN();
    expect(baseline.valence.mae).toBeGreaterThan(rows[0].valence.mae);
    expect(progress.some((line) => line.startsWith('epoch 1: '))).toBe(true);
  });

  it('writes a card that says what it is', () => {
    const card = readFileSync(join(directory, 'CARD.md'), 'utf8');
    expect(card).toContain('This model has never seen a person.');
    expect(card).toContain(result.model);
    expect(card).toContain(`| 40 % missing | valence | ${result.rows[1].valence.ccc.toFixed(3)} `);
    expect(JSON.parse(readFileSync(join(directory, 'report.json'), 'utf8')).model).toBe(result.model);
  });
});

describe('a training configuration that cannot be used', () => {
  it.each<[what: string, text: string, message: RegExp]>([
    ['not YAML', 'a: [', /train\.yaml: /],
    ['an unknown key', `${config}colour: red\n`, /colour/],
    [
      'an unknown type',
      config.replace('type: hi-moe', 'type: oracle'),
      /type: oracle is not one of atam, bdae, bilstm, bimodal-lstm, concatenation, cross-attention, dgcnn, hi-moe, late-fusion, prnet/,
    ],
    [
      "a type other than the pipeline's",
      config
        .replace('type: hi-moe', 'type: prnet')
        .replace(/^settings:[\s\S]*?\n(?=\w)/m, 'settings: { heads: [valence, arousal] }\n'),
      /type: prnet, but .*models\.affect is of type hi-moe/,
    ],
    ['a bad size', config.replace('width: 8', 'width: 0'), /settings\.width/],
    ['no such pipeline', config.replace('pipeline.yaml', 'nothing.yaml'), /nothing\.yaml/],
    [
      'an encoder too few',
      config.replace(', emg: { kind: mlp, hidden: 8 }', ''),
      /settings\.encoders\.emg: missing/,
    ],
  ])('%s: one line, and nothing written', async (_, text, message) => {
    const directory = folder(text.replace('duration_s: 150', 'duration_s: 8'));
    const error = await train(join(directory, 'train.yaml')).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toMatch(message);
    expect(existsSync(join(directory, 'manifest.json'))).toBe(false);
  });

  it('that is not there', async () => {
    await expect(train('/nowhere/train.yaml')).rejects.toMatchObject({
      code: 'training-unreadable',
      exitCode: 2,
    });
  });
});
