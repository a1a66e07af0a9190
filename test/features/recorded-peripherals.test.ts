import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import beats from '../../fixtures/features/recorded-beats.json' with { type: 'json' };
import reference from '../../fixtures/features/recorded-peripheral.json' with { type: 'json' };
import type { StreamType } from '../../src/core/signal.js';
import { ScrDetector } from '../../src/dsp/scr-detector.js';
import { beatDetector } from '../../src/features/heart/beat-series.js';
import { chunkOf } from '../../src/testing/stream-fixtures.js';
import { beatF1 } from '../dsp/beat-matching.js';
import { named, streamWith, vectorsOf } from './extractor-runs.js';

const recordings = join(import.meta.dirname, '../../../shared/recordings');
const folder = join(recordings, 'neurokit');
const { sfreq } = reference;

function column(file: string, label: string): number[] {
  const [header, ...lines] = readFileSync(join(folder, file), 'utf8').trim().split('\n');
  const c = header.trim().split(',').indexOf(label);
  return lines.map((line) => Number(line.split(',')[c]));
}

describe.skipIf(!existsSync(folder))('real recordings (absent here)', () => {
  it('holds the responses that a look at the whole record finds', () => {
    const detector = new ScrDetector(0.03, sfreq);
    const found = column('bio_eventrelated_100hz.csv', 'EDA').flatMap((x, i) => {
      const response = detector.push(x, i / sfreq);
      return response ? [response] : [];
    });
    const near = (a: number, b: number) => Math.abs(a - b) < 0.5;
    const hits = reference.scr.filter(({ peak }) => found.some((r) => near(r.peak, peak))).length;
    const f1 = (2 * hits) / (reference.scr.length + found.length);
    expect(f1).toBeGreaterThan(0.9);
    for (const { peak, prominence } of reference.scr)
      if (prominence > 0.5) expect(found.some((r) => near(r.peak, peak))).toBe(true);
  });

  // The causal filter of order 2 at 0.05 Hz lags by about sqrt(2) / (2 pi f) = 4.5 s. Two-sided filters don't: between
  // the two lies what the level moves in that time, here up to some tenths of a microsiemens during responses.
  it('follows the tonic level that a filter in both directions gives, less its lag', () => {
    const info = streamWith('EDA', sfreq, [['eda', 'uS']]);
    const row = column('bio_eventrelated_100hz.csv', 'EDA');
    const times = reference.tonic.map(({ time }) => time + 4.5);
    const levels = vectorsOf('skin-conductance-response', info, [chunkOf(info, [row], 0)], times).map(
      (v) => named(v)['skin.eda_tonic']!,
    );
    const range = Math.max(...row) - Math.min(...row);
    const errors = levels.map((x, i) => Math.abs(x - reference.tonic[i].level)).sort((a, b) => a - b);
    expect(errors[errors.length >> 1]).toBeLessThan(0.05 * range);
    expect(errors.at(-1)).toBeLessThan(0.15 * range);
  });

  it('counts as many responses as that look, within one in ten', () => {
    const detector = new ScrDetector(0.03, sfreq);
    const found = column('bio_eventrelated_100hz.csv', 'EDA').filter((x, i) => detector.push(x, i / sfreq));
    expect(Math.abs(found.length / reference.scr.length - 1)).toBeLessThan(0.1);
  });

  it('breathes at the rate that filters in both directions give, within 5 % in the median', () => {
    const info = streamWith('RESP', sfreq, [['chest', '']]);
    const times = reference.breathing.map(({ time }) => time);
    const chunks = [chunkOf(info, [column('bio_resting_5min_100hz.csv', 'RSP')], 0)];
    const errors = vectorsOf('respiration', info, chunks, times)
      .map((v, i) => Math.abs(named(v)['breath.resp_rate']! / reference.breathing[i].rate - 1))
      .sort((a, b) => a - b);
    expect(errors[Math.floor(errors.length / 2)]).toBeLessThan(0.05);
    expect(errors.at(-1)).toBeLessThan(0.2);
  });

  // The resting record has stretches of motion in which the published detectors don't agree with each other either: F1 .978 to .992.
  it.each([
    ['biosppy/ecg.txt', 0.99],
    ['neurokit/bio_eventrelated_100hz.csv', 0.99],
    ['neurokit/bio_resting_5min_100hz.csv', 0.98],
    ['biosppy/ppg.txt', 0.99],
    ['neurokit/bio_resting_5min_100hz.csv PPG', 0.99],
  ] as const)('finds the beats that published detectors find in %s', (name, least) => {
    const { signal, sfreq, beats_s } = beats.records[name];
    const file = name.split(' ')[0];
    const samples = file.endsWith('.txt')
      ? readFileSync(join(recordings, file), 'utf8')
          .trim()
          .split('\n')
          .filter((line) => !line.startsWith('#'))
          .map(Number)
      : column(file.split('/')[1], signal);
    const found: number[] = [];
    const detector = beatDetector(signal as StreamType, sfreq, (time) => found.push(time))!;
    for (const [i, x] of samples.entries()) detector.push(x, i / sfreq);
    detector.finish();
    for (const [method, truth] of Object.entries(beats_s))
      expect(beatF1(truth, found), method).toBeGreaterThanOrEqual(least);
  });
});
