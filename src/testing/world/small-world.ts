import type { Seconds } from '../../core/clock.js';
import type { ModelFrame, ModelOutput, ModelRunner } from '../../core/model.js';
import { Random } from '../../core/random.js';
import { checkPipeline } from '../../pipeline/file/check.js';
import { PipelineDocument } from '../../pipeline/file/document.js';
import type { LoadedPipeline } from '../../pipeline/run/run-session.js';
import { drawFault, drawFaults, type WorldFaultKind } from './faults.js';
import type { WorldPlan } from './world.js';
import type { DeviceDescription } from './world-device.js';
import type { SubscriberDescription } from './world-subscriber.js';

/** A world has fewer faults than this. */
const MOST_FAULTS = 8;

const text = `
sources:
  eeg: { type: websocket, stream_type: EEG, optional: true }
  skin: { type: websocket, stream_type: EDA, optional: true }
  gaze: { type: lsl, stream_type: Gaze, optional: true }
  chest: { type: lsl, stream_type: RESP, optional: true }
transforms:
  eeg_slow: { type: bandpass, input: eeg, low_hz: 1, high_hz: 30, order: 2 }
  de: { type: extract, input: eeg_slow, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
  de_z: { type: normalize, input: de, half_life_s: 60, min_s: 4 }
  look: { type: extract, input: gaze, features: [gaze-statistics], window_s: 2, hop_s: 0.5 }
  sweat: { type: extract, input: skin, features: [skin-conductance], window_s: 4, hop_s: 0.5 }
  breath: { type: extract, input: chest, features: [respiration], window_s: 10, hop_s: 0.5 }
models:
  affect: { type: hi-moe, inputs: { eeg: de_z, gaze: look, skin: sweat }, path: models/demo }
`;

/** A model that says what a feature of each of its inputs says, and nothing slow. */
class PlainModel implements ModelRunner {
  readonly name = 'plain';
  readonly id = 'plain@sha256:0';
  readonly type = 'hi-moe';
  readonly worth = { evidence: 'none', broken: null, reason: null, scope: null } as const;
  readonly engine = 'none';
  readonly fuses = false;
  readonly validity = { min_present: 1, required: [] };
  readonly inputs = new Map([
    inputOf('eeg', 'Cz', 'de_alpha', 'nat'),
    inputOf('gaze', 'gaze', 'gaze_missing', 'share'),
    inputOf('skin', 'skin', 'eda_level', 'uS'),
  ]);

  async predict(frames: readonly ModelFrame[]): Promise<ModelOutput[]> {
    return frames.map((sensors) => ({
      valence: Math.tanh(sensors.reduce((sum, { values }, i) => sum + (i + 1) * values[0], 0) / 20),
      ...{ arousal: 0, weights: [], routing: [], interval: null },
    }));
  }

  async close(): Promise<void> {}
}

function inputOf(name: string, channel: string, feature: string, unit: string) {
  return [name, { kind: 'features', features: [{ channel, feature, unit }], upstream: '' }] as const;
}

/** A small pipeline with a model, over both doors. */
export function smallPipeline(): LoadedPipeline {
  const { pipeline, problems } = checkPipeline(new PipelineDocument('small-world.yaml', text));
  if (!pipeline) throw new Error(JSON.stringify(problems));
  return { pipeline, runners: new Map([['affect', new PlainModel()]]) };
}

const eeg = {
  type: 'EEG',
  unit: 'uV',
  labels: ['Fz', 'Cz'],
  sfreq: 128,
  chunk: 16,
  size: 20,
  step_rad: 0.5,
} as const;

/** Of two people: one wears a headset and a wristband and is watched over LSL, the other wears a headset. */
export const smallDevices: readonly DeviceDescription[] = [
  { name: 'headset', door: 'websocket', session: 'default', clock: 'unix', ...eeg },
  {
    ...{ name: 'wristband', door: 'websocket', session: 'default', clock: 'device', type: 'EDA', unit: 'uS' },
    ...{ labels: ['EDA', 'EDA2'], sfreq: 16, chunk: 4, size: 2, step_rad: 0.01 },
  },
  {
    ...{ name: 'tracker', door: 'lsl', session: 'default', clock: 'lsl', type: 'Gaze', unit: 'deg' },
    ...{ labels: ['left_x', 'left_y'], sfreq: 60, chunk: 6, size: 5, step_rad: 0.1 },
  },
  {
    ...{ name: 'belt', door: 'lsl', session: 'default', clock: 'lsl', type: 'RESP', unit: '' },
    ...{ labels: ['chest', 'belly'], sfreq: 40, chunk: 8, size: 1, step_rad: 0.04 },
  },
  { name: 'other-headset', door: 'websocket', session: 'other', clock: 'device', ...eeg },
];

export const smallSubscribers: readonly SubscriberDescription[] = [
  { name: 'keeper', session: 'default', policy: 'buffer' },
  { name: 'watcher', session: '*', policy: 'latest' },
  { name: 'other-keeper', session: 'other', policy: 'buffer' },
];

/** What a seed decides of a small world: its faults, a few, so many or one of each of these kinds, and how it is recorded and replayed. */
export function smallPlan(
  seed: number,
  duration_s: Seconds,
  pipeline = smallPipeline(),
  wanted?: number | readonly WorldFaultKind[],
): WorldPlan {
  const random = new Random(seed, 'plan');
  const ground = {
    devices: smallDevices.map(({ name }) => name),
    subscribers: smallSubscribers.map(({ name }) => name),
    duration_s,
  };
  const isIn = (share: number): boolean => random.uniform() < share;
  return {
    ...{ seed, duration_s, pipeline, devices: smallDevices, subscribers: smallSubscribers },
    faults:
      typeof wanted === 'object'
        ? wanted.map((kind) => drawFault(kind, ground, random))
        : drawFaults(wanted ?? Math.floor(random.uniform() * MOST_FAULTS), ground, random),
    ...(isIn(0.5) && { part_s: Math.round(random.between(3, 20)) }),
    ...(isIn(0.5) && { restore_s: Math.round(random.between(3, 20)) }),
  };
}
