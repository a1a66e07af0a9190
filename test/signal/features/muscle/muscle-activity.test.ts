import { describe, expect, it } from 'vitest';
import reference from '../../../../fixtures/features/reference.json' with { type: 'json' };
import { muscleActivity } from '../../../../src/signal/features/muscle/muscle-activity.js';
import {
  expectValues,
  named,
  referenceRow,
  streamWith,
  units,
  vectorAt,
  vectorOfDevice,
} from '../extractor-runs.js';

const SFREQ = 500;
const zygomaticus = streamWith('EMG', SFREQ, [['zygomaticus', 'uV']]);
const sine = (hz: number, amplitude: number, offset = 0) =>
  Array.from({ length: 10 * SFREQ }, (_, i) => offset + amplitude * Math.sin((2 * Math.PI * hz * i) / SFREQ));
const logRms = (row: number[]) => named(vectorAt('muscle-activity', zygomaticus, [row], 10));

describe('muscle-activity', () => {
  it('equals plain scipy', () => {
    const info = streamWith('EMG', 100, [['zygomaticus', 'uV']]);
    const { emg, emg_log_rms } = reference.muscle;
    expectValues(vectorAt('muscle-activity', info, [referenceRow(emg)], 10), {
      'zygomaticus.emg_log_rms': emg_log_rms,
    });
  });

  it('gives the logarithm of amplitude over root 2 for a sine', () => {
    expect(units(vectorAt('muscle-activity', zygomaticus, [sine(100, 1)], 10))).toEqual({
      'zygomaticus.emg_log_rms': 'ln(uV)',
    });
    expect(logRms(sine(100, 100))['zygomaticus.emg_log_rms']).toBeCloseTo(Math.log(100 / Math.SQRT2), 4);
    expect(logRms(sine(100, 100, 3000))['zygomaticus.emg_log_rms']).toBeCloseTo(
      Math.log(100 / Math.SQRT2),
      4,
    );
    const ratio =
      logRms(sine(100, 200))['zygomaticus.emg_log_rms']! - logRms(sine(100, 100))['zygomaticus.emg_log_rms']!;
    expect(ratio).toBeCloseTo(Math.LN2, 12);
  });

  it('halves the power at the edge and takes out movement', () => {
    expect(logRms(sine(20, 100))['zygomaticus.emg_log_rms']).toBeCloseTo(Math.log(50), 4);
    expect(logRms(sine(2, 100))['zygomaticus.emg_log_rms']).toBeLessThan(Math.log(0.02));
    const low = vectorAt('muscle-activity', zygomaticus, [sine(20, 100)], 10, {
      features: [{ name: 'muscle-activity', low_hz: 5 }],
    });
    expect(named(low)['zygomaticus.emg_log_rms']).toBeCloseTo(Math.log(100 / Math.SQRT2), 4);
  });

  it('converts millivolts, names channels by number where a device sent no label', () => {
    const device = { type: 'EMG', sfreq: SFREQ, channels: [['', 'mV'] as const] };
    const vector = vectorOfDevice('muscle-activity', device, [sine(100, 0.1)], 10);
    expect(named(vector)['ch1.emg_log_rms']).toBeCloseTo(Math.log(100 / Math.SQRT2), 4);
  });

  it('keeps channels apart and leaves other units out', () => {
    const info = streamWith('EMG', SFREQ, [
      ['zygomaticus', 'uV'],
      ['envelope', ''],
      ['corrugator', 'uV'],
    ]);
    const [a, b] = [sine(100, 100), sine(60, 30)];
    const garbage = a.map((_, i) => (i % 3 ? 1e12 : Number.NaN));
    const vector = named(vectorAt('muscle-activity', info, [a, garbage, b], 10));
    expect(Object.keys(vector)).toEqual(['zygomaticus.emg_log_rms', 'corrugator.emg_log_rms']);
    expect(vector['zygomaticus.emg_log_rms']).toBe(logRms(a)['zygomaticus.emg_log_rms']);
    const spoilt = named(vectorAt('muscle-activity', info, [a, a, b.map(() => Number.NaN)], 10));
    expect(spoilt).toEqual({ ...vector, 'corrugator.emg_log_rms': null });
  });

  it('needs half of the window, also after the high-pass settled', () => {
    const out = (from: number, to: number) =>
      logRms(sine(100, 100).map((x, i) => (i >= from * SFREQ && i < to * SFREQ ? Number.NaN : x)))[
        'zygomaticus.emg_log_rms'
      ];
    expect(out(8, 9.9)).toBeCloseTo(Math.log(100 / Math.SQRT2), 2);
    expect(out(7, 9.1)).toBeNull();
  });

  it('says that a rate is too low, and masks', () => {
    const slow = streamWith('EMG', 40, [['zygomaticus', 'uV']]);
    expect(named(vectorAt('muscle-activity', slow, [sine(1, 1)], 10))).toEqual({
      'zygomaticus.emg_log_rms': null,
    });
    const problems = muscleActivity.physics!(
      { low_hz: 20 },
      { stream_type: 'EMG', sfreq_hz: 40, window_s: 4 },
    );
    expect(problems.map((p) => p.path)).toEqual([['low_hz']]);
  });
});
