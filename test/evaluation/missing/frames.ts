import type { ModelFrame } from '../../../src/core/model.js';

/** Windows with `modalities` modalities, each saying which window and modality it is. */
export function framesOf(windows: number, modalities: number): ModelFrame[] {
  return Array.from({ length: windows }, (_, i) =>
    Array.from({ length: modalities }, (_, m) => ({
      values: Float32Array.of(i, m),
      mask: Uint8Array.of(1, 1),
      present: true,
    })),
  );
}
