// A pipeline with a model that was trained for a moment: what it says is worth nothing, and it is told as others are. For slow-disk.mjs
// and failing-disk.mjs.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const pipelineOf = (hop_s) => `
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: ${hop_s} }
  regions: { type: pool, input: de }
  together: { type: align, hop_s: ${hop_s}, inputs: { eeg: regions } }
models:
  affect: { type: hi-moe, input: together, path: . }
sinks:
  out: { type: websocket, input: affect }
`;

const training = `
name: small
type: hi-moe
pipeline: pipeline.yaml
data:
  kind: simulated
  seed: small
  profiles: [epoc]
  duration_s: 60
  step_s: 1
  people: { train: 2, validation: 2, calibration: 2, test: 2 }
settings:
  width: 8
  encoders: { eeg: { kind: mlp, hidden: 8 } }
  modality_experts: { count: 2, hidden: 8 }
  emotion_experts: { count: 2, hidden: 8 }
  head_hidden: 8
  heads: [valence, arousal]
  ranking: [valence, arousal]
  activation: gelu
  dropout: 0.1
clip_sd: 3
fit:
  seed: 1
  epochs: 1
  batch_size: 128
  learning_rate: 0.002
  weight_decay: 0.01
  patience_epochs: 4
  loss: { mse: 1, ccc: 1, ranking: { weight: 0.1, tolerance: 0.1, within_trial: true } }
  dropout: { modality: 0.3, channel: 0.2, noise_sd: 0.1 }
  validation_missing: 0.4
interval_level: 0.9
validity: { min_present: 1, required: [] }
report: { missing_rates: [0] }
`;

/** Trains it into a folder; gives the pipeline's file. It predicts every `hop_s`. */
export function smallModel(folder, hop_s) {
  mkdirSync(folder, { recursive: true });
  const pipeline = join(folder, 'pipeline.yaml');
  writeFileSync(pipeline, pipelineOf(hop_s));
  writeFileSync(join(folder, 'train.yaml'), training);
  execFileSync(
    process.execPath,
    ['bin/affectd.js', 'train', join(folder, 'train.yaml'), '--no-cache', '--engine', 'wasm'],
    { stdio: 'ignore' },
  );
  return pipeline;
}
