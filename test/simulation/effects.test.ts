import { describe, expect, it } from 'vitest';
import { effects } from '../../src/simulation/effects.js';
import { averagePerson, deviation, lnBandPower, mean, record, spectrum, steady } from './measure.js';

/** Signals of the average person with affect held still are compared with the sizes written down in effects.ts. */
const LONG_S = 300;

describe('EEG', () => {
  const eeg = (valence: number, arousal: number) =>
    record('eeg', { duration_s: LONG_S, affect: steady(valence, arousal) });
  const neutral = eeg(0, 0);
  const pleasant = eeg(1, 0);
  const unpleasant = eeg(-1, 0);
  const calm = eeg(0, -1);
  const aroused = eeg(0, 1);
  const band = (recording: typeof neutral, label: string, low_hz: number, high_hz: number) =>
    lnBandPower(recording.channels[recording.labels.indexOf(label)], recording.sfreq, low_hz, high_hz);
  const asymmetry = (recording: typeof neutral) =>
    band(recording, 'F4', 9, 11) - band(recording, 'F3', 9, 11);

  it('has a background that falls about as 1/f', () => {
    const power = spectrum(neutral.channels[neutral.labels.indexOf('F3')], neutral.sfreq);
    // Between the rhythms: 2-4 Hz and 26-32 Hz; theta, alpha and beta peaks left out.
    const low = Math.log(mean(power.subarray(4, 8)));
    const high = Math.log(mean(power.subarray(56, 66)));
    const slope = (high - low) / Math.log(30 / 3);
    expect(slope).toBeLessThan(-0.7);
    expect(slope).toBeGreaterThan(-1.6);
  });

  it('has an alpha peak at the person’s frequency, highest at the back', () => {
    const o1 = spectrum(neutral.channels[neutral.labels.indexOf('O1')], neutral.sfreq);
    const peak = o1.subarray(10, 40).indexOf(Math.max(...o1.subarray(10, 40)));
    expect(Math.abs((peak + 10) / 2 - averagePerson.alphaPeak_hz)).toBeLessThanOrEqual(1);
    expect(band(neutral, 'O1', 9, 11)).toBeGreaterThan(band(neutral, 'F3', 9, 11) + 0.5);
  });

  it('moves frontal alpha asymmetry with valence, by the documented size less the background’s share', () => {
    const full = 2 * effects.eeg.alpha_valence_side;
    const moved = (asymmetry(pleasant) - asymmetry(unpleasant)) / 2;
    expect(moved).toBeGreaterThan(0.65 * full);
    expect(moved).toBeLessThan(1.1 * full);
    expect(Math.abs(asymmetry(neutral))).toBeLessThan(0.2);
    expect(Math.abs(asymmetry(aroused) - asymmetry(calm))).toBeLessThan(0.2);
  });

  it('blocks alpha with arousal', () => {
    const moved = (band(aroused, 'O1', 9, 11) - band(calm, 'O1', 9, 11)) / 2;
    expect(moved).toBeLessThan(0.65 * effects.eeg.alpha_arousal);
    expect(moved).toBeGreaterThan(1.15 * effects.eeg.alpha_arousal);
  });

  it('raises temporal gamma with valence and frontal beta with arousal', () => {
    const gamma = (band(pleasant, 'T7', 32, 48) - band(unpleasant, 'T7', 32, 48)) / 2;
    expect(gamma).toBeGreaterThan(0.2 * effects.eeg.gamma_valence);
    expect(gamma).toBeLessThan(effects.eeg.gamma_valence);
    const beta = (band(aroused, 'F3', 15, 28) - band(calm, 'F3', 15, 28)) / 2;
    expect(beta).toBeGreaterThan(0.3 * effects.eeg.beta_arousal);
    expect(beta).toBeLessThan(effects.eeg.beta_arousal);
  });

  it('correlates neighbours more than distant electrodes, and carries 50 Hz', () => {
    const coherence = (a: string, b: string) => {
      const [x, y] = [a, b].map((label) => neutral.channels[neutral.labels.indexOf(label)]);
      // First differences: drift and blinks would otherwise dominate.
      const d = (s: Float64Array) => s.subarray(1).map((value, i) => value - s[i]);
      const [dx, dy] = [d(x), d(y)];
      return mean(dx.map((value, i) => value * dy[i])) / (deviation(dx) * deviation(dy));
    };
    expect(coherence('F3', 'FC5')).toBeGreaterThan(coherence('F3', 'O2') + 0.3);
    const power = spectrum(neutral.channels[0], neutral.sfreq);
    expect(power[100]).toBeGreaterThan(2.5 * Math.max(power[97], power[103]));
  });
});

