import { type ModelFrame, valuesPerChannel } from '../core/model.js';
import { encodeFrames } from './frames.js';
import type { InputSpec } from './networks/definition.js';

/**
 * How far a window lies from what a model was trained on: of each modality the root mean square of its standardised
 * values, not limited, over what is measured; NaN where the modality is absent. About 1 for training data. Mask columns
 * don't count.
 */
export function distances(inputs: readonly InputSpec[], frame: ModelFrame): number[] {
  return inputs.map((input, m) => {
    const unlimited = {
      ...input,
      standardisation: { ...input.standardisation, clip_sd: null },
      with_mask: false,
    };
    const { inputs: encoded, presence } = encodeFrames([unlimited as InputSpec], [[frame[m]]]);
    if (presence[0] !== 1) return Number.NaN;
    const values = encoded.get(input.name)!;
    const measured = measuredValues(input, frame[m].mask);
    let squares = 0;
    for (const value of values) squares += value * value;
    return Math.sqrt(squares / measured);
  });
}

function measuredValues(input: InputSpec, mask: Uint8Array): number {
  const count = mask.reduce((sum, m) => sum + m, 0);
  return Math.max(1, count * valuesPerChannel(input));
}

/** Largest familiar {@link distances} by modality. */
export type FamiliarLimits = Readonly<Record<string, number>>;

/** Modalities of a window that lie further out than anything the limits were made from. */
export function unfamiliar(
  inputs: readonly InputSpec[],
  limits: FamiliarLimits,
  frame: ModelFrame,
): readonly string[] {
  const found = distances(inputs, frame);
  return inputs.flatMap(({ name }, m) => (name in limits && found[m] > limits[name] ? [name] : []));
}

/**
 * Limits from windows of people whom training did not see: the distance that all but one in a thousand keep, and half as
 * much again, so that a new person is not turned away for being another person.
 */
export function familiarLimits(inputs: readonly InputSpec[], frames: Iterable<ModelFrame>): FamiliarLimits {
  const found = Array.from(frames, (frame) => distances(inputs, frame));
  return Object.fromEntries(
    inputs.flatMap(({ name }, m) => {
      const own = Float64Array.from(found.map((row) => row[m]).filter(Number.isFinite)).sort();
      if (own.length === 0) return [];
      return [[name, 1.5 * own[Math.min(own.length - 1, Math.ceil(0.999 * own.length))]]];
    }),
  );
}
