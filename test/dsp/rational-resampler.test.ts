import { describe, expect, it } from 'vitest';
import { designResampler, rationalRatio } from '../../src/dsp/rational-resampler.js';

describe('rationalRatio', () => {
  it('is in lowest terms', () => {
    expect(rationalRatio(500, 128)).toEqual({ up: 32, down: 125 });
    expect(rationalRatio(256, 256)).toEqual({ up: 1, down: 1 });
    expect(rationalRatio(51.2, 25.6)).toEqual({ up: 1, down: 2 });
    expect(rationalRatio(1, 64)).toEqual({ up: 64, down: 1 });
    expect(rationalRatio(100, 100.00001)).toBeNull();
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
