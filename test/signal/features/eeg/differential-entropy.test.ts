import { describe, expect, it } from 'vitest';
import reference from '../../../../fixtures/dsp/differential-entropy.json' with { type: 'json' };
import { differentialEntropy } from '../../../../src/signal/features/eeg/differential-entropy.js';
import { chunkOf } from '../../../../src/testing/stream-fixtures.js';
import { noise } from '../../transforms/signals.js';
import {
  expectValues,
  named,
  streamWith,
  units,
  vectorAt,
  vectorOfDevice,
  vectorsOf,
} from '../extractor-runs.js';

const FEATURE = 'differential-entropy';
const names = ['delta', 'theta', 'alpha', 'beta', 'gamma'];
/** At 128 Hz a window of 4 s has 512 samples, a power of two: bins of 0.25 Hz, no zeros added. */
const cz = streamWith('EEG', 128, [['Cz', 'uV']]);
const sine = (hz: number, amplitude: number, sfreq = 128) =>
  Array.from({ length: 4 * sfreq }, (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / sfreq + 0.3));
const entropy = (power: number) => 0.5 * Math.log(2 * Math.PI * Math.E * power);

describe(FEATURE, () => {
  it.each(reference.cases)("equals scipy's periodogram at $sfreq Hz, offset $offset", ({ sfreq, x, de }) => {
    const vector = vectorAt(FEATURE, streamWith('EEG', sfreq, [['Cz', 'uV']]), [x], 4);
    expectValues(vector, Object.fromEntries(de.map((value, b) => [`Cz.de_${names[b]}`, value])));
  });

  it('gives the entropy of half the squared amplitude for a sine', () => {
    const vector = vectorAt(FEATURE, cz, [sine(10, 20)], 4);
    expect(units(vector)).toEqual(Object.fromEntries(names.map((n) => [`Cz.de_${n}`, 'nat'])));
    expectValues(vector, { 'Cz.de_alpha': entropy(200) });
    expectValues(vectorAt(FEATURE, cz, [sine(10, 40)], 4), { 'Cz.de_alpha': entropy(200) + Math.LN2 });
  });

  it('counts the low edge of a band and not its high one', () => {
    // Hann spreads a sine over three bins as 1 : 4 : 1; those of 8 and 8.25 Hz are alpha.
    expectValues(vectorAt(FEATURE, cz, [sine(8, 20)], 4), {
      'Cz.de_theta': entropy(200 / 6),
      'Cz.de_alpha': entropy((200 * 5) / 6),
    });
  });

  it('takes bands from its parameters', () => {
    const bands = [
      { name: 'slow_alpha', low_hz: 8, high_hz: 10 },
      { name: 'wide', low_hz: 5, high_hz: 20 },
    ];
    const vector = vectorAt(FEATURE, cz, [sine(9, 20)], 4, { features: [{ name: FEATURE, bands }] });
    expect(Object.keys(named(vector))).toEqual(['Cz.de_slow_alpha', 'Cz.de_wide']);
    expectValues(vector, { 'Cz.de_slow_alpha': entropy(200), 'Cz.de_wide': entropy(200) });
    const refused = (band: object) => !differentialEntropy.params.safeParse({ bands: [band] }).success;
    expect(refused({ name: 'a', low_hz: 9, high_hz: 9 })).toBe(true);
    expect(refused({ name: 'A b', low_hz: 8, high_hz: 9 })).toBe(true);
  });

  it('reads a Muse, its AUX input left out', () => {
    const labels = ['TP9', 'AF7', 'AF8', 'TP10', 'AUX_RIGHT'];
    const device = {
      type: 'EEG',
      sfreq: 256,
      channels: labels.map((label) => [label, 'microvolts'] as const),
    };
    const rows = labels.map((_, c) => sine(10, 10 * (c + 1), 256));
    const vector = vectorOfDevice(FEATURE, device, rows, 4);
    expect(vector.schema.features.filter((f) => f.feature === 'de_alpha').map((f) => f.channel)).toEqual(
      labels.slice(0, 4),
    );
    expectValues(vector, { 'TP9.de_alpha': entropy(50), 'TP10.de_alpha': entropy(800) });
  });

  it.each([
    ['the OpenBCI GUI, without labels and units', 'openbcigui', '', '', 'ch1', 1],
    ['volts', '', 'FP1', 'V', 'Fp1', 1e-6],
    ['a device that names no unit', '', 'EEG Fp1-Ref', '', 'Fp1', 1],
  ])('reads %s', (_, from, label, unit, channel, scale) => {
    const device = { type: 'EEG', sfreq: 128, channels: [[label, unit] as const], from };
    const vector = vectorOfDevice(FEATURE, device, [sine(10, 20 * scale)], 4);
    expectValues(vector, { [`${channel}.de_alpha`]: entropy(200) });
  });

  it('leaves out channels in other units', () => {
    const info = streamWith('EEG', 128, [
      ['Fp1', 'degC'],
      ['Cz', 'uV'],
    ]);
    const vector = vectorAt(FEATURE, info, [sine(10, 1), sine(10, 20)], 4);
    expect(new Set(vector.schema.features.map((f) => f.channel))).toEqual(new Set(['Cz']));
    expectValues(vector, { 'Cz.de_alpha': entropy(200) });
  });

  it('keeps channels apart, be their number odd or even', () => {
    for (const count of [1, 2, 3, 4, 5]) {
      const labels = ['Fp1', 'Fp2', 'C3', 'C4', 'Pz'].slice(0, count);
      const info = streamWith(
        'EEG',
        128,
        labels.map((label) => [label, 'uV'] as const),
      );
      const rows = labels.map((_, c) => noise(512, c + 1).map((x) => 20 * x));
      const clean = vectorAt(FEATURE, info, rows, 4);
      for (const [c, row] of rows.entries()) {
        const alone = streamWith('EEG', 128, [[labels[c], 'uV']]);
        expect(vectorAt(FEATURE, alone, [row], 4).values).toEqual(clean.values.slice(5 * c, 5 * c + 5));
        const garbage = rows.map((other, k) => (k === c ? row : other.map(() => 1e300)));
        expect(vectorAt(FEATURE, info, garbage, 4).values.slice(5 * c, 5 * c + 5)).toEqual(
          clean.values.slice(5 * c, 5 * c + 5),
        );
      }
    }
  });

  it('masks silence, a missing sample, a gap, and a window that is not full', () => {
    const live = noise(1024, 3).map((x) => 20 * x);
    expect(vectorAt(FEATURE, cz, [live.map(() => 0)], 4).present).not.toContain(1);
    const holed = live.map((x, i) => (i === 300 ? Number.NaN : x));
    expect(vectorAt(FEATURE, cz, [holed], 4).present).not.toContain(1);
    const chunks = [chunkOf(cz, [live.slice(0, 400)], 0), chunkOf(cz, [live.slice(420)], 420 / 128, true)];
    const present = vectorsOf(FEATURE, cz, chunks, [3.5, 5, 7, 7.5]).map((v) => v.present.includes(1));
    expect(present).toEqual([false, false, false, true]);
  });

  it('masks a band beyond Nyquist, and says so before', () => {
    const slow = streamWith('EEG', 64, [['Cz', 'uV']]);
    const vector = named(vectorAt(FEATURE, slow, [noise(256, 1)], 4));
    expect(Object.values(vector).map((v) => v === null)).toEqual([false, false, false, false, true]);
    const problems = differentialEntropy.physics!(differentialEntropy.params.parse({}), {
      stream_type: 'EEG',
      sfreq_hz: 64,
      window_s: 4,
    });
    expect(problems.map((p) => p.path)).toEqual([['bands', 4, 'high_hz']]);
  });
});
