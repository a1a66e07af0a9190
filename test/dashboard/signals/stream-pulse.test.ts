import { describe, expect, it } from 'vitest';
import { StreamPulse } from '../../../src/dashboard/signals/stream-pulse.js';

/** When it is called silent after its last message, s, looked at four times a second. */
function silentAfter(waits: readonly number[]): number {
  let now = 0;
  const pulse = new StreamPulse(now);
  pulse.beat(now);
  for (const wait of waits) {
    pulse.look(now + wait);
    now += wait;
    pulse.beat(now);
  }
  for (let after = 0.25; after < 20; after += 0.25) {
    pulse.look(now + after);
    if (pulse.state === 'silent') return after;
  }
  return Number.POSITIVE_INFINITY;
}

describe('the pulse of a stream', () => {
  it('stops within a second of what came continuously', () => {
    expect(silentAfter(Array(100).fill(0.05))).toBeLessThan(1);
    expect(silentAfter(Array(100).fill(0.2))).toBeLessThan(1);
  });

  it('does not stop between messages that are far apart', () => {
    const pulse = new StreamPulse(0);
    pulse.beat(0);
    const states: string[] = [];
    for (let now = 0.25; now < 30; now += 0.25) {
      pulse.look(now);
      states.push(pulse.state);
      if (now % 1 === 0) pulse.beat(now);
    }
    // The first wait isn't known to be usual.
    expect(states.slice(0, 4)).toContain('silent');
    expect(states.slice(8)).not.toContain('silent');
  });

  it('waits until something came, and 5 s at most', () => {
    const pulse = new StreamPulse(0);
    pulse.look(60);
    expect(pulse.state).toBe('waiting');
    expect(silentAfter([4, 4, 4])).toBeLessThanOrEqual(5.25);
  });
});
