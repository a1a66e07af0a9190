import { type FftKernel, fftKernelOn, PAIR_BYTES, TWIDDLE_BYTES, type WindowedPass } from './fft-kernel.js';
import type { FftPair } from './fft-pair.js';

const PAGE_BYTES = 65536;
const LANE_BYTES = 8;
/** Two samples of one signal: real and imaginary part of what is transformed. */
const COMPLEX_BYTES = 2 * LANE_BYTES;

/** One pass: `count` butterflies of `radix` over `stride` interleaved transforms. */
interface Stage {
  readonly radix: 2 | 4 | 8;
  readonly count: number;
  readonly stride: number;
  /** Address of [count, radix - 1] twiddles. */
  readonly twiddles: number;
}

/** Radix 8 reads at least this many of a butterfly's inputs in the first pass, zeros or not. */
const FEWEST_INPUTS = 4;

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
  readonly #kernel: FftKernel;
  readonly #stages: readonly Stage[];
  readonly #buffers: readonly [number, number];
  /** Addresses of window and samples, `size` float64 each, zero from {@link #length} on. */
  readonly #window: number;
  readonly #rows: readonly [number, number];
  /** Address of cos and sin of 2 pi k / size, k < size / 2. */
  readonly #table: number;
  /** Both channels' sums, where the kernel leaves them. */
  readonly #sums: Float64Array;
  readonly #half: number;
  readonly #values: Float64Array;
  /** The window that lies at {@link #window}. */
  #loaded: Float64Array | null = null;
  #spectrum = 0;

  /** `kernel`: of `compileFftKernel`. */
  constructor(
    readonly size: number,
    kernel: WebAssembly.Module,
  ) {
    const half = size / 2;
    this.#half = half;
    let end = 0;
    const take = (length: number) => {
      end += length;
      return end - length;
    };
    this.#window = take(size * LANE_BYTES);
    this.#rows = [take(size * LANE_BYTES), take(size * LANE_BYTES)];
    this.#buffers = [take(half * PAIR_BYTES), take(half * PAIR_BYTES)];
    const sums = take(PAIR_BYTES);
    this.#table = take(half * TWIDDLE_BYTES);
    this.#stages = stagesOf(half, take);
    const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE_BYTES) });
    this.#values = new Float64Array(memory.buffer);
    this.#sums = this.#values.subarray(sums / LANE_BYTES, sums / LANE_BYTES + 2);
    this.#fillTables();
    this.#kernel = fftKernelOn(kernel, memory);
  }

  transform(window: Float64Array, first: Float64Array, second: Float64Array): void {
    const values = this.#values;
    if (window !== this.#loaded) this.#load(window);
    values.set(first, this.#rows[0] / LANE_BYTES);
    values.set(second, this.#rows[1] / LANE_BYTES);
    this.#firstPass(window.length);
    let from = this.#buffers[0];
    const stages = this.#stages;
    for (let i = 1; i < stages.length; i++) {
      const { radix, count, stride, twiddles } = stages[i];
      const to = this.#buffers[i % 2];
      const kernel = this.#kernel;
      // Twiddles of a pass with one butterfly are 1.
      if (radix === 8) (count > 1 ? kernel.pass8 : kernel.last8)(from, to, twiddles, count, stride);
      else (radix === 4 ? kernel.last4 : kernel.last2)(from, to, twiddles, count, stride);
      from = to;
    }
    this.#spectrum = from;
  }

  #load(window: Float64Array): void {
    for (const row of [this.#window, ...this.#rows])
      this.#values.fill(0, row / LANE_BYTES, row / LANE_BYTES + this.size);
    this.#values.set(window, this.#window / LANE_BYTES);
    this.#loaded = window;
  }

  #firstPass(length: number): void {
    const kernel = this.#kernel;
    const { radix, count } = this.#stages[0];
    if (radix < 8) {
      this.#windowed(radix === 2 ? kernel.windowed2of2 : kernel.windowed4of4, 0, count);
      return;
    }
    const { windowed8of4, windowed8of5, windowed8of6, windowed8of7, windowed8of8 } = kernel;
    const byInputs = [windowed8of4, windowed8of5, windowed8of6, windowed8of7, windowed8of8];
    // The first butterflies may have one input more than the others.
    const complex = Math.ceil(length / 2);
    const inputs = Math.floor(complex / count);
    const more = inputs < FEWEST_INPUTS ? 0 : complex % count;
    if (more > 0) this.#windowed(byInputs[inputs + 1 - FEWEST_INPUTS], 0, more);
    this.#windowed(byInputs[Math.max(0, inputs - FEWEST_INPUTS)], more, count - more);
  }

  /** Butterflies `from` to `from + count` of the first pass. */
  #windowed(pass: WindowedPass, from: number, count: number): void {
    const { radix, count: all, twiddles } = this.#stages[0];
    const at = from * COMPLEX_BYTES;
    pass(
      this.#rows[0] + at,
      this.#rows[1] + at,
      this.#window + at,
      this.#buffers[0] + from * radix * PAIR_BYTES,
      twiddles + from * (radix - 1) * TWIDDLE_BYTES,
      count,
      all * COMPLEX_BYTES,
    );
  }

  power(from: number, to: number): Float64Array {
    const half = this.#half;
    const sums = this.#sums;
    const first = Math.max(1, from);
    const count = Math.min(to, half) - first;
    if (count > 0) {
      const i = this.#spectrum + first * PAIR_BYTES;
      const j = this.#spectrum + (half - first) * PAIR_BYTES;
      this.#kernel.power(i, j, this.#table + first * TWIDDLE_BYTES, count, sums.byteOffset);
      sums[0] /= 4;
      sums[1] /= 4;
    } else sums.fill(0);
    // Bins 0 and half are real, and both come from the first complex value.
    if (from === 0 && to > 0) this.#addReal(1);
    if (from <= half && to > half) this.#addReal(-1);
    return sums;
  }

  #addReal(sign: 1 | -1): void {
    const at = this.#spectrum / LANE_BYTES;
    for (let lane = 0; lane < 2; lane++) {
      const x = this.#values[at + lane] + sign * this.#values[at + 2 + lane];
      this.#sums[lane] += x * x;
    }
  }

  #fillTables(): void {
    const write = (address: number, angle: number) => {
      this.#values[address / LANE_BYTES] = Math.cos(angle);
      this.#values[address / LANE_BYTES + 1] = Math.sin(angle);
    };
    for (let k = 0; k < this.#half; k++)
      write(this.#table + k * TWIDDLE_BYTES, (2 * Math.PI * k) / this.size);
    for (const { radix, count, twiddles } of this.#stages) {
      const n = count * radix;
      for (let p = 0, address = twiddles; p < count; p++)
        for (let k = 1; k < radix; k++, address += TWIDDLE_BYTES)
          write(address, (-2 * Math.PI * ((p * k) % n)) / n);
    }
  }
}

function stagesOf(size: number, take: (bytes: number) => number): Stage[] {
  const stages: Stage[] = [];
  for (let n = size, stride = 1; n > 1; ) {
    const radix = n % 8 === 0 ? 8 : n % 4 === 0 ? 4 : 2;
    const count = n / radix;
    stages.push({ radix, count, stride, twiddles: take(count * (radix - 1) * TWIDDLE_BYTES) });
    n = count;
    stride *= radix;
  }
  return stages;
}
