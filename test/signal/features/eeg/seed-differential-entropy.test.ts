import { describe, expect, it } from 'vitest';
import reference from '../../../../fixtures/features/eeg.json' with { type: 'json' };
import { seedDifferentialEntropy } from '../../../../src/signal/features/eeg/seed-differential-entropy.js';
import { noise } from '../../transforms/signals.js';
import { expectValues, named, streamWith, units, vectorAt } from '../extractor-runs.js';

const FEATURE = 'seed-differential-entropy';
const names = ['delta', 'theta', 'alpha', 'beta', 'gamma'];
const cz = (sfreq: number) => streamWith('EEG', sfreq, [['Cz', 'uV']]);

describe(FEATURE, () => {
  it.each(reference.seed)(
    'equals the released code at $sfreq Hz, $window_s s, nfft $nfft, one_based $one_based',
    (c) => {
      const features = [{ name: FEATURE, nfft: c.nfft, one_based: c.one_based }];
      const vector = vectorAt(FEATURE, cz(c.sfreq), [c.x], c.window_s, { features, window_s: c.window_s });
      expect(units(vector)['Cz.de_seed_delta']).toBe('log2');
      expectValues(vector, Object.fromEntries(c.de.map((value, b) => [`Cz.de_seed_${names[b]}`, value])));
    },
  );

  it('is affine in the canonical form where bins and window are the same', () => {
    // Bins of 0.25 Hz: both edges included are all f < high + 0.25. The two Hann windows differ by their ends alone.
    const x = noise(512, 1).map((v) => 20 * v);
    const seed = named(vectorAt(FEATURE, cz(128), [x], 4));
    const energy = 0.375 * 512;
    for (const [name, low_hz, high_hz] of [
      ['alpha', 8, 14],
      ['gamma', 31, 50],
    ] as const) {
      const bands = [{ name, low_hz, high_hz: high_hz + 0.25 }];
      const features = [{ name: 'differential-entropy', bands }];
      const h = named(vectorAt('differential-entropy', cz(128), [x], 4, { features }))[`Cz.de_${name}`]!;
      const bins = (high_hz - low_hz) * 4 + 1;
      const affine =
        (2 * h) / Math.LN2 - Math.log2(2 * Math.PI * Math.E) + Math.log2((100 * 512 * energy) / (2 * bins));
      expect(Math.abs(seed[`Cz.de_seed_${name}`]! - affine)).toBeLessThan(0.02);
    }
  });

  it('keeps channels apart and masks what it lacks', () => {
    const two = streamWith('EEG', 128, [
      ['Fz', 'uV'],
      ['Cz', 'uV'],
      ['Pz', 'uV'],
    ]);
    const rows = [1, 2, 3].map((seed) => noise(512, seed));
    const all = vectorAt(FEATURE, two, rows, 4);
    for (const [c, row] of rows.entries())
      expect(vectorAt(FEATURE, cz(128), [row], 4).values).toEqual(all.values.slice(5 * c, 5 * c + 5));
    rows[1][7] = Number.NaN;
    expect([...vectorAt(FEATURE, two, rows, 4).present]).toEqual(
      [1, 0, 1].flatMap((p) => names.map(() => p)),
    );
    expect([...vectorAt(FEATURE, cz(64), [noise(256, 1)], 4).present]).toEqual([1, 1, 1, 1, 0]);
    expect([...vectorAt(FEATURE, cz(128), [rows[0].map(() => 0)], 4).present]).not.toContain(1);
  });

  it('takes powers of two alone', () => {
    expect(seedDifferentialEntropy.params.safeParse({ nfft: 200 }).success).toBe(false);
    expect(seedDifferentialEntropy.params.safeParse({ nfft: 256 }).success).toBe(true);
  });
});
