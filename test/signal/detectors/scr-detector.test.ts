import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { ScrDetector, type SkinConductanceResponse } from '../../../src/signal/detectors/scr-detector.js';

interface Truth {
  readonly onset: number;
  readonly amplitude: number;
}

/** Bateman's biexponential with a peak of 1, 1.13 s after its onset. */
function bateman(t: number): number {
  return t <= 0 ? 0 : (Math.exp(-t / 2) - Math.exp(-t / 0.7)) / 0.3606;
}

function record(
  sfreq: number,
  seconds: number,
  truth: readonly Truth[],
  noise_us: number,
  seed: string,
): number[] {
  const random = new Random(seed, 'scr');
  return Array.from({ length: sfreq * seconds }, (_, i) => {
    const t = i / sfreq;
    const level = 5 + 0.3 * Math.sin(t / 40);
    return (
      truth.reduce((x, r) => x + r.amplitude * bateman(t - r.onset), level) + noise_us * random.gaussian()
    );
  });
}

function detect(x: readonly number[], sfreq: number, least_us = 0.03) {
  const detector = new ScrDetector(least_us, sfreq);
  const found: (SkinConductanceResponse & { known: number })[] = [];
  for (const [i, v] of x.entries()) {
    const response = detector.push(v, i / sfreq);
    if (response) found.push({ ...response, known: i / sfreq });
  }
  return found;
}

/** Responses at least 4 s apart, 0.06 to 1 uS. */
function drawn(seconds: number, seed: string): Truth[] {
  const random = new Random(seed, 'truth');
  const truth: Truth[] = [];
  for (let t = 5; t < seconds - 8; t += random.between(4, 12))
    truth.push({ onset: t, amplitude: Math.exp(random.between(Math.log(0.06), 0)) });
  return truth;
}

describe('ScrDetector', () => {
  it.each([4, 8, 32, 128])(
    'finds responses among noise and drift at %d Hz: F1 above 0.95, onsets within 0.6 s',
    (sfreq) => {
      let [hits, missed, extra] = [0, 0, 0];
      for (const seed of ['a', 'b', 'c', 'd']) {
        const truth = drawn(600, seed);
        const found = detect(record(sfreq, 600, truth, 0.003, seed), sfreq);
        const matched = truth.map(({ onset }) => found.filter((r) => Math.abs(r.onset - onset) < 0.6));
        hits += matched.filter((m) => m.length > 0).length;
        missed += matched.filter((m) => m.length === 0).length;
        extra += found.length - matched.filter((m) => m.length > 0).length;
      }
      expect((2 * hits) / (2 * hits + missed + extra)).toBeGreaterThan(0.95);
    },
  );

  it('measures amplitude and peak, soon after it', () => {
    const [found, ...others] = detect(record(16, 30, [{ onset: 12, amplitude: 0.4 }], 0, 'x'), 16);
    expect(others).toEqual([]);
    expect(found.amplitude_us).toBeGreaterThan(0.38);
    expect(found.amplitude_us).toBeLessThan(0.42);
    expect(Math.abs(found.onset - 12)).toBeLessThan(0.2);
    expect(Math.abs(found.peak - 13.13)).toBeLessThan(0.2);
    expect(found.known - found.peak).toBeLessThan(1);
  });

  it('finds nothing in noise, drift, a constant and responses that are too small', () => {
    expect(detect(record(32, 300, [], 0.003, 'n'), 32)).toEqual([]);
    expect(detect(new Array(300).fill(4), 4)).toEqual([]);
    expect(
      detect(
        Array.from({ length: 1200 }, (_, i) => 2 + 0.002 * i),
        4,
      ),
    ).toEqual([]);
    expect(detect(record(16, 30, [{ onset: 12, amplitude: 0.04 }], 0, 'x'), 16, 0.05)).toEqual([]);
  });

  it('starts anew', () => {
    const x = record(16, 30, [{ onset: 12, amplitude: 0.4 }], 0.003, 'x');
    const detector = new ScrDetector(0.03, 16);
    for (const [i, v] of x.slice(0, 205).entries()) detector.push(v + 3, i / 16);
    detector.restart();
    const again = x.map((v, i) => detector.push(v, 100 + i / 16)).filter((r) => r !== null);
    const fresh = detect(x, 16);
    expect(again).toHaveLength(1);
    expect(again[0].amplitude_us).toBe(fresh[0].amplitude_us);
  });
});
