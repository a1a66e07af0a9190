import { type ModelFrame, without } from '../../core/model.js';
import type { ModelBatch } from '../../model/frames.js';
import type { InputSpec } from '../../model/networks/definition.js';
import { inputShape } from '../../model/networks/definition.js';
import { sizeOf } from '../../model/networks/parameters.js';
import { type Example, withFrame } from './example.js';

/**
 * Takes each present modality of a window away with probability `rate`, one of those that were present always staying. All is
 * drawn here, in the order of the windows.
 */
export function withoutModalities(
  examples: readonly Example[],
  rate: number,
  uniform: () => number,
): readonly Example[] {
  if (rate === 0) return examples;
  return examples.map((example) => {
    const [gone] = singleAbsences([presenceOf(example)], rate, uniform);
    return withFrame(example, () => without(example.frame, gone));
  });
}

/** Which modalities a window has. */
export function presenceOf({ frame }: Example): readonly boolean[] {
  return frame.map(({ present }) => present);
}

/** A frame with modality `kept` alone. */
export function onlyModality(frame: ModelFrame, kept: number): ModelFrame {
  return onlyModalities(frame, [kept]);
}

/** A frame with the modalities at `kept` alone. */
export function onlyModalities(frame: ModelFrame, kept: readonly number[]): ModelFrame {
  return frame.map((modality, m) => (kept.includes(m) ? modality : { ...modality, present: false }));
}

/** Feature indices of each channel or region of an input, for {@link dropInputs}. */
export function channelGroups(input: InputSpec): readonly (readonly number[])[] {
  if (input.kind !== 'features') return [];
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

/** Modalities to take from each of `rows` windows, [rows][M]; at least one that is present stays. */
export type Absences = readonly (readonly boolean[])[];

/** Each modality of each window by itself. */
export function singleAbsences(
  presence: readonly (readonly boolean[])[],
  rate: number,
  uniform: () => number,
): Absences {
  return presence.map((present) => {
    const gone = present.map((here) => here && uniform() < rate);
    return keepOne(present, gone, uniform);
  });
}

/**
 * Bursts: over consecutive windows each modality comes and goes as a Markov chain, away for `burst_windows` windows on
 * average and for a share `rate` of the time.
 */
export function burstAbsences(
  presence: readonly (readonly boolean[])[],
  rate: number,
  burst_windows: number,
  uniform: () => number,
): Absences {
  const back = 1 / burst_windows;
  const leave = Math.min(1, (rate * back) / (1 - rate));
  let away = presence[0]?.map(() => uniform() < rate) ?? [];
  return presence.map((present, row) => {
    if (row > 0) away = away.map((gone) => (gone ? uniform() >= back : uniform() < leave));
    return keepOne(
      present,
      present.map((here, m) => here && away[m]),
      uniform,
    );
  });
}

function keepOne(present: readonly boolean[], gone: boolean[], uniform: () => number): boolean[] {
  const here = present.flatMap((p, m) => (p ? [m] : []));
  if (here.length > 0 && here.every((m) => gone[m])) gone[here[Math.floor(uniform() * here.length)]] = false;
  return gone;
}

/** Row `row` of `batch` with channels taken away or disturbed, in place, while training. */
export function dropChannels(
  inputs: readonly InputSpec[],
  groups: readonly (readonly (readonly number[])[])[],
  batch: ModelBatch,
  row: number,
  rates: Omit<InputDropout, 'modality'>,
  uniform: () => number,
  normal: () => number,
): void {
  inputs.forEach((input, m) => {
    if (batch.presence[row * inputs.length + m] !== 1 || input.kind !== 'features') return;
    const size = sizeOf(inputShape(input));
    const values = batch.inputs.get(input.name)!.subarray(row * size, (row + 1) * size);
    const count = input.features.length;
    const lost = groups[m].filter(() => uniform() < rates.channel);
    if (lost.length < groups[m].length)
      for (const f of lost.flat()) {
        values[f] = 0;
        if (input.with_mask) values[count + f] = 0;
      }
    if (rates.noise_sd === 0) return;
    for (let f = 0; f < count; f++)
      if (!input.with_mask || values[count + f] === 1) values[f] += rates.noise_sd * normal();
  });
}
