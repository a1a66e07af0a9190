import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Dejitter } from '../../../src/io/lsl/dejitter.js';

const reference = JSON.parse(readFileSync('fixtures/timebase/dejitter.json', 'utf8')) as {
  sfreq: number;
  half_time_s: number;
  stamps: number[];
  picked: number[];
  expected: number[];
};

describe('Dejitter', () => {
  it('equals the recursive least squares of liblsl', () => {
    const dejitter = new Dejitter(reference.sfreq, reference.half_time_s);
    const smooth = reference.stamps.map((stamp) => dejitter.next(stamp));
    for (const [i, sample] of reference.picked.entries())
      expect(Math.abs(smooth[sample] - reference.expected[i])).toBeLessThan(1e-9);
  });

  it.each([100, 128, 250, 1000 / 3])('leaves exact stamps at %d Hz exact for hours', (sfreq) => {
    const dejitter = new Dejitter(sfreq);
    let worst = 0;
    for (let i = 0; i < 2_000_000; i++) {
      const stamp = 41.25 + i / sfreq;
      worst = Math.max(worst, Math.abs(dejitter.next(stamp) - stamp));
    }
    expect(worst).toBeLessThan(1e-9);
  });

  it('follows a true rate that differs from the nominal one, with a tenth of the jitter', () => {
    const dejitter = new Dejitter(100);
    let worst = 0;
    for (let i = 0; i < 50_000; i++) {
      const ideal = i / 100.3;
      const jitter = 0.005 * Math.sin(i * 12.9898) * Math.cos(i * 78.233);
      const error = Math.abs(dejitter.next(ideal + jitter) - ideal);
      if (i > 5000) worst = Math.max(worst, error);
    }
    expect(worst).toBeLessThan(5e-4);
  });

  it('starts a new line after a restart', () => {
    const dejitter = new Dejitter(10);
    for (let i = 0; i < 100; i++) dejitter.next(i / 10);
    dejitter.restart();
    expect([dejitter.next(500), dejitter.next(500.1)]).toEqual([500, 500.1]);
  });
});
