import { describe, expect, it } from 'vitest';
import reference from '../../../../fixtures/features/eeg.json' with { type: 'json' };
import { bandPowerWelch } from '../../../../src/signal/features/eeg/band-power-welch.js';
import { noise } from '../../transforms/signals.js';
import { expectValues, named, streamWith, units, vectorAt } from '../extractor-runs.js';

const FEATURE = 'band-power-welch';
const names = ['theta', 'slow_alpha', 'alpha', 'beta', 'gamma'];
const pair = (sfreq: number) =>
  streamWith('EEG', sfreq, [
    ['Cz', 'uV'],
    ['Pz', 'uV'],
  ]);

describe(FEATURE, () => {
  it.each(reference.welch)(
    "equals scipy's welch at $sfreq Hz over $window_s s",
    ({ sfreq, window_s, segment, x, psd }) => {
      const features = [{ name: FEATURE, segment_s: segment / sfreq }];
      const vector = vectorAt(FEATURE, pair(sfreq), x, window_s, { features, window_s });
      for (const [c, channel] of ['Cz', 'Pz'].entries())
        expectValues(vector, Object.fromEntries(psd[c].map((db, b) => [`${channel}.psd_${names[b]}`, db])));
    },
  );

  it('is in decibels: ten times the amplitude are 20 more', () => {
    const x = noise(512, 1);
    const vector = vectorAt(FEATURE, pair(128), [x, x.map((v) => 10 * v)], 4);
    expect(units(vector)['Cz.psd_theta']).toBe('dB');
    const values = named(vector);
    for (const n of names) expect(values[`Pz.psd_${n}`]! - values[`Cz.psd_${n}`]!).toBeCloseTo(20, 9);
  });

  it('counts both edges of a band', () => {
    const x = Array.from(
      { length: 512 },
      (_, i) => noise(512, 3)[i] * 0.01 + 20 * Math.sin((2 * Math.PI * 7 * i) / 128),
    );
    const bands = (low_hz: number, high_hz: number) => [{ name: 'b', low_hz, high_hz }];
    const psd = (low_hz: number, high_hz: number) =>
      named(
        vectorAt(FEATURE, pair(128), [x, x], 4, {
          features: [{ name: FEATURE, bands: bands(low_hz, high_hz) }],
        }),
      )['Cz.psd_b']!;
    expect(psd(7, 10)).toBeGreaterThan(psd(9, 12));
    expect(psd(3, 7)).toBeGreaterThan(psd(3, 5));
  });

  it('masks a constant, a missing sample, and a band beyond Nyquist', () => {
    const live = noise(512, 3);
    const holed = live.map((x, i) => (i === 300 ? Number.NaN : x));
    const vector = vectorAt(FEATURE, pair(128), [live.map(() => 5), live], 4);
    expect([...vector.present]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    expect([...vectorAt(FEATURE, pair(128), [holed, live], 4).present].slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    const slow = vectorAt(FEATURE, pair(64), [noise(256, 1), noise(256, 2)], 4);
    expect([...slow.present].slice(0, 5)).toEqual([1, 1, 1, 1, 0]);
    const physics = (params: object, sfreq_hz: number) =>
      bandPowerWelch.physics!(bandPowerWelch.params.parse(params), { sfreq_hz, window_s: 4 }).map((p) =>
        p.path.join('.'),
      );
    expect(physics({}, 64)).toEqual(['bands.4.high_hz']);
    expect(physics({ segment_s: 5 }, 128)).toEqual(['segment_s']);
  });
});
