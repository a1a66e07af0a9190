import { describe, expect, it } from 'vitest';
import { benchEye } from '../../src/bench/eye.js';

describe('benchEye', () => {
  it('does the work that it reports', async () => {
    const result = await benchEye({ seconds: 0.05, rounds: 1, python: null });
    expect(result).toMatchObject({ bench: 'eye', peer_us_per_hop: null, eyes: 2, sfreq_hz: 500 });
    expect(result.us_per_hop).toBeCloseTo(1e6 / result.hops_per_s, 6);
    // The simulated eye leaps every 0.3 to 0.7 s.
    expect(result.saccades_per_s).toBeGreaterThan(1.4);
    expect(result.saccades_per_s).toBeLessThan(3.3);
  });

  it('goes without a peer where Python is missing', async () => {
    const result = await benchEye({ seconds: 0.02, rounds: 1, python: '/nowhere/python' });
    expect(result.peer_us_per_hop).toBeNull();
  });
});