describe('eye', () => {
  const eye = (valence: number, arousal: number) =>
    record('gaze', { duration_s: 600, affect: steady(valence, arousal) });
  const pupil = (arousal: number) => mean(eye(0, arousal).channels[4]);
  const blinks = (x: Float64Array) => {
    let count = 0;
    for (let i = 1; i < x.length; i++) if (Number.isNaN(x[i]) && !Number.isNaN(x[i - 1])) count++;
    return count;
  };

  it('widens the pupil with arousal', () => {
    expect((pupil(1) - pupil(-1)) / 2).toBeCloseTo(effects.pupil.arousal_mm, 1.3);
  });

  it('blinks as NaN in all channels at once, about as often as the person does', () => {
    const { channels } = eye(0, 0);
    const perMinute = blinks(channels[0]) / 10;
    expect(perMinute).toBeGreaterThan(11);
    expect(perMinute).toBeLessThan(19);
    const missing = mean(channels[4].map((value) => (Number.isNaN(value) ? 1 : 0)));
    expect(missing).toBeGreaterThan(0.02);
    expect(missing).toBeLessThan(0.1);
  });

  it('blinks more with arousal, less with valence', () => {
    expect(blinks(eye(0, 1).channels[0])).toBeGreaterThan(blinks(eye(0, -1).channels[0]));
    expect(blinks(eye(1, 0).channels[0])).toBeLessThan(blinks(eye(-1, 0).channels[0]));
  });

  it('keeps gaze on the screen and moves it by saccades', () => {
    const { channels, sfreq } = eye(0, 0);
    expect(Math.max(...channels[0].filter((value) => !Number.isNaN(value)))).toBeLessThan(20);
    const speed = channels[0].subarray(1).map((value, i) => Math.abs(value - channels[0][i]) * sfreq);
    const fast = mean(speed.map((value) => (value > 45 ? 1 : 0)));
    expect(fast).toBeGreaterThan(0.05);
    expect(fast).toBeLessThan(0.4);
  });

  it('shows the same blinks in the frontal EEG', () => {
    const { channels } = eye(0, 0);
    const eeg = record('eeg', { duration_s: 600, affect: steady(0, 0) });
    const af3 = eeg.channels[eeg.labels.indexOf('AF3')];
    const during: number[] = [];
    const outside: number[] = [];
    for (let i = 0; i < af3.length; i++) {
      const at = Math.floor((i / eeg.sfreq) * 60);
      const isShut = [0, 1, 4, 5].every((c) => Number.isNaN(channels[c][at]));
      (isShut ? during : outside).push(af3[i]);
    }
    expect(mean(during) - mean(outside)).toBeGreaterThan(30);
  });
});

