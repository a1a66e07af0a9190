import { compileFftKernel, FEWEST_INPUTS, type FftKernel } from '../../wasm/fft-kernel.js';
import { type FftLayout, fftLayout, LANE_BYTES, TWIDDLE_BYTES } from '../../wasm/fft-layout.js';
import type { FftPair } from './fft-pair.js';

/**
 * The transform in 128-bit WebAssembly vectors.
 *
 * Each signal lies in its own lane of the vectors and is transformed as `size / 2` complex values; the
 * bins asked for are then untangled one by one. The lanes never meet: whatever one channel holds, the other's bits stay
 * the same. The transform is Stockham's self-sorting form in passes of radix 8 and a last one of 4 or 2 (Van Loan
 * 1992, Computational Frameworks for the Fast Fourier Transform, 1.7). The first pass windows the samples and leaves out
 * the zeros after them.
 */
export class RealFftPair implements FftPair {
  readonly #layout: FftLayout;
  readonly #kernel: FftKernel;
  readonly #values: Float64Array;
  readonly #sums: Float64Array;
  /** The window that the memory holds. */
  #window: Float64Array | null = null;

  private constructor(layout: FftLayout, kernel: FftKernel, values: Float64Array) {
    this.#layout = layout;
    this.#kernel = kernel;
    this.#values = values;
    this.#sums = values.subarray(layout.sums / LANE_BYTES, layout.sums / LANE_BYTES + 2);
    this.#fillTables();
  }

  /** Null where `runtime` does not run the kernels. */
  static create(size: number, runtime?: typeof WebAssembly | null): RealFftPair | null {
    const layout = fftLayout(size);
    const compiled = compileFftKernel(layout, runtime);
    return compiled && new RealFftPair(layout, compiled.kernel, new Float64Array(compiled.memory.buffer));
  }

  get size(): number {
    return this.#layout.size;
  }

  transform(window: Float64Array, first: Float64Array, second: Float64Array): void {
    const { rows } = this.#layout;
    if (window !== this.#window) this.#load(window);
    this.#values.set(first, rows[0] / LANE_BYTES);
    this.#values.set(second, rows[1] / LANE_BYTES);
    this.#firstPass(window.length);
    this.#kernel.passes();
  }

  power(from: number, to: number): Float64Array {
    const { half } = this.#layout;
    const sums = this.#sums;
    const first = Math.max(1, from);
    const count = Math.min(to, half) - first;
    if (count > 0) {
      this.#kernel.power(first, count);
      sums[0] /= 4;
      sums[1] /= 4;
    } else sums.fill(0);
    // Bins 0 and half are real, and both come from the first complex value.
    if (from === 0 && to > 0) this.#addReal(1);
    if (from <= half && to > half) this.#addReal(-1);
    return sums;
  }

  #addReal(sign: 1 | -1): void {
    const at = this.#layout.spectrum / LANE_BYTES;
    for (let lane = 0; lane < 2; lane++) {
      const x = this.#values[at + lane] + sign * this.#values[at + 2 + lane];
      this.#sums[lane] += x * x;
    }
  }

  /** What lies beyond the window is zero from here on: rows hold no more samples than it does. */
  #load(window: Float64Array): void {
    const { size, rows } = this.#layout;
    const at = this.#layout.window / LANE_BYTES;
    for (const row of [at, ...rows.map((address) => address / LANE_BYTES)])
      this.#values.fill(0, row + window.length, row + size);
    this.#values.set(window, at);
    this.#window = window;
  }

  #firstPass(length: number): void {
    const { radix, count } = this.#layout.stages[0];
    const { windowed } = this.#kernel;
    if (radix < 8) {
      windowed.get(radix)?.(0, count);
      return;
    }
    // The first butterflies may have one input more than the others.
    const complex = Math.ceil(length / 2);
    const inputs = Math.floor(complex / count);
    const more = inputs < FEWEST_INPUTS ? 0 : complex % count;
    if (more > 0) windowed.get(inputs + 1)?.(0, more);
    windowed.get(Math.max(FEWEST_INPUTS, inputs))?.(more, count - more);
  }

  #fillTables(): void {
    const { size, half, stages, table } = this.#layout;
    const write = (address: number, angle: number) => {
      this.#values[address / LANE_BYTES] = Math.cos(angle);
      this.#values[address / LANE_BYTES + 1] = Math.sin(angle);
    };
    for (let k = 0; k < half; k++) write(table + k * TWIDDLE_BYTES, (2 * Math.PI * k) / size);
    for (const { radix, count, twiddles } of stages) {
      const n = count * radix;
      for (let p = 0, address = twiddles; p < count; p++)
        for (let k = 1; k < radix; k++, address += TWIDDLE_BYTES)
          write(address, (-2 * Math.PI * ((p * k) % n)) / n);
    }
  }
}
