import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';

describe('VirtualClock', () => {
  it('runs what falls due, in order of time, and no more', () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    clock.after(2, () => seen.push(`b@${clock.now()}`));
    clock.after(1, () => seen.push(`a@${clock.now()}`));
    clock.after(3.5, () => seen.push('late'));
    clock.advance(3);
    expect(seen).toEqual(['a@1', 'b@2']);
    expect(clock.now()).toBe(3);
  });

  it('repeats until cancelled, also when an action schedules another', () => {
    const clock = new VirtualClock(10, 1_700_000_000);
    const seen: number[] = [];
    const every = clock.every(1, () => {
      seen.push(clock.now());
      if (seen.length === 2) clock.after(0.5, () => every.cancel());
    });
    clock.advance(5);
    expect(seen).toEqual([11, 12]);
    expect(clock.unix()).toBe(1_700_000_015);
  });
});
