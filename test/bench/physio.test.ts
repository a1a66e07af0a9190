import { describe, expect, it } from 'vitest';
import { benchPhysio } from '../../src/bench/physio.js';

describe('benchPhysio', () => {
  it('does the work that it reports', async () => {
    const result = await benchPhysio({ seconds: 0.05, rounds: 1, python: null });
    expect(result).toMatchObject({ bench: 'physio', peer_us_per_hop: null, ratio: null, ecg_hz: 250 });
    expect(result.us_per_hop).toBeCloseTo(1e6 / result.hops_per_s, 6);
    expect(Math.abs(result.heart_rate_per_min - 72)).toBeLessThan(5);
  });

  it('goes without a peer where Python is missing', async () => {
    const result = await benchPhysio({ seconds: 0.02, rounds: 1, python: '/nowhere/python' });
    expect(result.peer_us_per_hop).toBeNull();
  });
});
