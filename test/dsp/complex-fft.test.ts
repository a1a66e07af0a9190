import FFT from 'fft.js';
import { describe, expect, it } from 'vitest';
import { ComplexFft } from '../../src/dsp/complex-fft.js';
import { noise } from '../transforms/signals.js';

describe('ComplexFft', () => {
  for (const size of [2, 4, 8, 16, 32, 64, 128, 512, 1024, 4096])
    it(`equals fft.js at ${size}`, () => {
      const input = Float64Array.from(noise(2 * size, size));
      const expected = new Float64Array(2 * size);
      new FFT(size).transform(expected, input);
      const before = input.slice();
      const actual = new ComplexFft(size).transform(input);
      expect(input).toEqual(before);
      for (const [i, v] of expected.entries()) expect(Math.abs(actual[i] - v)).toBeLessThan(1e-12 * size);
    });

  it('equals the definition at 16', () => {
    const input = Float64Array.from(noise(32, 3));
    const actual = new ComplexFft(16).transform(input);
    for (let k = 0; k < 16; k++) {
      let [re, im] = [0, 0];
      for (let n = 0; n < 16; n++) {
        const angle = (-2 * Math.PI * n * k) / 16;
        re += input[2 * n] * Math.cos(angle) - input[2 * n + 1] * Math.sin(angle);
        im += input[2 * n] * Math.sin(angle) + input[2 * n + 1] * Math.cos(angle);
      }
      expect(actual[2 * k]).toBeCloseTo(re, 12);
      expect(actual[2 * k + 1]).toBeCloseTo(im, 12);
    }
  });
});
