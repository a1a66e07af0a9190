import { fftPairOf } from './choose-fft-pair.js';
import type { FftPair } from './fft-pair.js';

/** Smallest power of two >= n. */
export function nextPowerOfTwo(n: number): number {
  let size = 1;
  while (size < n) size *= 2;
  return size;
}

/** Periodic Hann window of `n` samples (`scipy.signal.windows.hann(n, sym=False)`). */
export function hannWindow(n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n));
}

/** Frequencies `low_hz` <= f < `high_hz`. */
export interface FrequencyBand {
  readonly low_hz: number;
  readonly high_hz: number;
}

/** Bins `from` (inclusive) to `to` (exclusive). */
interface Bins {
  readonly from: number;
  readonly to: number;
  /** Those that the one-sided density holds once: 0 Hz and Nyquist. */
  readonly single: readonly number[];
}

/**
 * Band power of a window of `length` samples at `sfreq`: periodic Hann, zero-padded to the smallest power of two that
 * holds it, one-sided density summed over the band times the bin width, in the square of the signal's unit. Equal to
 * `scipy.signal.periodogram(x, fs, window='hann', nfft=N, detrend=False, scaling='density')` summed likewise.
 */
export class BandPower {
  readonly #fft: FftPair;
  readonly #window: Float64Array;
  readonly #bins: readonly Bins[];
  readonly #scale: number;
  readonly length: number;

  constructor(
    length: number,
    sfreq: number,
    bands: readonly FrequencyBand[],
    transformOf: (size: number) => FftPair = fftPairOf,
  ) {
    this.length = length;
    const size = Math.max(4, nextPowerOfTwo(length));
    this.#fft = transformOf(size);
    this.#window = hannWindow(length);
    const bin_hz = sfreq / size;
    this.#bins = bands.map(({ low_hz, high_hz }) => {
      const [from, to] = [low_hz, high_hz].map((edge_hz) => firstBin(edge_hz, bin_hz, size));
      return { from, to, single: [0, size / 2].filter((k) => from <= k && k < to) };
    });
    const energy = this.#window.reduce((sum, w) => sum + w * w, 0);
    this.#scale = (1 / (sfreq * energy)) * bin_hz;
  }

  /**
   * Writes each band's power of `first` [length] to `out` from `atFirst` on, and that of `second` from `atSecond` on;
   * NaN where a sample is NaN. Two at once cost what one does, and neither changes the other.
   */
  compute(
    first: Float64Array,
    out: Float64Array,
    atFirst: number,
    second: Float64Array = first,
    atSecond: number = atFirst,
  ): void {
    this.#fft.transform(this.#window, first, second);
    for (let b = 0; b < this.#bins.length; b++) {
      const { from, to, single } = this.#bins[b];
      const sums = this.#fft.power(from, to);
      let one = 2 * sums[0];
      let other = 2 * sums[1];
      for (let i = 0; i < single.length; i++) {
        const [x, y] = this.#fft.power(single[i], single[i] + 1);
        one -= x;
        other -= y;
      }
      out[atFirst + b] = one * this.#scale;
      out[atSecond + b] = other * this.#scale;
    }
  }
}

/** First bin at or above `edge_hz`; one past the last bin where there is none. */
function firstBin(edge_hz: number, bin_hz: number, size: number): number {
  let k = Math.min(Math.max(0, Math.floor(edge_hz / bin_hz) - 1), size / 2 + 1);
  while (k <= size / 2 && k * bin_hz < edge_hz) k++;
  return k;
}
