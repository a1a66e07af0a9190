import { BandPower } from './periodogram.js';

/** What a window of one channel is worth. Shares are 0..1; what can't be told is NaN. */
export interface SignalQuality {
  /** Share of the measured samples in runs of half a second or more without any change. */
  readonly flat: number;
  /** Share of the measured samples in runs of three or more at the window's largest or smallest value, flat ones left out. */
  readonly railed: number;
  /** Shares of the power above 1 Hz that lie within 1 Hz of 50 and of 60 Hz. */
  readonly line_50: number;
  readonly line_60: number;
  /** Share of the power above 1 Hz that lies above 30 Hz, mains and what is next to it left out. */
  readonly high_frequency: number;
  /** Root mean square above 1 Hz, in the channel's unit. */
  readonly amplitude: number;
}

const FLAT_RUN_S = 0.5;
const RAILED_RUN = 3;
const LOWEST_HZ = 1;
const HIGH_HZ = 30;
/** Half width of a mains line under the Hann window, Hz. */
const LINE_HZ = 1;
const lines_hz = [50, 60] as const;
/** A change below this share of the largest value is rounding. */
const ROUNDING = 1e-12;

/** Measures windows of `length` samples at `sfreq`, one channel at a time. The spectrum needs every sample, at least 1 s of them. */
export class SignalQualityMeter {
  readonly #power: BandPower;
  readonly #flatRun: number;
  readonly #centred: Float64Array;
  /** Power above 1 Hz; above 30 Hz; around each line that the rate reaches. */
  readonly #sums = new Float64Array(2 + lines_hz.length);
  readonly #spectral: boolean;

  constructor(
    readonly length: number,
    readonly sfreq: number,
  ) {
    const nyquist = sfreq / 2;
    this.#power = new BandPower(length, sfreq, [
      { low_hz: LOWEST_HZ, high_hz: nyquist },
      { low_hz: HIGH_HZ, high_hz: nyquist },
      ...lines_hz.map((line) => ({ low_hz: line - LINE_HZ, high_hz: line + LINE_HZ })),
    ]);
    this.#flatRun = Math.max(2, Math.round(FLAT_RUN_S * sfreq));
    this.#centred = new Float64Array(length);
    this.#spectral = length >= sfreq && nyquist > LOWEST_HZ;
  }

  /** `samples` [n], n up to `length`; NaN where missing. */
  measure(samples: Float64Array): SignalQuality {
    return { ...this.#runs(samples), ...this.#spectrum(samples) };
  }

  #runs(samples: Float64Array): Pick<SignalQuality, 'flat' | 'railed'> {
    let [low, high, measured] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
    for (const x of samples) {
      if (x - x !== 0) continue;
      measured++;
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
    if (measured === 0) return { flat: Number.NaN, railed: Number.NaN };
    let [flat, railed] = [0, 0];
    for (let from = 0, to = 0; from < samples.length; from = to) {
      for (to = from + 1; to < samples.length && samples[to] === samples[from]; ) to++;
      const run = to - from;
      const x = samples[from];
      if (run >= this.#flatRun) flat += x - x === 0 ? run : 0;
      else if (run >= RAILED_RUN && low < high && (x === low || x === high)) railed += run;
    }
    return { flat: flat / measured, railed: railed / measured };
  }

  #spectrum(samples: Float64Array): Omit<SignalQuality, 'flat' | 'railed'> {
    const unknown = {
      line_50: Number.NaN,
      line_60: Number.NaN,
      high_frequency: Number.NaN,
      amplitude: Number.NaN,
    };
    if (!this.#spectral || samples.length !== this.length) return unknown;
    let mean = 0;
    for (const x of samples) mean += x / samples.length;
    let largest = 0;
    for (let i = 0; i < samples.length; i++) {
      this.#centred[i] = samples[i] - mean;
      largest = Math.max(largest, Math.abs(this.#centred[i]));
    }
    if (!(mean - mean === 0) || Number.isNaN(largest)) return unknown;
    if (largest <= ROUNDING * Math.abs(mean)) return { ...unknown, amplitude: 0 };
    this.#power.compute(this.#centred, this.#sums, 0);
    const [total, high, ...lines] = this.#sums;
    const within = (line: number) => line + LINE_HZ <= this.sfreq / 2;
    const share = lines.map((power, i) => (within(lines_hz[i]) ? power / total : Number.NaN));
    const mains = lines.reduce((sum, power, i) => sum + (within(lines_hz[i]) ? power : 0), 0);
    return {
      line_50: share[0],
      line_60: share[1],
      high_frequency: this.sfreq / 2 > HIGH_HZ ? Math.max(0, high - mains) / total : Number.NaN,
      amplitude: Math.sqrt(total),
    };
  }
}
