import { fftPairOf } from './choose-fft-pair.js';
import type { FftPair } from './fft-pair.js';
import { hannWindow, nextPowerOfTwo } from './periodogram.js';

/**
 * One-sided power density of windows of `length` samples at `sfreq`, averaged over segments of `segment` samples that
 * overlap by half: periodic Hann, each segment's mean taken out, zero-padded to the smallest power of two that holds it.
 * Equal to `scipy.signal.welch(x, fs, nperseg=segment, nfft=N)`.
 */
export class Welch {
  readonly #fft: FftPair;
  readonly #window: Float64Array;
  /** The segments at hand. */
  readonly #centred: readonly [Float64Array, Float64Array];
  readonly #scale: number;
  readonly #step: number;
  readonly #segments: number;
  /** Bin k is at k * bin_hz, k = 0 ... `bins` - 1. */
  readonly bin_hz: number;
  readonly bins: number;

  constructor(
    readonly length: number,
    sfreq: number,
    readonly segment: number,
  ) {
    const size = Math.max(4, nextPowerOfTwo(segment));
    this.#fft = fftPairOf(size);
    this.#window = hannWindow(segment);
    this.#centred = [new Float64Array(segment), new Float64Array(segment)];
    this.#step = segment - Math.floor(segment / 2);
    this.#segments = length < segment ? 0 : 1 + Math.floor((length - segment) / this.#step);
    this.bin_hz = sfreq / size;
    this.bins = size / 2 + 1;
    const energy = this.#window.reduce((sum, w) => sum + w * w, 0);
    this.#scale = 1 / (sfreq * energy * this.#segments);
  }

  /**
   * Writes the densities of bins `from` (inclusive) to `to` (exclusive) of `first` [length] to `one` [bins], and those
   * of `second` to `other`, in the square of the signal's unit per Hz; NaN where a sample is NaN. Neither signal changes
   * the other's bits.
   */
  compute(
    first: Float64Array,
    one: Float64Array,
    second: Float64Array,
    other: Float64Array,
    from: number,
    to: number,
  ): void {
    one.fill(this.#segments > 0 ? 0 : Number.NaN);
    other.fill(this.#segments > 0 ? 0 : Number.NaN);
    const { size } = this.#fft;
    for (let s = 0; s < this.#segments; s++) {
      const at = s * this.#step;
      centre(first, at, this.#centred[0]);
      centre(second, at, this.#centred[1]);
      this.#fft.transform(this.#window, ...this.#centred);
      for (let k = from; k < to; k++) {
        // The one-sided density holds 0 Hz and Nyquist once.
        const sides = k === 0 || 2 * k === size ? 1 : 2;
        const power = this.#fft.power(k, k + 1);
        one[k] += sides * this.#scale * power[0];
        other[k] += sides * this.#scale * power[1];
      }
    }
  }
}

/** Writes the samples of `x` from `at` on, without their mean, to `out`. */
function centre(x: Float64Array, at: number, out: Float64Array): void {
  const n = out.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += x[at + i];
  const mean = sum / n;
  for (let i = 0; i < n; i++) out[i] = x[at + i] - mean;
}
