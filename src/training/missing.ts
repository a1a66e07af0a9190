import type { ModelFrame } from '../core/model.js';
import type { InputSpec } from '../models/definition.js';
import { inputShape } from '../models/definition.js';
import type { ModelBatch } from '../models/frames.js';
import { sizeOf } from '../models/parameters.js';

/**
 * Takes each present modality away with probability `rate`, one of those that were present always staying
 * (METHODS: Bernoulli for each modality and window, at least one kept).
 */
export function withoutModalities(frame: ModelFrame, rate: number, uniform: () => number): ModelFrame {
  const present = frame.flatMap((modality, m) => (modality.present ? [m] : []));
  if (rate === 0 || present.length === 0) return frame;
  const stays = new Set(present.filter(() => uniform() >= rate));
  if (stays.size === 0) stays.add(present[Math.floor(uniform() * present.length)]);
  return frame.map((modality, m) => (stays.has(m) ? modality : { ...modality, present: false }));
}

/** A frame with modality `kept` alone. */
export function onlyModality(frame: ModelFrame, kept: number): ModelFrame {
  return frame.map((modality, m) => (m === kept ? modality : { ...modality, present: false }));
}

/** Feature indices of each channel or region of an input, for {@link dropInputs}. */
export function channelGroups(input: InputSpec): readonly (readonly number[])[] {
  if (input.kind === 'window') return [];
  const groups = new Map<string, number[]>();
  input.features.forEach(({ channel }, f) => {
    groups.set(channel, [...(groups.get(channel) ?? []), f]);
  });
  return [...groups.values()];
}

export interface InputDropout {
  /** Probability that a modality is missing from a row. */
  readonly modality: number;
  /** Probability that a channel or region is missing from a present modality with several of them. */
  readonly channel: number;
  /** Standard deviation of noise on standardised features. */
  readonly noise_sd: number;
}

/** Row `row` of `batch` with inputs taken away or disturbed, in place, while training. */
export function dropInputs(
  inputs: readonly InputSpec[],
  groups: readonly (readonly (readonly number[])[])[],
  batch: ModelBatch,
  row: number,
  rates: InputDropout,
  uniform: () => number,
  normal: () => number,
): void {
  const presence = batch.presence.subarray(row * inputs.length, (row + 1) * inputs.length);
  const present = inputs.flatMap((_, m) => (presence[m] === 1 ? [m] : []));
  const kept = present[Math.floor(uniform() * present.length)];
  for (const m of present) {
    const input = inputs[m];
    const size = sizeOf(inputShape(input));
    const values = batch.inputs.get(input.name)!.subarray(row * size, (row + 1) * size);
    if (m !== kept && uniform() < rates.modality) {
      values.fill(0);
      presence[m] = 0;
      continue;
    }
    if (input.kind === 'window') continue;
    const count = input.features.length;
    const lost = groups[m].filter(() => uniform() < rates.channel);
    if (lost.length < groups[m].length)
      for (const f of lost.flat()) {
        values[f] = 0;
        if (input.with_mask) values[count + f] = 0;
      }
    if (rates.noise_sd === 0) continue;
    for (let f = 0; f < count; f++)
      if (!input.with_mask || values[count + f] === 1) values[f] += rates.noise_sd * normal();
  }
}
