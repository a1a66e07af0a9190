import FFT from 'fft.js';
import type { FftPair } from './fft-pair.js';

/** The transform in plain JavaScript (fft.js), one signal at a time, for runtimes without the WebAssembly kernels. */
export class PortableFftPair implements FftPair {
  readonly #fft: FFT;
  readonly #signal: Float64Array;
  /** Real and imaginary parts in turn; fft.js fills the first half, which is all that a real signal has. */
  readonly #spectra: readonly [number[], number[]];
  readonly #sums = new Float64Array(2);

  constructor(readonly size: number) {
    this.#fft = new FFT(size);
    this.#signal = new Float64Array(size);
    this.#spectra = [this.#fft.createComplexArray(), this.#fft.createComplexArray()];
  }

  transform(window: Float64Array, ...signals: [first: Float64Array, second: Float64Array]): void {
    for (const [i, signal] of signals.entries()) {
      for (let n = 0; n < window.length; n++) this.#signal[n] = signal[n] * window[n];
      this.#signal.fill(0, window.length);
      this.#fft.realTransform(this.#spectra[i], this.#signal);
    }
  }

  power(from: number, to: number): Float64Array {
    for (const [i, spectrum] of this.#spectra.entries()) {
      let sum = 0;
      for (let k = from; k < to; k++)
        sum += spectrum[2 * k] * spectrum[2 * k] + spectrum[2 * k + 1] * spectrum[2 * k + 1];
      this.#sums[i] = sum;
    }
    return this.#sums;
  }
}
