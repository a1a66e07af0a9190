import FFT from 'fft.js';
import { describe, expect, it } from 'vitest';
import type { FftPair } from '../../../src/signal/dsp/fft-pair.js';
import { PortableFftPair } from '../../../src/signal/dsp/portable-fft-pair.js';
import { RealFftPair } from '../../../src/signal/dsp/real-fft-pair.js';
import { noise } from '../transforms/signals.js';

/** |X_k|^2, k = 0 ... size / 2, by fft.js. */
function expectedPower(x: readonly number[]): number[] {
  const fft = new FFT(x.length);
  const out: number[] = fft.createComplexArray();
  fft.realTransform(out, [...x]);
  return Array.from(
    { length: x.length / 2 + 1 },
    (_, k) => out[2 * k] * out[2 * k] + out[2 * k + 1] * out[2 * k + 1],
  );
}

function load(fft: FftPair, first: readonly number[], second: readonly number[]): void {
  fft.transform(new Float64Array(fft.size).fill(1), Float64Array.from(first), Float64Array.from(second));
}

describe.each([
  ['RealFftPair', (size: number): FftPair => RealFftPair.create(size)!],
  ['PortableFftPair', (size: number): FftPair => new PortableFftPair(size)],
])('%s', (_, create) => {
  for (const size of [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192])
    it(`equals fft.js in every bin at ${size}`, () => {
      const fft = create(size);
      const signals = [noise(size, size), noise(size, size + 1)];
      load(fft, signals[0], signals[1]);
      const expected = signals.map(expectedPower);
      for (let k = 0; k <= size / 2; k++) {
        const sums = fft.power(k, k + 1);
        for (let lane = 0; lane < 2; lane++)
          expect(Math.abs(sums[lane] - expected[lane][k])).toBeLessThan(
            1e-12 * size * (1 + expected[lane][k]),
          );
      }
    });

  it.each([4, 8, 16, 64, 128, 1024])('windows and pads with zeros, at %i', (size) => {
    const fft = create(size);
    for (const length of new Set([
      1,
      2,
      3,
      size / 2 - 1,
      size / 2,
      size / 2 + 1,
      Math.floor(0.78 * size),
      size,
    ])) {
      const window = Float64Array.from(noise(length, 5));
      const signals = [6, 7].map((seed) => Float64Array.from(noise(length, seed)));
      // What an earlier, longer signal left behind must not show.
      load(fft, new Array(size).fill(Number.NaN), new Array(size).fill(Number.NaN));
      fft.transform(window, signals[0], signals[1]);
      for (const [lane, x] of signals.entries()) {
        const padded = Array.from({ length: size }, (_, n) => (n < length ? x[n] * window[n] : 0));
        const expected = expectedPower(padded);
        for (let k = 0; k <= size / 2; k++)
          expect(Math.abs(fft.power(k, k + 1)[lane] - expected[k])).toBeLessThan(
            1e-12 * (size + expected[k]),
          );
      }
    }
  });

  it('sums bins, ends included', () => {
    const fft = create(64);
    const x = noise(64, 1);
    load(fft, x, x);
    const expected = expectedPower(x);
    for (const [from, to] of [
      [0, 33],
      [0, 1],
      [32, 33],
      [5, 9],
      [0, 5],
      [7, 7],
      [33, 33],
      [30, 33],
    ]) {
      const sum = expected.slice(from, to).reduce((a, b) => a + b, 0);
      expect(fft.power(from, to)[1]).toBeCloseTo(sum, 9);
    }
  });

  it('keeps the lanes apart to the last bit', () => {
    const fft = create(128);
    const x = noise(128, 2);
    const beside = (other: number[]) => {
      load(fft, x, other);
      return [fft.power(0, 65)[0], fft.power(3, 9)[0]];
    };
    const reference = beside(x.map(() => 0));
    for (const garbage of [1e300, Number.NaN, Number.NEGATIVE_INFINITY, 1e-300])
      expect(beside(x.map(() => garbage))).toEqual(reference);
    load(
      fft,
      x.map(() => Number.NaN),
      x,
    );
    expect([fft.power(0, 65)[1], fft.power(3, 9)[1]]).toEqual(reference);
    expect(fft.power(3, 9)[0]).toBeNaN();
  });
});
