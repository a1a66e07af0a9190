import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ModalityInput, ModelFrame } from '../../../src/core/model.js';
import { FrameLayout } from '../../../src/learn/examples/frame-layout.js';

const features = (count: number): ModalityInput => ({
  kind: 'features',
  features: Array.from({ length: count }, (_, f) => ({ channel: 'c', feature: `f${f}`, unit: '' })),
  upstream: '',
});
const window = (channels: number, length: number): ModalityInput => ({
  kind: 'window',
  channels: Array.from({ length: channels }, (_, c) => `c${c}`),
  sfreq_hz: 128,
  length,
  upstream: '',
});

it('gives back every bit of a frame, wherever it stands', () => {
  const sizes = fc.array(
    fc.record({ groups: fc.integer({ min: 1, max: 5 }), length: fc.integer({ min: 1, max: 4 }) }),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(sizes, fc.array(fc.double(), { minLength: 80 }), fc.nat(3), (shapes, numbers, row) => {
      const layout = new FrameLayout(
        shapes.map(({ groups, length }) => (length === 1 ? features(groups) : window(groups, length))),
      );
      let next = 0;
      const frame: ModelFrame = shapes.map(({ groups, length }, m) => ({
        values: Float32Array.from({ length: groups * length }, () => numbers[next++ % numbers.length]),
        mask: Uint8Array.from({ length: groups }, () => next++ % 2),
        present: (numbers.length + m) % 2 === 0,
      }));
      expect(layout.size % 4).toBe(0);
      const bytes = new Uint8Array(5 * layout.size).fill(170);
      layout.write(frame, bytes.subarray(row * layout.size, (row + 1) * layout.size));
      expect(layout.read(bytes.subarray(row * layout.size))).toEqual(frame);
      expect(bytes.subarray((row + 1) * layout.size).every((byte) => byte === 170)).toBe(true);
    }),
  );
});

it('takes no frame of another shape', () => {
  const layout = new FrameLayout([features(2)]);
  const frame = (values: number, masks: number): ModelFrame => [
    { values: new Float32Array(values), mask: new Uint8Array(masks), present: true },
  ];
  for (const wrong of [frame(1, 2), frame(3, 2), frame(2, 1)])
    expect(() => layout.write(wrong, new Uint8Array(layout.size))).toThrow(RangeError);
});
