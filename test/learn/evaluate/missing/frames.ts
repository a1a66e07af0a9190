import type { Example } from '../../../../src/learn/examples/example.js';
import { anExample } from '../../fit/an-example.js';

/** Windows with `modalities` modalities, each saying which window and modality it is. */
export function windowsOf(
  windows: number,
  modalities: number,
  present: (window: number, modality: number) => boolean = () => true,
): Example[] {
  return Array.from({ length: windows }, (_, i) =>
    anExample({
      frame: Array.from({ length: modalities }, (_, m) => ({
        values: Float32Array.of(i, m),
        mask: Uint8Array.of(1, 1),
        present: present(i, m),
      })),
    }),
  );
}