describe('heart', () => {
  const rate = (id: 'ecg' | 'ppg', arousal: number) => {
    const { channels, sfreq } = record(id, { duration_s: 240, affect: steady(0, arousal) });
    const x = channels[0];
    // The upstroke of the R wave or of the pulse; the reflected wave rises by less.
    const rise = id === 'ecg' ? { span: 0.03, size: 0.5 } : { span: 0.12, size: 0.35 };
    const span = Math.round(rise.span * sfreq);
    let beats = 0;
    let last = -sfreq;
    for (let i = span; i < x.length; i++)
      if (x[i] - x[i - span] > rise.size && i - last > 0.45 * sfreq) {
        beats++;
        last = i;
      }
    return beats / 4;
  };

  it('beats faster with arousal', () => {
    expect(rate('ecg', 0)).toBeGreaterThan(averagePerson.heartRate_per_min - 3);
    expect(rate('ecg', 0)).toBeLessThan(averagePerson.heartRate_per_min + 3);
    const moved = (rate('ecg', 1) - rate('ecg', -1)) / 2;
    expect(moved).toBeGreaterThan(effects.heart.rate_arousal_per_min - 1.5);
    expect(moved).toBeLessThan(effects.heart.rate_arousal_per_min + 1.5);
  });

  it('shows the same beats at the finger, weaker with arousal', () => {
    expect(Math.abs(rate('ppg', 0) - rate('ecg', 0))).toBeLessThan(2);
    const size = (arousal: number) => {
      const { channels } = record('ppg', { duration_s: 240, affect: steady(0, arousal) });
      const sorted = Float64Array.from(channels[0]).sort();
      return sorted[Math.floor(0.95 * sorted.length)] - sorted[Math.floor(0.2 * sorted.length)];
    };
    expect(size(1)).toBeLessThan(0.85 * size(-1));
  });
});

describe('skin', () => {
  /** Rises of more than 0.05 uS within a second, counted once each. */
  const responses = (arousal: number) => {
    const { channels, sfreq } = record('eda', { duration_s: 600, affect: steady(0, arousal) });
    let count = 0;
    let quiet = 0;
    for (let i = sfreq; i < channels[0].length; i++) {
      const isRising = channels[0][i] - channels[0][i - sfreq] > 0.05;
      if (isRising && quiet > sfreq / 4) count++;
      quiet = isRising ? 0 : quiet + 1;
    }
    return count / 10;
  };

  it('responds more often with arousal, and never stops', () => {
    const { rate_per_min, rate_arousal } = effects.skinConductance;
    const calm = responses(-1);
    const aroused = responses(1);
    expect(calm).toBeGreaterThan(0.4 * rate_per_min * Math.exp(-rate_arousal));
    expect(calm).toBeLessThan(1.3 * rate_per_min * Math.exp(-rate_arousal));
    // Responses overlap when they are many: fewer are counted than there are.
    expect(aroused).toBeGreaterThan(2.5 * calm);
    expect(aroused).toBeLessThan(1.1 * rate_per_min * Math.exp(rate_arousal));
  });

  it('cools with arousal, some 15 s late', () => {
    const temperature = (arousal: number) =>
      mean(record('temp', { duration_s: 1200, affect: steady(0, arousal) }).channels[0]);
    expect((temperature(1) - temperature(-1)) / 2).toBeCloseTo(effects.skinTemperature.arousal_degc, 2);
    const step = { valence: () => 0, arousal: (t: number) => (t < 60 ? -1 : 1) };
    const { channels, sfreq } = record('temp', { duration_s: 120, affect: step });
    const still = record('temp', { duration_s: 120, affect: steady(0, -1) });
    const fall = channels[0].map((value, i) => value - still.channels[0][i]);
    expect(fall[65 * sfreq]).toBeCloseTo(0, 5);
    const half = fall.findIndex((value) => value < effects.skinTemperature.arousal_degc);
    expect(half / sfreq - 60).toBeGreaterThan(9);
    expect(half / sfreq - 60).toBeLessThan(18);
  });
});

describe('facial muscle', () => {
  const lnRms = (valence: number) =>
    record('emg', { duration_s: LONG_S, affect: steady(valence, 0) }).channels.map((x) =>
      Math.log(deviation(x)),
    );

  it('frowns linearly and smiles one-sidedly', () => {
    const [low, middle, high] = [lnRms(-1), lnRms(0), lnRms(1)];
    expect(high[0] - middle[0]).toBeGreaterThan(3 * (middle[0] - low[0]));
    expect(high[0] - middle[0]).toBeGreaterThan(0.4);
    expect((high[1] - low[1]) / 2).toBeLessThan(0.8 * effects.muscle.corrugator_valence);
    expect((high[1] - low[1]) / 2).toBeGreaterThan(1.2 * effects.muscle.corrugator_valence);
    expect(Math.abs(high[1] - middle[1] - (middle[1] - low[1]))).toBeLessThan(0.15);
  });
});
