import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/features/eog-blinks.json' with { type: 'json' };
import { EogBlinkDetector } from '../../../src/signal/detectors/eog-blink-detector.js';
import { designButterworth, SosFilter } from '../../../src/signal/dsp/sos-filter.js';
import { beatF1 } from '../dsp/beat-matching.js';

const { sfreq, least_uv, made, neurokit } = reference;

function detect(
  samples: readonly number[],
  rate = sfreq,
): { known: number[]; blinks: number[]; lag_s: number } {
  const detector = new EogBlinkDetector(least_uv, rate);
  const [known, blinks]: [number[], number[]] = [[], []];
  for (const [i, x] of samples.entries()) {
    const blink = detector.push(x, i / rate);
    if (blink === null) continue;
    known.push(i / rate);
    blinks.push(blink);
  }
  return { known, blinks, lag_s: detector.delay_s };
}

/** Times as scipy's causal filter dates them: not less its delay. */
function undelayed(samples: readonly number[]): number[] {
  const { blinks, lag_s } = detect(samples);
  return blinks.map((t) => Math.round((t + lag_s - 0.5) * sfreq) / sfreq);
}

describe('EogBlinkDetector', () => {
  it("gives the peaks of scipy's sosfilt and find_peaks, each at its sample", () => {
    expect(undelayed(made.samples_uv)).toEqual(made.causal_s);
  });

  it('finds every true blink within 30 ms, and none in glances and drift', () => {
    const { blinks, known, lag_s } = detect(made.samples_uv);
    expect(blinks).toHaveLength(made.blinks_s.length);
    for (const [i, t] of made.blinks_s.entries()) {
      expect(Math.abs(blinks[i] - t)).toBeLessThan(0.03);
      expect(known[i] - blinks[i]).toBeCloseTo(lag_s, 9);
    }
  });

  // What a high-pass at 0.25 Hz, causal, makes of glances: why the detector has none.
  it('would take glances for blinks behind a causal high-pass, and does not without', () => {
    const highPass = new SosFilter(designButterworth('highpass', 3, 0.25, sfreq), 1);
    const passed = Float64Array.from(made.samples_uv);
    highPass.process(0, passed, passed, 0, passed.length);
    const falsely = (samples: readonly number[]) =>
      detect(samples).blinks.filter((b) => made.blinks_s.every((t) => Math.abs(b - t) > 0.1));
    expect(falsely([...passed]).length).toBeGreaterThan(0);
    expect(falsely(made.samples_uv)).toEqual([]);
  });

  it('finds the same at half the rate', () => {
    const half = made.samples_uv.filter((_, i) => i % 2 === 0);
    expect(beatF1(made.blinks_s, detect(half, sfreq / 2).blinks)).toBe(1);
  });

  it('finds nothing in a constant, a step, a glance of 0.6 s, a spike, a slow wave, and what no eye gives', () => {
    const at = (f: (t: number) => number) =>
      detect(Array.from({ length: 6 * sfreq }, (_, i) => f(i / sfreq)));
    for (const f of [
      () => 187500,
      (t: number) => (t > 3 ? 600 : 0),
      (t: number) => (t > 3 && t < 3.6 ? 600 : 0),
      (t: number) => (t >= 3 && t < 3.004 ? 2000 : 0),
      (t: number) => 500 * Math.sin(2 * Math.PI * 0.5 * t),
      (t: number) => 1e5 * Math.exp(-100 * (t - 3) * (t - 3)),
    ])
      expect(at(f).blinks).toEqual([]);
    expect(at((t) => 200 * Math.exp(-100 * (t - 3) * (t - 3))).blinks).toHaveLength(1);
  });

  it('knows nothing of the time before it was restarted', () => {
    const detector = new EogBlinkDetector(least_uv, sfreq);
    for (const x of made.samples_uv.slice(0, 1000)) detector.push(40 * x, 0);
    detector.restart();
    const found = made.samples_uv.flatMap((x, i) => detector.push(x, i / sfreq) ?? []);
    expect(found).toEqual(detect(made.samples_uv).blinks);
  });

  const file = join(import.meta.dirname, '../../../../shared/recordings/neurokit/eog_200hz.csv');
  it.skipIf(!existsSync(file))(
    'is that of scipy on a real record too, and close to filters in both directions',
    () => {
      const lines = readFileSync(file, 'utf8').trim().split('\n').slice(1);
      const row = lines.map((line) => 1e6 * Number(line.split(',')[1]));
      const blinks = undelayed(row);
      expect(blinks).toEqual(neurokit.causal_s);
      // Five minutes of glances for the most part. A blink that rides on one stands out of either side by another height once the band's
      // lower edge has bent that side: 18 to 15 in 300 s, 0.6 a minute apart.
      expect(Math.abs(blinks.length - neurokit.both_ways_s.length) / 5).toBeLessThan(1);
    },
  );
});
