import type { z } from 'zod';
import { Random } from '../core/random.js';
import type { ModelBatch } from '../model/frames.js';
import { type InputSpec, inputShape } from '../model/networks/definition.js';
import type { hiMoeSettings } from '../model/networks/hi-moe.js';
import { sizeOf } from '../model/networks/parameters.js';

/** A model to measure. */
export interface ModelCase {
  readonly settings: z.input<typeof hiMoeSettings>;
  readonly inputs: readonly InputSpec[];
}

const HEADS = ['valence', 'arousal', 'dominance', 'liking'] as const;

function unscaled(name: string, channels: number) {
  const standardisation = { mean: Array(channels).fill(0), sd: Array(channels).fill(1), clip_sd: null };
  return { name, upstream: 'benchmark', standardisation, with_mask: false };
}

function features(name: string, size: number): InputSpec {
  const list = Array.from({ length: size }, (_, i) => ({ channel: name, feature: `f${i}`, unit: '' }));
  return { kind: 'features', features: list, ...unscaled(name, size) };
}

function raw(name: string, channels: number, length: number, sfreq_hz: number): InputSpec {
  const labels = Array.from({ length: channels }, (_, i) => `${name}${i}`);
  return { kind: 'window', channels: labels, sfreq_hz, length, ...unscaled(name, channels) };
}

/** The layer table of docs/explanation/engines.md: six feature vectors. */
export function featureCase(): ModelCase {
  const sizes = { eeg: 310, eye: 33, heart: 12, eda: 8, emg: 8, temp: 8 };
  const inputs = Object.entries(sizes).map(([name, size]) => features(name, size));
  return {
    inputs,
    settings: {
      width: 64,
      encoders: Object.fromEntries(inputs.map(({ name }) => [name, { kind: 'mlp', hidden: 64 }])),
      modality_experts: { count: 4, hidden: 64 },
      emotion_experts: { count: 8, hidden: 64 },
      head_hidden: 32,
      heads: [...HEADS],
      activation: 'relu',
    },
  };
}

/** DEAP's eight modalities as raw 4-s windows at 128 Hz: EEGNet for 32 EEG channels, convolutions for the rest. */
export function eegnetCase(): ModelCase {
  const peripheral = { face: 1, eog: 2, emg: 2, eda: 1, resp: 1, bvp: 1, temp: 1 };
  const inputs = [
    raw('eeg', 32, 512, 128),
    ...Object.entries(peripheral).map(([name, channels]) => raw(name, channels, 512, 128)),
  ];
  return {
    inputs,
    settings: {
      width: 64,
      encoders: Object.fromEntries(
        inputs.map(({ name }) => [name, name === 'eeg' ? { kind: 'eegnet' } : { kind: 'conv' }]),
      ),
      modality_experts: { count: 4, hidden: 128 },
      emotion_experts: { count: 8, hidden: 128 },
      head_hidden: 32,
      heads: [...HEADS],
      activation: 'gelu',
    },
  };
}

/** Everything present, values from -1 to 1. */
export function randomBatch(inputs: readonly InputSpec[], size: number): ModelBatch {
  const { uniform } = new Random(size);
  return {
    size,
    inputs: new Map(
      inputs.map((input) => [
        input.name,
        Float32Array.from({ length: size * sizeOf(inputShape(input)) }, () => 2 * uniform() - 1),
      ]),
    ),
    presence: new Float32Array(size * inputs.length).fill(1),
  };
}
