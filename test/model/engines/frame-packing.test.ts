import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packFrames, unpackFrames } from '../../../src/model/engines/frame-packing.js';

it('gives back what was packed, whatever the sizes of the modalities', () => {
  const sizes = fc.array(fc.tuple(fc.nat(5), fc.nat(3)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 4 }), fc.integer(), (shape, count, seed) => {
      const frames = Array.from({ length: count }, (_, f) =>
        shape.map(([values, mask], m) => ({
          values: Float32Array.from({ length: values }, (_, i) => seed + f * 100 + m * 10 + i),
          mask: Uint8Array.from({ length: mask }, (_, i) => (f + m + i) % 2),
          present: (f + m) % 2 === 0,
        })),
      );
      expect(unpackFrames(packFrames(frames))).toEqual(frames);
    }),
  );
});
