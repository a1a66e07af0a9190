import { describe, expect, it } from 'vitest';
import { chunkOf } from '../../../../src/testing/stream-fixtures.js';
import { noise } from '../../transforms/signals.js';
import { named, streamWith, units, vectorAt, vectorsOf } from '../extractor-runs.js';

const FEATURE = 'signal-quality';
const info = streamWith('EEG', 200, [
  ['Fp1', 'uV'],
  ['', 'uV'],
]);
const live = noise(800, 1).map((x) => 20 * x);
const hum = live.map((x, i) => x + 300 * Math.sin((2 * Math.PI * 50 * i) / 200));

describe(FEATURE, () => {
  it('measures every channel', () => {
    const vector = vectorAt(FEATURE, info, [live, hum], 4);
    const values = named(vector);
    expect(units(vector)['Fp1.quality_amplitude']).toBe('uV');
    expect(units(vector)['ch2.quality_line_50']).toBe('share');
    expect(values['Fp1.quality_line_50']!).toBeLessThan(0.1);
    expect(values['ch2.quality_line_50']!).toBeGreaterThan(0.99);
    expect(values['ch2.quality_amplitude']!).toBeCloseTo(300 / Math.SQRT2, -1);
    expect(values['Fp1.quality_flat']).toBe(0);
  });

  it('tells runs, but no spectrum, over a gap', () => {
    const chunks = [
      chunkOf(info, [live.slice(0, 400), hum.slice(0, 400)], 0),
      chunkOf(info, [live.slice(400), hum.slice(400)], 2.5, true),
    ];
    const [vector] = vectorsOf(FEATURE, info, chunks, [4.5]);
    expect([...vector.present]).toEqual([1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0]);
  });
});
