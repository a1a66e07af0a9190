import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SampleBuffer } from '../../../src/signal/dsp/sample-buffer.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';

const info = streamInfo({ type: 'EEG', sfreq: 10, labels: ['a', 'b'], unit: 'uV' });

describe('SampleBuffer', () => {
  it('is a queue with contiguous views, counts and gaps, whatever is appended and forgotten', () => {
    const step = fc.record({
      append: fc.integer({ min: 0, max: 40 }),
      gap: fc.boolean(),
      nan: fc.integer({ min: 2, max: 9 }),
      discard: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 16 }), (steps, capacity) => {
        const buffer = new SampleBuffer(info, capacity);
        const model: { t: number; a: number; b: number; gap: boolean }[] = [];
        let t = 0;
        for (const { append, gap, nan, discard } of steps) {
          const samples = Array.from({ length: append }, (_, i) => {
            t++;
            return { t, a: t % nan === 0 ? Number.NaN : t, b: -t, gap: gap && i === 0 };
          });
          buffer.append(
            chunkOf(
              info,
              [samples.map((s) => s.a), samples.map((s) => s.b)],
              samples.map((s) => s.t),
              gap,
            ),
          );
          model.push(...samples);
          buffer.discard(discard);
          model.splice(0, discard);

          expect(buffer.length).toBe(model.length);
          expect([...buffer.times()]).toEqual(model.map((s) => s.t));
          expect([...buffer.channel(0, 0, buffer.length)]).toEqual(model.map((s) => s.a));
          expect([...buffer.channel(1, 0, buffer.length)]).toEqual(model.map((s) => s.b));
          for (const [from, to] of [
            [0, model.length],
            [model.length >> 2, model.length >> 1],
          ]) {
            const part = model.slice(from, to);
            expect(buffer.usable(0, from, to)).toBe(part.filter((s) => !Number.isNaN(s.a)).length);
            expect(buffer.hasGap(from, to)).toBe(part.slice(1).some((s) => s.gap));
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
