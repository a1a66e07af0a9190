import type { ModalityFrame, ModelFrame } from '../core/model.js';
import { type InputSpec, inputShape } from './networks/definition.js';
import { sizeOf } from './networks/parameters.js';

/** Model inputs of `size` windows, standardised and masked: what every engine takes. */
export interface ModelBatch {
  readonly size: number;
  /** By modality, [size, ...inputShape]. */
  readonly inputs: ReadonlyMap<string, Float32Array>;
  /** [size, M], 1 = present. */
  readonly presence: Float32Array;
}

/**
 * Standardises one modality of one window into `out` [inputShape] and says whether anything of it is present.
 * Only values under a mask of 1 are read, so whatever stands under a mask cannot reach the model; a value that is
 * not finite counts as masked, and masks its whole channel in a raw window, and all of an image.
 */
function encodeModality(input: InputSpec, frame: ModalityFrame, out: Float32Array): boolean {
  if (!frame.present) return false;
  const { mean, sd, clip_sd } = input.standardisation;
  const limit = clip_sd ?? Number.POSITIVE_INFINITY;
  const standardised = (value: number, i: number): number =>
    Math.max(-limit, Math.min(limit, (value - mean[i]) / sd[i]));
  let any = false;
  if (input.kind === 'features') {
    const count = input.features.length;
    for (let f = 0; f < count; f++) {
      if (frame.mask[f] !== 1 || !Number.isFinite(frame.values[f])) continue;
      out[f] = standardised(frame.values[f], f);
      if (input.with_mask) out[count + f] = 1;
      any = true;
    }
    return any;
  }
  if (input.kind === 'image') {
    // Channels lie side by side, pixel by pixel, and are decoded together: they're there, or none is.
    const channels = input.channels.length;
    if (frame.values.length !== out.length) throw new TypeError(`${input.name}: its image was not loaded`);
    if (!frame.mask.every((measured) => measured === 1) || !frame.values.every(Number.isFinite)) return false;
    for (let i = 0; i < out.length; i++) out[i] = standardised(frame.values[i], i % channels);
    return true;
  }
  for (let c = 0; c < input.channels.length; c++) {
    if (frame.mask[c] !== 1) continue;
    const samples = frame.values.subarray(c * input.length, (c + 1) * input.length);
    if (!samples.every(Number.isFinite)) continue;
    for (let i = 0; i < samples.length; i++) out[c * input.length + i] = standardised(samples[i], c);
    any = true;
  }
  return any;
}

/** Frames as a model takes them, in training and in serving alike. */
export function encodeFrames(inputs: readonly InputSpec[], frames: readonly ModelFrame[]): ModelBatch {
  const presence = new Float32Array(frames.length * inputs.length);
  const values = new Map<string, Float32Array>();
  inputs.forEach((input, m) => {
    const size = sizeOf(inputShape(input));
    const all = new Float32Array(frames.length * size);
    frames.forEach((frame, b) => {
      const present = encodeModality(input, frame[m], all.subarray(b * size, (b + 1) * size));
      presence[b * inputs.length + m] = present ? 1 : 0;
    });
    values.set(input.name, all);
  });
  return { size: frames.length, inputs: values, presence };
}
