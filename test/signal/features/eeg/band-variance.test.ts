import { describe, expect, it } from 'vitest';
import reference from '../../../../fixtures/features/eeg.json' with { type: 'json' };
import { bandVariance } from '../../../../src/signal/features/eeg/band-variance.js';
import { chunkOf } from '../../../../src/testing/stream-fixtures.js';
import { noise } from '../../transforms/signals.js';
import { expectValues, streamWith, vectorAt, vectorsOf } from '../extractor-runs.js';

const FEATURE = 'band-variance';
const names = ['delta', 'theta', 'alpha', 'beta', 'gamma'];
const cz = (sfreq: number) => streamWith('EEG', sfreq, [['Cz', 'uV']]);

describe(FEATURE, () => {
  it.each(reference.variance)(
    "equals scipy's sosfilt over the whole stream at $sfreq Hz, order $order",
    ({ sfreq, order, x, de }) => {
      const vector = vectorAt(FEATURE, cz(sfreq), [x], 8, { features: [{ name: FEATURE, order }] });
      expectValues(vector, Object.fromEntries(de.map((value, b) => [`Cz.de_var_${names[b]}`, value])));
    },
  );

  it('gives the entropy of half the squared amplitude for a sine inside a band', () => {
    const x = Array.from({ length: 128 * 12 }, (_, i) => 20 * Math.sin((2 * Math.PI * 22 * i) / 128));
    const { values } = vectorAt(FEATURE, cz(128), [x], 12);
    expect(values[3]).toBeCloseTo(0.5 * Math.log(2 * Math.PI * Math.E * 200), 2);
  });

  it('masks until the filters have settled, after a gap too', () => {
    const x = noise(128 * 20, 1);
    const chunks = [chunkOf(cz(128), [x.slice(0, 1280)], 0), chunkOf(cz(128), [x.slice(1280)], 11, true)];
    const delta = vectorsOf(FEATURE, cz(128), chunks, [4.5, 5, 10, 13, 15.5, 16]).map((v) => v.present[0]);
    expect(delta).toEqual([0, 1, 1, 0, 0, 1]);
  });

  it('masks a band beyond Nyquist, and refuses one that begins at 0', () => {
    expect([...vectorAt(FEATURE, cz(64), [noise(512, 1)], 8).present]).toEqual([1, 1, 1, 1, 0]);
    const bands = [{ name: 'dc', low_hz: 0, high_hz: 4 }];
    expect(bandVariance.params.safeParse({ bands }).success).toBe(false);
  });
});
