import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, InputError } from '../../../src/core/errors.js';
import type { ModalityInput } from '../../../src/core/model.js';
import type { StreamMessage } from '../../../src/core/signal.js';
import { wholeSession } from '../../../src/learn/datasets/whole-session.js';
import { discoverInputs } from '../../../src/learn/examples/discover-inputs.js';
import { onlyModel } from '../../../src/learn/examples/only-model.js';
import { train } from '../../../src/learn/fit/train.js';
import { readModel } from '../../../src/model/manifest.js';
import { loadPipeline } from '../../../src/pipeline/file/load.js';
import { type SimulationOptions, simulateSession } from '../../../src/simulation/session.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';
import { collectExamples } from '../fit/collect-examples.js';
import { skinPipeline } from '../fit/skin-pipeline.js';

const folderWith = (files: Readonly<Record<string, string>>): string => {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
};

const features = skinPipeline('hi-moe');
const windows = `
sources:
  eeg: { type: websocket, stream_type: EEG, optional: true }
  eda: { type: websocket, stream_type: EDA, optional: true }
transforms:
  eeg_64: { type: resample, input: eeg, sfreq_hz: 64 }
  eeg_clean: { type: bandpass, input: eeg_64, low_hz: 4, high_hz: 28 }
  eeg_raw: { type: window, input: eeg_clean, window_s: 4, hop_s: 2 }
  skin: { type: extract, input: eda, features: [skin-conductance], window_s: 4, hop_s: 2 }
models:
  affect: { type: hi-moe, inputs: { eeg: eeg_raw, eda: skin }, path: . }
`;

async function inputsOf(
  text: string,
  sessions: Iterable<StreamMessage>[],
): Promise<ReadonlyMap<string, ModalityInput>> {
  const pipeline = await loadPipeline(join(folderWith({ 'pipeline.yaml': text }), 'pipeline.yaml'));
  return discoverInputs(pipeline, onlyModel(pipeline), sessions);
}

const session = (options: Partial<SimulationOptions> = {}): Iterable<StreamMessage> =>
  simulateSession({ seed: 'somebody', profile: 'deap32', duration_s: 6, ...options });

describe('discoverInputs', () => {
  it('finds the features that the model node is given, units as after normalisation', async () => {
    const inputs = await inputsOf(features, [session()]);
    expect([...inputs.keys()]).toEqual(['eda', 'temp']);
    const eda = inputs.get('eda')!;
    if (eda.kind !== 'features') throw new Error('not features');
    expect(eda.features.length).toBeGreaterThan(0);
    expect(new Set(eda.features.map(({ unit }) => unit))).toEqual(new Set(['sd']));
    expect(eda.upstream).toMatch(/^sha256:/);
  });

  it('finds raw windows: channels of every headset, the rate after resampling, the length', async () => {
    const inputs = await inputsOf(windows, [session({ profile: 'muse' }), session({ profile: 'epoc' })]);
    expect(inputs.get('eda')!.kind).toBe('features');
    const eeg = inputs.get('eeg')!;
    if (eeg.kind !== 'window') throw new Error('no window');
    expect([eeg.sfreq_hz, eeg.length]).toEqual([64, 256]);
    expect(eeg.channels).toHaveLength(4 + 14);
    expect(eeg.channels.slice(0, 5)).toEqual(['TP9', 'AF7', 'AF8', 'TP10', 'AF3']);
  });

  it('says which modality no session serves', async () => {
    const lacking = inputsOf(features, [session({ only: ['eda'] })]);
    await expect(lacking).rejects.toThrow(InputError);
    await expect(lacking).rejects.toThrow(/modality temp/);
    await expect(inputsOf(windows, [session({ only: ['eda'] })])).rejects.toThrow(/modality eeg/);
  });

  it('refuses windows of two rates, and features beside windows', async () => {
    const rates = windows.replace('input: eeg_clean, window_s', 'input: eeg, window_s');
    const mixed = inputsOf(rates, [session({ profile: 'muse' }), session({ profile: 'epoc' })]);
    await expect(mixed).rejects.toThrow(ConfigurationError);
    await expect(mixed).rejects.toThrow(/1024 samples at 256 Hz and as 512 at 128 Hz; put resample/);
    const both = windows.replace('eeg: eeg_raw', 'eeg: [eeg_raw, skin]');
    await expect(inputsOf(both, [session()])).rejects.toThrow(/by features and by raw windows/);
  });
});

it('a frame of raw windows has the samples of the channels that the headset has, and masks the others', async () => {
  const pipeline = await loadPipeline(join(folderWith({ 'p.yaml': windows }), 'p.yaml'));
  const node = onlyModel(pipeline);
  const inputs = discoverInputs(pipeline, node, [session({ profile: 'muse' }), session({ profile: 'epoc' })]);
  const own = wholeSession('p', session({ profile: 'epoc', duration_s: 12 }));
  const [{ frame }] = collectExamples(pipeline, node, inputs, own, 1).slice(-1);
  const [eeg] = frame;
  expect([...eeg.mask]).toEqual([...Array(4).fill(0), ...Array(14).fill(1)]);
  expect(eeg.values).toHaveLength(18 * 256);
  expect(eeg.values.subarray(0, 4 * 256).every((v) => v === 0)).toBe(true);
  expect(eeg.values.subarray(4 * 256).every((v) => Number.isFinite(v))).toBe(true);
});

it('trains Hi-MoE with EEGNet on raw windows beside features, and writes a model that loads', async () => {
  const config = `
name: raw
type: hi-moe
pipeline: pipeline.yaml
data:
  { kind: simulated, seed: raw, profiles: [muse], duration_s: 40, step_s: 2, people: { train: 2, validation: 1, calibration: 1, test: 1 } }
settings:
  width: 8
  encoders: { eeg: { kind: eegnet }, eda: { kind: mlp, hidden: 8 } }
  modality_experts: { count: 2, hidden: 8 }
  emotion_experts: { count: 2, hidden: 8 }
  head_hidden: 8
  heads: [valence, arousal]
  activation: gelu
clip_sd: 5
fit:
  { seed: 1, epochs: 2, batch_size: 8, learning_rate: 0.01, patience_epochs: 2, loss: { mse: 1 }, dropout: { modality: 0.1, channel: 0, noise_sd: 0 } }
interval_level: 0.7
validity: { min_present: 1, required: [] }
`;
  const folder = folderWith({ 'pipeline.yaml': windows, 'train.yaml': config });
  const report = await train(join(folder, 'train.yaml'), { engine: 'onnx' });
  expect(report.history).toHaveLength(2);
  expect(report.history.every(({ loss }) => Number.isFinite(loss))).toBe(true);
  const { manifest } = await readModel(folder);
  expect(manifest.inputs[0]).toMatchObject({ name: 'eeg', kind: 'window', sfreq_hz: 64, length: 256 });
  expect(manifest.inputs[0].standardisation.sd).toHaveLength(4);
});
