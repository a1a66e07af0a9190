import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { heartRateVariability } from '../../../../src/signal/features/heart/heart-rate-variability.js';
import { chunkOf } from '../../../../src/testing/stream-fixtures.js';
import { named, streamWith, units, vectorsOf } from '../extractor-runs.js';

const FEATURE = 'heart-rate-variability';
const SECONDS = 200;

/** Beats of a heart that breathes, drifts and wavers. */
function beats(): number[] {
  const random = new Random('hrv', 'beats');
  const times = [0.5];
  while (times.at(-1)! < SECONDS) {
    const t = times.at(-1)!;
    const breath = 0.05 * Math.sin(2 * Math.PI * 0.25 * t) + 0.04 * Math.sin(t / 15);
    times.push(t + 0.85 * (1 + breath + 0.01 * random.gaussian()));
  }
  return times;
}

const truth = beats();

/** SDNN and RMSSD, ms, by their definitions. */
function expected(end: number, span_s: number): { sdnn: number; rmssd: number } {
  const intervals = truth.slice(1).map((b, i) => ({ b, ms: 1000 * (b - truth[i]) }));
  const ms = intervals.filter(({ b }) => b > end - span_s && b <= end).map((i) => i.ms);
  const mean = ms.reduce((a, b) => a + b) / ms.length;
  const squares = ms.reduce((sum, v) => sum + (v - mean) * (v - mean), 0);
  const steps = ms.slice(1).map((v, i) => v - ms[i]);
  return {
    sdnn: Math.sqrt(squares / (ms.length - 1)),
    rmssd: Math.sqrt(steps.reduce((sum, v) => sum + v * v, 0) / steps.length),
  };
}

const at = (
  info: Parameters<typeof vectorsOf>[1],
  row: number[],
  stamps: number | number[],
  times: number[],
  span_s = 120,
) =>
  vectorsOf(FEATURE, info, [chunkOf(info, [row], stamps)], times, { features: [{ name: FEATURE, span_s }] });

describe(FEATURE, () => {
  it("is what the definitions give of a device's intervals", () => {
    const ibi = streamWith('IBI', 0, [['ibi', 's']]);
    const lengths = truth.slice(1).map((b, i) => b - truth[i]);
    for (const span_s of [60, 120]) {
      const [early, late] = at(ibi, lengths, truth.slice(1), [45, 190], span_s);
      expect(units(late)).toEqual({ 'heart.sdnn': 'ms', 'heart.rmssd_long': 'ms' });
      expect(Object.values(named(early))).toEqual([null, null]);
      const { sdnn, rmssd } = expected(190, span_s);
      expect(named(late)['heart.sdnn']!).toBeCloseTo(sdnn, 6);
      expect(named(late)['heart.rmssd_long']!).toBeCloseTo(rmssd, 6);
    }
  });

  it('is found in an ECG to 3 ms', () => {
    const sfreq = 256;
    const row = Array.from({ length: SECONDS * sfreq }, () => 0);
    const random = new Random('hrv', 'noise');
    for (const b of truth)
      for (let k = -10; k <= 10; k++) {
        const i = Math.round(b * sfreq) + k;
        const t = i / sfreq - b;
        if (i >= 0 && i < row.length) row[i] += Math.exp((-t * t) / (2 * 0.011 * 0.011));
      }
    const ecg = streamWith('ECG', sfreq, [['II', 'mV']]);
    const [vector] = at(
      ecg,
      row.map((x) => x + 0.01 * random.gaussian()),
      0,
      [190],
    );
    const { sdnn, rmssd } = expected(189.6, 120);
    expect(Math.abs(named(vector)['heart.sdnn']! - sdnn)).toBeLessThan(3);
    expect(Math.abs(named(vector)['heart.rmssd_long']! - rmssd)).toBeLessThan(3);
  });

  it('refuses a rate that shows no beats', () => {
    const problems = heartRateVariability.physics!(
      { span_s: 120 },
      { stream_type: 'ECG', sfreq_hz: 10, window_s: 4 },
    );
    expect(problems).toHaveLength(1);
  });
});
