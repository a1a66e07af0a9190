import { describe, expect, it } from 'vitest';
import reference from '../../../../fixtures/features/eog-blinks.json' with { type: 'json' };
import { eyePotential } from '../../../../src/signal/features/eye/eye-potential.js';
import { chunkOf } from '../../../../src/testing/stream-fixtures.js';
import { named, streamWith, units, vectorAt, vectorOfDevice, vectorsOf } from '../extractor-runs.js';

const FEATURE = 'eye-potential';
const { sfreq, made } = reference;
const info = streamWith('EOG', sfreq, [
  ['hEOG', 'uV'],
  ['vEOG', 'uV'],
]);
const rows = [made.samples_uv.map((x) => -x), made.samples_uv];
/** How much later than a blink a vector knows of it, s. */
const KNOWN_S = 0.54;

const countIn = (from: number, to: number) => made.blinks_s.filter((t) => t >= from && t < to).length;

describe(FEATURE, () => {
  it('counts the true blinks of the last minute, and tells whether one fell into the window', () => {
    const times = Array.from({ length: 68 }, (_, i) => 6.1 + i);
    const vectors = vectorsOf(FEATURE, info, [chunkOf(info, rows, 0)], times);
    expect(units(vectors[0])).toEqual({ 'eye.blink_present': '', 'eye.blink_rate': '1/min' });
    const present = new Set<number | null>();
    for (const [i, time] of times.entries()) {
      const values = named(vectors[i]);
      const end = time - KNOWN_S;
      // At the edge of a window a blink may fall on either side: its place is known to 30 ms.
      const [sure, possible] = [countIn(end - 3.97, end - 0.03), countIn(end - 4.03, end + 0.03)];
      if (sure === possible) expect(values['eye.blink_present']).toBe(sure > 0 ? 1 : 0);
      present.add(values['eye.blink_present']);
      // The detector's first half second is blind, and a rate needs half a minute.
      const watched_s = Math.min(60, end - 0.47);
      if (watched_s < 29.9) expect(values['eye.blink_rate']).toBeNull();
      if (watched_s > 30.1) {
        const rate = values['eye.blink_rate']!;
        const counts = [-0.03, 0, 0.03].map((edge) => countIn(end - 60 + edge, end + edge));
        const error = Math.min(...counts.map((n) => Math.abs(rate - (60 * n) / watched_s)));
        expect(error).toBeLessThan(0.1);
      }
    }
    expect([...present].sort()).toEqual([0, 1]);
  });

  it('puts each blink into one of windows that follow each other', () => {
    const times = Array.from({ length: 72 }, (_, i) => 3 + i);
    const vectors = vectorsOf(FEATURE, info, [chunkOf(info, rows, 0)], times, { window_s: 1, hop_s: 1 });
    const seconds = new Set(made.blinks_s.map((t) => Math.floor(t + KNOWN_S)));
    const found = vectors.filter((v) => named(v)['eye.blink_present'] === 1).length;
    const wanted = [...seconds].filter((s) => s >= 2 && s < 74).length;
    expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1);
  });

  it('says nothing of time in which a blink would not have been seen', () => {
    const holed = rows.map((row) => row.map((x, i) => (i % 150 < 5 ? Number.NaN : x)));
    const [vector] = vectorsOf(FEATURE, info, [chunkOf(info, holed, 0)], [70]);
    expect([...vector.present]).toEqual([0, 0]);
    const gap = [
      chunkOf(
        info,
        rows.map((row) => row.slice(0, 40 * sfreq)),
        0,
      ),
      chunkOf(
        info,
        rows.map((row) => row.slice(40 * sfreq)),
        60,
        true,
      ),
    ];
    const [before, after, later] = vectorsOf(FEATURE, info, gap, [40, 62, 90]);
    expect([...before.present]).toEqual([1, 1]);
    expect(named(after)['eye.blink_present']).toBeNull();
    const watched_s = 90 - KNOWN_S - 60.5 + 10.5;
    expect(named(later)['eye.blink_rate']! * (watched_s / 60)).toBeCloseTo(
      countIn(29.5, 39.5) + countIn(40.5, 69.5),
      0,
    );
  });

  it('asks for microvolts and for a channel that is the vertical one', () => {
    for (const channels of [
      [
        ['hEOG', 'uV'],
        ['left', 'uV'],
      ],
      [['vEOG', '']],
    ] as const) {
      const other = streamWith('EOG', sfreq, channels);
      expect([...vectorAt(FEATURE, other, rows.slice(0, channels.length), 70).present]).not.toContain(1);
    }
    const volts = made.samples_uv.map((x) => 1e-6 * x);
    const device = { type: 'EOG', sfreq, channels: [['EOG', 'V']] } as const;
    expect(vectorOfDevice(FEATURE, device, [volts], 70).values[1]).toBe(
      vectorAt(FEATURE, info, rows, 70).values[1],
    );
  });

  it('asks for a rate that has room for the band', () => {
    const params = { rate_s: 60, least_uv: 80 };
    expect(eyePotential.physics!(params, { sfreq_hz: 16, window_s: 4 })).toHaveLength(1);
    expect(eyePotential.physics!(params, { sfreq_hz: 32, window_s: 4 })).toHaveLength(0);
  });
});
