import type { ModelFrame } from '../../core/model.js';

/**
 * Frames of one model as three arrays, which cross a thread's border in one piece: hundreds of small arrays would
 * cost more to copy than the model costs to run, and leave the heap in crumbs.
 */
export interface PackedFrames {
  /** Frame by frame, modality by modality. */
  readonly values: Float32Array<ArrayBuffer>;
  readonly masks: Uint8Array<ArrayBuffer>;
  /** [frames * modalities] 1 = present. */
  readonly present: Uint8Array<ArrayBuffer>;
  /** Lengths of each modality's values and mask, the same in every frame. */
  readonly sizes: readonly (readonly [values: number, mask: number])[];
}

/** `frames` must not be empty, and all of one model. */
export function packFrames(frames: readonly ModelFrame[]): PackedFrames {
  const sizes = frames[0].map(({ values, mask }) => [values.length, mask.length] as const);
  const total = (part: 0 | 1): number => frames.length * sizes.reduce((sum, size) => sum + size[part], 0);
  const packed = {
    values: new Float32Array(total(0)),
    masks: new Uint8Array(total(1)),
    present: new Uint8Array(frames.length * sizes.length),
    sizes,
  };
  let value = 0;
  let mask = 0;
  let modality = 0;
  for (const frame of frames) {
    for (const part of frame) {
      packed.values.set(part.values, value);
      packed.masks.set(part.mask, mask);
      packed.present[modality++] = part.present ? 1 : 0;
      value += part.values.length;
      mask += part.mask.length;
    }
  }
  return packed;
}

/** The frames, as views of the packed arrays. */
export function unpackFrames({ values, masks, present, sizes }: PackedFrames): ModelFrame[] {
  let value = 0;
  let mask = 0;
  return Array.from({ length: present.length / sizes.length }, (_, frame) =>
    sizes.map(([valueCount, maskCount], modality) => {
      const part = {
        values: values.subarray(value, value + valueCount),
        mask: masks.subarray(mask, mask + maskCount),
        present: present[frame * sizes.length + modality] === 1,
      };
      value += valueCount;
      mask += maskCount;
      return part;
    }),
  );
}
