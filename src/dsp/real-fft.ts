import { ComplexFft } from './complex-fft.js';

/**
 * Power of chosen bins of a real signal's discrete Fourier transform, float64.
 *
 * A real signal of `size` samples is read as `size / 2` complex ones and transformed; the bins asked for are then
 * untangled one by one. Channels are never paired in one complex transform: a channel full of garbage would
 * otherwise reach its neighbour through rounding.
 */
export class RealFft {
  /** [size] the signal; the caller writes it, {@link power} does not change it. */
  readonly input: Float64Array;
  readonly #fft: ComplexFft;
  #spectrum: Float64Array;
  readonly #half: number;
  /** cos and sin of 2 pi k / size. */
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;

  /** `size`: a power of two, 4 or more. */
  constructor(readonly size: number) {
    this.#half = size / 2;
    this.#fft = new ComplexFft(this.#half);
    this.input = new Float64Array(size);
    this.#spectrum = this.input;
    this.#cos = new Float64Array(this.#half);
    this.#sin = new Float64Array(this.#half);
    for (let k = 0; k < this.#half; k++) {
      this.#cos[k] = Math.cos((2 * Math.PI * k) / size);
      this.#sin[k] = Math.sin((2 * Math.PI * k) / size);
    }
  }

  /** Transforms {@link input}; {@link power} then reads the result. */
  transform(): void {
    this.#spectrum = this.#fft.transform(this.input);
  }

  /** Sum of |X_k|^2 over bins `from` (inclusive) to `to` (exclusive), 0 <= from <= to <= size / 2 + 1. */
  power(from: number, to: number): number {
    const half = this.#half;
    const z = this.#spectrum;
    const cos = this.#cos;
    const sin = this.#sin;
    let sum = 0;
    // Bins 0 and half are real, and both come from the first complex value.
    if (from === 0 && to > 0) sum += square(z[0] + z[1]);
    if (from <= half && to > half) sum += square(z[0] - z[1]);
    let doubled = 0;
    for (let k = Math.max(1, from); k < to && k < half; k++) {
      const i = 2 * k;
      const j = 2 * (half - k);
      // Even samples' transform E and odd samples' transform O, each doubled: X = (E + exp(-2 pi i k / size) O) / 2.
      const evenRe = z[i] + z[j];
      const evenIm = z[i + 1] - z[j + 1];
      const oddRe = z[i + 1] + z[j + 1];
      const oddIm = z[j] - z[i];
      const c = cos[k];
      const s = sin[k];
      const re = evenRe + c * oddRe + s * oddIm;
      const im = evenIm + c * oddIm - s * oddRe;
      doubled += re * re + im * im;
    }
    return sum + doubled / 4;
  }
}

function square(x: number): number {
  return x * x;
}
