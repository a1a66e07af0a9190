import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/dsp/differential-entropy.json' with { type: 'json' };
import type { FeatureVector } from '../../../src/core/features.js';
import { featureName } from '../../../src/core/features.js';
import type { Windower } from '../../../src/core/processor.js';
import { extract } from '../../../src/signal/transforms/extract.js';
import { cutChunk } from '../../../src/testing/chunk-invariance.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';

const eeg = (sfreq: number, labels = ['Fp1', 'Fp2']) =>
  streamInfo({ type: 'EEG', sfreq, labels, unit: 'uV' });

function windower(params: Record<string, unknown> = {}): Windower<FeatureVector> {
  return extract.create(
    extract.params.parse({ features: ['differential-entropy'], ...params }),
  ) as Windower<FeatureVector>;
}

/** A signal that never has a band without power. */
const noise = (i: number, c = 0) => 20 * Math.sin(i * i * 0.37 + c) + 5 * Math.sin(i * 0.05);

describe('extract', () => {
  for (const { sfreq, offset, x, de } of reference.cases) {
    it(`gives the differential entropy of scipy's periodogram at ${sfreq} Hz, offset ${offset}`, () => {
      const info = eeg(sfreq, ['Fp1']);
      const w = windower();
      w.reset(info, 'start');
      w.push(chunkOf(info, [x], 0));
      const vector = w.close(4);
      expect(vector.schema.features.map(featureName)).toEqual(
        ['delta', 'theta', 'alpha', 'beta', 'gamma'].map((b) => `Fp1.de_${b}`),
      );
      for (const [i, expected] of de.entries())
        expect(Math.abs(vector.values[i] - expected)).toBeLessThan(1e-9);
      expect([...vector.present]).toEqual([1, 1, 1, 1, 1]);
      expect(vector.reason).toBeNull();
      expect(vector.coverage).toBe(1);
      expect(vector.window).toEqual([0, 4]);
    });
  }

  it('is absent, then warming up, then measured, then stale', () => {
    const info = eeg(100);
    const w = windower();
    w.reset(info, 'start');
    expect(w.close(0.5).reason).toBe('absent');
    const samples = (n: number) => [0, 1].map((c) => Array.from({ length: n }, (_, i) => noise(i, c)));
    w.push(chunkOf(info, samples(450), 1));
    expect(w.close(4.5).reason).toBe('warming-up');
    expect(w.close(4.5).coverage).toBeCloseTo(3.5 / 4, 6);
    expect(w.close(5).reason).toBeNull();
    const late = w.close(5.9);
    expect(late.reason).toBeNull();
    expect(late.coverage).toBeCloseTo(0.9, 6);
    const stale = w.close(6.1);
    expect(stale.reason).toBe('stale');
    expect([...stale.present]).toEqual(new Array(10).fill(0));
    expect([...stale.values].every(Number.isNaN)).toBe(true);
    expect(stale.schema.features).toHaveLength(10);
    expect(stale.coverage).toBe(0);
  });

  it('depends on samples before the closing time alone', () => {
    const info = eeg(100, ['Cz']);
    const long = Array.from({ length: 3000 }, (_, i) => noise(i));
    const at = [4, 4.5, 9, 12.25, 13];
    const whole = windower();
    whole.reset(info, 'start');
    whole.push(chunkOf(info, [long], 0));
    const stepwise = windower();
    stepwise.reset(info, 'start');
    let sent = 0;
    for (const time of at) {
      const upTo = Math.round(time * 100);
      stepwise.push(chunkOf(info, [long.slice(sent, upTo)], sent / 100));
      sent = upTo;
      expect(stepwise.close(time)).toEqual(whole.close(time));
    }
  });

  it('masks a window with a gap in it and says so', () => {
    const info = eeg(100, ['Cz']);
    const w = windower();
    w.reset(info, 'start');
    const long = Array.from({ length: 500 }, (_, i) => noise(i));
    w.push(chunkOf(info, [long], 0));
    expect(w.close(5).reason).toBeNull();
    w.push(chunkOf(info, [long], 6, true));
    const vector = w.close(8);
    expect(vector.reason).toBe('gap');
    expect(vector.coverage).toBeCloseTo(0.75, 6);
    expect(w.close(9.99).reason).toBe('gap');
    expect(w.close(10).reason).toBeNull();
  });

  it('masks the channel that misses a sample and leaves the others alone', () => {
    const info = eeg(100);
    const clean = [0, 1].map((c) => Array.from({ length: 400 }, (_, i) => noise(i, c)));
    const values = (broken: number[]) => {
      const w = windower();
      w.reset(info, 'start');
      w.push(chunkOf(info, [broken, clean[1]], 0));
      return w.close(4);
    };
    const reference = values(clean[0]);
    const holed = values(clean[0].map((x, i) => (i === 17 ? NaN : x)));
    expect([...holed.present]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    expect(holed.values.slice(5)).toEqual(reference.values.slice(5));
    const garbage = values(clean[0].map((_, i) => (i % 2 ? 1e300 : -1e300)));
    expect(garbage.values.slice(5)).toEqual(reference.values.slice(5));
    const constant = values(clean[0].map(() => 0));
    expect([...constant.present.slice(0, 5)]).toEqual([0, 0, 0, 0, 0]);
    const empty = values(clean[0].map(() => NaN));
    expect(empty.coverage).toBe(0.5);
  });

  describe('says why nothing is there', () => {
    const info = eeg(100, ['Cz', 'Pz']);
    const NOTHING = Number.NaN;
    const missing = (from_s: number, to_s: number) => (i: number) => i >= 100 * from_s && i < 100 * to_s;
    /** 20 s in which both channels miss what `isOut` says; `end` is a closing time. */
    const reasonsAt = (isOut: (i: number, c: number) => boolean, ends: number[], pieces = [2000]) => {
      const w = windower();
      w.reset(info, 'start');
      const whole = chunkOf(
        info,
        [0, 1].map((c) => Array.from({ length: 2000 }, (_, i) => (isOut(i, c) ? NOTHING : noise(i, c)))),
        0,
      );
      for (const chunk of cutChunk(whole, pieces)) w.push(chunk);
      return ends.map((end) => w.close(end).reason);
    };

    it('warming-up while a filter before it settles, until the window has only settled samples', () => {
      const settling = missing(0, 1);
      const ends = [3.5, 4, 4.5, 4.99, 5, 5.5];
      const expected = ['warming-up', 'warming-up', 'warming-up', 'warming-up', null, null];
      expect(reasonsAt(settling, ends)).toEqual(expected);
      expect(reasonsAt(settling, ends, [1])).toEqual(expected);
      expect(reasonsAt(settling, ends, [150, 7])).toEqual(expected);
    });

    it('the channel that begins first decides what is the beginning', () => {
      const staggered = (i: number, c: number) =>
        missing(0, c === 0 ? 1 : 8)(i) || (c === 0 && missing(6, 7)(i));
      expect(reasonsAt(staggered, [4, 5, 7, 10, 11, 12])).toEqual([
        'warming-up',
        null,
        'low-coverage',
        'low-coverage',
        null,
        null,
      ]);
    });

    it('low-coverage where samples of every channel are missing later on, however few', () => {
      expect(reasonsAt(missing(9, 9.01), [9, 9.5, 12.5, 13, 13.5])).toEqual([
        null,
        'low-coverage',
        'low-coverage',
        'low-coverage',
        null,
      ]);
      expect(reasonsAt(missing(9, 12), [13.5, 14.5])).toEqual(['low-coverage', 'low-coverage']);
      expect(reasonsAt(missing(2, 2.01), [4, 6, 6.5])).toEqual(['low-coverage', 'low-coverage', null]);
    });

    it('nan where no sample is a number, as before the first usable one', () => {
      expect(reasonsAt(() => true, [4, 9, 20])).toEqual(['nan', 'nan', 'nan']);
      expect(reasonsAt(missing(5, 15), [9, 15])).toEqual(['nan', 'nan']);
      expect(reasonsAt(missing(0, 6), [4, 6, 6.5, 9.5, 10])).toEqual([
        'nan',
        'nan',
        'warming-up',
        'warming-up',
        null,
      ]);
    });

    it('nan where every sample is there and nothing comes of them', () => {
      const w = windower();
      w.reset(info, 'start');
      w.push(
        chunkOf(
          info,
          [0, 1].map(() => new Array(900).fill(0)),
          0,
        ),
      );
      expect([4, 8].map((end) => w.close(end).reason)).toEqual(['nan', 'nan']);
      // The closing time a little ahead of the data: nothing is missing between the samples.
      expect(w.close(9.2).reason).toBe('nan');
    });

    it('gap where samples are missing between chunks', () => {
      const w = windower();
      w.reset(info, 'start');
      const part = (from: number, to: number) =>
        [0, 1].map((c) => Array.from({ length: to - from }, (_, i) => noise(from + i, c)));
      w.push(chunkOf(info, part(0, 600), 0));
      w.push(chunkOf(info, part(650, 1500), 6.5, true));
      expect([6, 8, 10.5].map((end) => w.close(end).reason)).toEqual([null, 'gap', null]);
    });

    it('warming-up while a heart has not beaten often enough, then nan where no beats are found', () => {
      const ecg = streamInfo({ type: 'ECG', sfreq: 128, labels: ['II'], unit: 'mV' });
      const beating = (interval_s: number) => (i: number) =>
        ((i / 128) % interval_s < 0.03 ? 1 : 0) + 0.001 * noise(i);
      const reasons = (sample: (i: number) => number, params: Record<string, unknown> = {}) => {
        const w = windower({ features: [{ name: 'heart-rate', ...params }] });
        w.reset(ecg, 'start');
        w.push(chunkOf(ecg, [Array.from({ length: 30 * 128 }, (_, i) => sample(i))], 0));
        return [3, 4, 9.5, 10, 20].map((end) => w.close(end).reason);
      };
      // By 4 s a heart that beats every 1.2 s has shown three intervals, one that beats every 0.85 s four: a rate needs four.
      expect(reasons(beating(1.2))).toEqual(['warming-up', 'warming-up', null, null, null]);
      expect(reasons(beating(0.85))).toEqual(['warming-up', null, null, null, null]);
      expect(reasons(() => 1)).toEqual(['warming-up', 'warming-up', 'warming-up', 'nan', 'nan']);
      expect(reasons(() => 1, { rate_s: 20 })).toEqual([...new Array(4).fill('warming-up'), 'nan']);
    });
  });

  it('names channels without labels by their number', () => {
    const info = eeg(100, ['', '']);
    const w = windower();
    w.reset(info, 'start');
    expect(w.close(4).schema.features[5].channel).toBe('ch2');
  });

  it('refuses what it does not know', () => {
    const parse = (value: unknown) => extract.params.safeParse(value).success;
    expect(parse({ features: ['differential-entropy'] })).toBe(true);
    expect(parse({ features: [{ name: 'differential-entropy' }] })).toBe(true);
    expect(parse({ features: ['differential'] })).toBe(false);
    expect(parse({ features: [{ name: 'differential-entropy', band: 1 }] })).toBe(false);
    const unknown = extract.params.safeParse({ features: ['differential'] });
    expect(unknown.error!.issues[0].message).toMatch(/features are differential-entropy, /);
    const misspelt = extract.params.safeParse({ features: [{ name: 'differential-entropy', band: 1 }] });
    expect(misspelt.error!.issues[0].message).toMatch(/"band"/);
    expect(parse({ features: [] })).toBe(false);
    expect(parse({ features: ['differential-entropy'], window: 4 })).toBe(false);
  });

  it('finds what is physically wrong', () => {
    const params = extract.params.parse({ features: ['differential-entropy'], window_s: 1, hop_s: 2 });
    const problems = extract.physics!(params, { stream_type: 'Gaze', sfreq_hz: 60 });
    expect(problems.map((p) => p.path.join('.'))).toEqual([
      'hop_s',
      'features.0',
      'features.0.bands.3.high_hz',
      'features.0.bands.4.high_hz',
    ]);
    expect(
      extract.physics!(extract.params.parse({ features: ['differential-entropy'] }), {
        stream_type: 'EEG',
        sfreq_hz: 128,
      }),
    ).toEqual([]);
  });
});
