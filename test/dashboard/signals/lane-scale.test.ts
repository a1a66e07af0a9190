import { describe, expect, it } from 'vitest';
import { laneScales } from '../../../src/dashboard/signals/lane-scale.js';
import { SignalSeries } from '../../../src/dashboard/signals/signal-series.js';
import { bins, signalInfo } from '../signal-messages.js';

/** A channel's least and greatest, or nothing. */
type Range = readonly [number, number] | null;

function scalesOf(ranges: readonly Range[], unit: string | readonly string[] = 'uV') {
  const labels = ranges.map((_, c) => `c${c}`);
  const info = signalInfo({ type: 'EEG', sfreq: 500, labels, unit: 'uV' });
  const channels = info.channels.map((own, c) => ({
    ...own,
    unit: typeof unit === 'string' ? unit : unit[c],
  }));
  const series = new SignalSeries({ ...info, channels });
  series.take(
    bins({
      ...{ id: 'eeg', first: 0 },
      least: [ranges.map((range) => range?.[0] ?? null)],
      greatest: [ranges.map((range) => range?.[1] ?? null)],
    }),
  );
  return laneScales(series);
}

describe('the scale of lanes', () => {
  it('is one for all channels of a unit, each around its own middle, which holds all of them', () => {
    const ranges = [[-30, 40], [4100, 4150], [-5, 5]] as const; // biome-ignore format: rows
    const scales = scalesOf(ranges);
    expect(scales.map(({ half }) => half)).toEqual([50, 50, 50]);
    for (const [c, { middle, half }] of scales.entries()) {
      expect(middle - half).toBeLessThanOrEqual(ranges[c][0]);
      expect(middle + half).toBeGreaterThanOrEqual(ranges[c][1]);
    }
  });

  it('is not that of one channel that goes far beyond the others', () => {
    expect(scalesOf([[-10, 10], [-12, 9], [-9, 9], [-4000, 4000]]).map(({ half }) => half)).toEqual([20, 20, 20, 20]); // biome-ignore format: rows
  });

  it('is another one for another unit', () => {
    expect(scalesOf([[-1, 1], [-200, 200]], ['g', 'deg/s']).map(({ half }) => half)).toEqual([2, 500]); // biome-ignore format: rows
  });

  it('exists for what is constant or not there', () => {
    expect(scalesOf([[7, 7], null])).toEqual([{ middle: 7, half: 1 }, { middle: 0, half: 1 }]); // biome-ignore format: rows
  });
});
