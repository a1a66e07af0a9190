import { describe, expect, it } from 'vitest';
import { COLUMNS, SignalSeries } from '../../../src/dashboard/signals/signal-series.js';
import { bins, samples, signalInfo } from '../signal-messages.js';

const eeg = signalInfo({ type: 'EEG', sfreq: 500, labels: ['Cz', 'Pz'], unit: 'uV' });
const shown = (series: SignalSeries, channel: number, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => series.at(channel, from + i));

describe('the last minute of a stream', () => {
  it('is what bins told, column by column, of each channel', () => {
    const series = new SignalSeries(eeg);
    series.take(bins({ id: 'eeg', first: 40, least: [[-1, 0], null, [-3, null]], greatest: [[1, 5], null, [3, null]] })); // biome-ignore format: rows
    expect(series.newest).toBe(42);
    expect(shown(series, 0, 39, 44)).toEqual([[NaN, NaN], [-1, 1], [NaN, NaN], [-3, 3], [NaN, NaN]]); // biome-ignore format: rows
    expect(shown(series, 1, 40, 43)).toEqual([[0, 5], [NaN, NaN], [NaN, NaN]]); // biome-ignore format: rows
    expect(series.range(1)).toEqual([0, 5]);
  });

  it('takes bins of a coarser grid, and samples of a slow stream, where they begin', () => {
    const series = new SignalSeries(signalInfo({ type: 'EDA', sfreq: 4, labels: ['EDA'], unit: 'uS' }));
    series.take(bins({ id: 'eda', per_s: 5, first: 10, least: [[2]], greatest: [[3]] }));
    // 0.15 s after zero is in the column that begins there, though no double is exactly that.
    series.take(
      samples({ id: 'eda', zero: 100, times: [102.25, 102.3, 100.15 + 2.2], data: [[4], [null], [6]] }),
    );
    expect(shown(series, 0, 40, 48).map(([least]) => least)).toEqual([2, NaN, NaN, NaN, NaN, 4, NaN, 6]);
    expect(series.joined).toBe(8);
  });

  it('forgets what is older than a minute, also where nothing came for long, and begins anew with a clock that was set back', () => {
    const series = new SignalSeries(eeg);
    const at = (first: number) =>
      series.take(bins({ id: 'eeg', first, least: [[first, 0]], greatest: [[first, 0]] }));
    for (const first of [0, 1, COLUMNS - 1]) at(first);
    expect(series.at(0, 0)[0]).toBe(0);
    at(COLUMNS);
    expect([series.at(0, 0)[0], series.at(0, 1)[0]]).toEqual([NaN, 1]);
    at(COLUMNS + 700);
    expect(shown(series, 0, COLUMNS + 1, COLUMNS + 700).every(([least]) => Number.isNaN(least))).toBe(true);
    expect(series.range(0)).toEqual([COLUMNS - 1, COLUMNS + 700]);
    // What is late by more than a minute is no column of it.
    at(5);
    expect(series.range(0)).toEqual([COLUMNS - 1, COLUMNS + 700]);
    at(-5 * COLUMNS);
    expect([series.newest, series.range(0)]).toEqual([-5 * COLUMNS, [-5 * COLUMNS, -5 * COLUMNS]]);
  });

  it('of markers is their last text', () => {
    const series = new SignalSeries(signalInfo({ type: 'Markers', sfreq: 0, labels: ['cue'], unit: '' }));
    series.take(samples({ id: 'cues', zero: 0, times: [1], data: [['film "A"']] }));
    expect([series.text, series.channels, series.newest]).toEqual(['film "A"', 0, null]);
  });
});
