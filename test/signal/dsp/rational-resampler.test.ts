import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  designResampler,
  type Ratio,
  RationalResampler,
  rationalRatio,
} from '../../../src/signal/dsp/rational-resampler.js';
import { ResamplerVectors } from '../../../src/signal/dsp/resampler-vectors.js';
import { noise } from '../transforms/signals.js';

describe('rationalRatio', () => {
  it('is in lowest terms', () => {
    expect(rationalRatio(500, 128)).toEqual({ up: 32, down: 125 });
    expect(rationalRatio(256, 256)).toEqual({ up: 1, down: 1 });
    expect(rationalRatio(51.2, 25.6)).toEqual({ up: 1, down: 2 });
    expect(rationalRatio(1, 64)).toEqual({ up: 64, down: 1 });
    expect(rationalRatio(250.1, 128)).toEqual({ up: 1280, down: 2501 });
  });

  it('has terms up to 4096, and is near, at every rate that is measured, to every rate that shipped pipelines ask for', () => {
    const low = Array.from({ length: 1990 }, (_, i) => Number(((i + 10) / 100).toPrecision(3)));
    const high = Array.from({ length: 19_801 }, (_, i) => (i + 200) / 10);
    for (const to of [64, 128, 200])
      for (const from of [...low, ...high]) {
        const { up, down } = rationalRatio(from, to)!;
        if (!(Math.max(up, down) <= 4096 && Math.abs((from * up) / down / to - 1) < 2.5e-4))
          expect.fail(`${from} to ${to} Hz by ${up} / ${down}`);
      }
  });

  it('is null beyond a factor of 4096', () => {
    expect(rationalRatio(1, 4097)).toBeNull();
    expect(rationalRatio(1e300, 128)).toBeNull();
    expect(rationalRatio(1 / 32, 128)).toEqual({ up: 4096, down: 1 });
    expect(rationalRatio(128, 1 / 33)).toBeNull();
  });
});

describe('designResampler', () => {
  it('passes a steady level through every phase unchanged', () => {
    const ratio = { up: 4, down: 5 };
    const taps = designResampler(ratio);
    expect(taps).toHaveLength(2 * 10 * 5 + 1);
    for (let phase = 0; phase < ratio.up; phase++)
      expect(taps.filter((_, i) => i % ratio.up === phase).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });
});

describe('RationalResampler', () => {
  it('gives the same bits by vectors and without, whatever the chunks, channels and missing samples', () => {
    const vectors = ResamplerVectors.create();
    expect(vectors).not.toBeNull();
    expect(ResamplerVectors.create(null)).toBeNull();
    const ratios: Ratio[] = [
      { up: 32, down: 125 },
      { up: 1, down: 4 },
      { up: 3, down: 2 },
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...ratios),
        fc.integer({ min: 1, max: 19 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 }),
        fc.array(fc.tuple(fc.nat(18), fc.nat(300)), { maxLength: 3 }),
        fc.nat(1000),
        (ratio, channels, lengths, holes, seed) => {
          const taps = designResampler(ratio);
          const [one, other] = [vectors, null].map((v) => new RationalResampler(ratio, taps, channels, v));
          let due = 0;
          for (const [i, n] of lengths.entries()) {
            const input = Float64Array.from(noise(channels * n, seed + i), (x) => 2e5 + x);
            for (const [c, at] of holes) if (c < channels && at < n) input[c * n + at] = Number.NaN;
            const length = Math.max(0, Math.ceil((n * ratio.up - due) / ratio.down));
            const [a, b] = [one, other].map((resampler) => {
              const output = new Float64Array(channels * length).fill(-1);
              resampler.process(input, due, output);
              return output;
            });
            due += length * ratio.down - n * ratio.up;
            expect(a).toEqual(b);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
