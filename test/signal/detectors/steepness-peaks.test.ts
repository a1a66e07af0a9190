import { describe, expect, it } from 'vitest';
import { type SteepnessPeak, SteepnessPeaks } from '../../../src/signal/detectors/steepness-peaks.js';

const shape = {
  low_hz: 7,
  high_hz: 20,
  middle_hz: 11,
  steep_s: 0.1,
  deflection_s: [-0.14, 0.08],
  deflection_hz: 30,
} as const;

function peaksOf(x: readonly number[], sfreq: number): SteepnessPeak[] {
  const peaks = new SteepnessPeaks(shape, sfreq);
  const found = x.flatMap((v, i) => peaks.push(v, 5 + i / sfreq) ?? []);
  const last = peaks.finish();
  return last ? [...found, last] : found;
}

const bump = (t: number, width: number) => Math.exp((-t * t) / (2 * width * width));
const rowOf = (sfreq: number, f: (t: number) => number) =>
  Array.from({ length: 3 * sfreq }, (_, i) => f(i / sfreq));

describe('SteepnessPeaks', () => {
  it.each([100, 250, 1000])(
    'dates narrow and wide bumps of either polarity at their tops, at %d Hz',
    (sfreq) => {
      for (const width of [0.011, 0.035])
        for (const sign of [1, -1]) {
          const [largest] = peaksOf(
            rowOf(sfreq, (t) => 300 + sign * bump(t - 1.5, width)),
            sfreq,
          ).sort((a, b) => b.size - a.size);
          expect(Math.abs(largest.time - 6.5)).toBeLessThan(0.012);
        }
    },
  );

  it('favours the usual direction of a wave with two equal halves', () => {
    const peaks = peaksOf(
      Array.from({ length: 250 * 20 }, (_, i) => {
        const t = ((i / 250) % 1) - 0.5;
        const wobble = 0.1 * Math.sin(i / 250);
        return (1 + wobble) * bump(t, 0.011) - (1 - wobble) * bump(t - 0.03, 0.011);
      }),
      250,
    ).filter(({ size }) => size > 0.02);
    const places = peaks.slice(3).map(({ time }) => time % 1);
    expect(Math.max(...places) - Math.min(...places)).toBeLessThan(0.02);
  });

  it('sees no steepness in a constant, nor in rounding', () => {
    expect(
      peaksOf(
        rowOf(250, () => 1e6),
        250,
      ),
    ).toEqual([]);
  });
});
