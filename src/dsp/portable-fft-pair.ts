import FFT from 'fft.js';
import type { FftPair } from './fft-pair.js';

/** The transform in plain JavaScript (fft.js), one signal at a time, for runtimes without the WebAssembly kernels. */
export class PortableFftPair implements FftPair {
  readonly input: Float64Array;
  readonly #fft: FFT;
  readonly #signal: Float64Array;
  /** Real and imaginary parts in turn; fft.js fills the first half, which is all that a real signal has. */
  readonly #spectra: readonly [number[], number[]];
  readonly #sums = new Float64Array(2);

  constructor(readonly size: number) {
    this.input = new Float64Array(2 * size);
    this.#fft = new FFT(size);
    this.#signal = new Float64Array(size);
    this.#spectra = [this.#fft.createComplexArray(), this.#fft.createComplexArray()];
  }

  transform(): void {
    for (const [lane, spectrum] of this.#spectra.entries()) {
      for (let n = 0; n < this.size; n++) this.#signal[n] = this.input[2 * n + lane];
      this.#fft.realTransform(spectrum, this.#signal);
    }
  }

  power(from: number, to: number): Float64Array {
    for (const [lane, spectrum] of this.#spectra.entries()) {
      let sum = 0;
      for (let k = from; k < to; k++)
        sum += spectrum[2 * k] * spectrum[2 * k] + spectrum[2 * k + 1] * spectrum[2 * k + 1];
      this.#sums[lane] = sum;
    }
    return this.#sums;
  }
}
