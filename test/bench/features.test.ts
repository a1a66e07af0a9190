import { describe, expect, it } from 'vitest';
import { benchFeatures } from '../../src/bench/features.js';

describe('benchFeatures', () => {
  it('does the work that it reports', async () => {
    const result = await benchFeatures({ seconds: 0.05, rounds: 1, python: null });
    expect(result).toMatchObject({ bench: 'features', peer_us_per_hop: null, channels: 62, sfreq_hz: 200 });
    expect(result.hops_per_s).toBeGreaterThan(0);
    expect(result.us_per_hop).toBeCloseTo(1e6 / result.hops_per_s, 6);
    // White noise of 20 uV: the mean over five bands of 0.5 ln(2 pi e * 400 * width / 100).
    const widths = [3, 4, 6, 17, 19];
    const expected = widths.reduce((sum, w) => sum + 0.5 * Math.log(2 * Math.PI * Math.E * 4 * w), 0) / 5;
    expect(Math.abs(result.mean_de - expected)).toBeLessThan(0.3);
  });

  it('goes without a peer where Python is missing', async () => {
    const result = await benchFeatures({ seconds: 0.02, rounds: 1, python: '/nowhere/python' });
    expect(result.peer_us_per_hop).toBeNull();
  });
});
