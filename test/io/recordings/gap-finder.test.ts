import { describe, expect, it } from 'vitest';
import { GapFinder } from '../../../src/io/recordings/gap-finder.js';

const gapsIn = (sfreq: number, times: readonly number[]): number[] => {
  const finder = new GapFinder(sfreq);
  return times.flatMap((time, i) => (finder.isGap(time) ? [i] : []));
};
const times = (n: number, at: (i: number) => number) => Array.from({ length: n }, (_, i) => at(i));

describe('GapFinder', () => {
  it('finds a lost sample, and none where stamps are rounded to milliseconds or stand twice', () => {
    expect(
      gapsIn(
        60,
        times(600, (i) => (i + (i >= 300 ? 1 : 0)) / 60),
      ),
    ).toEqual([300]);
    expect(
      gapsIn(
        60,
        times(600, (i) => Math.round((1000 * i) / 60) / 1000),
      ),
    ).toEqual([]);
    expect(
      gapsIn(
        256,
        times(2560, (i) => Math.floor((1000 * i) / 256) / 1000),
      ),
    ).toEqual([]);
    expect(
      gapsIn(
        2000,
        times(20_000, (i) => Math.floor(i / 2) / 1000),
      ),
    ).toEqual([]);
  });

  it('finds none, once it knows how late they come, where samples of 64 Hz came up to 200 ms late through a phone', () => {
    let seed = 1;
    const late = () => {
      seed = (seed * 16807) % 2147483647;
      return (seed / 2147483647) * 0.2;
    };
    const jittered = times(64 * 120, (i) => i / 64 + late()).sort((a, b) => a - b);
    expect(gapsIn(64, jittered).filter((i) => jittered[i] > 3)).toEqual([]);
  });

  it('takes a clock that runs back by more than a second for another one, of irregular streams too', () => {
    for (const sfreq of [0, 50])
      expect(
        gapsIn(
          sfreq,
          times(200, (i) => i / 50 - (i >= 100 ? 5 : 0)),
        ),
      ).toEqual([100]);
  });
});
