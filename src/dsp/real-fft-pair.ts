import { type FftKernel, fftKernelOn, PAIR_BYTES, TWIDDLE_BYTES } from './fft-kernel.js';
import type { FftPair } from './fft-pair.js';

const PAGE_BYTES = 65536;
const LANE_BYTES = 8;

/** One pass: `count` butterflies of `radix` over `stride` interleaved transforms. */
interface Stage {
  readonly radix: 2 | 4 | 8;
  readonly count: number;
  readonly stride: number;
  /** Address of [count, radix - 1] twiddles. */
  readonly twiddles: number;
}

/**
 * The transform in 128-bit WebAssembly vectors.
 *
 * Each signal lies in its own lane of the vectors and is transformed as `size / 2` complex values; the
 * bins asked for are then untangled one by one. The lanes never meet: whatever one channel holds, the other's bits stay
 * the same. The transform is Stockham's self-sorting form in passes of radix 8 and a last one of 4 or 2 (Van Loan
 * 1992, Computational Frameworks for the Fast Fourier Transform, 1.7).
 */
export class RealFftPair implements FftPair {
  readonly input: Float64Array;
  readonly #kernel: FftKernel;
  readonly #stages: readonly Stage[];
  readonly #buffers: readonly [number, number];
  /** Address of cos and sin of 2 pi k / size, k < size / 2. */
  readonly #table: number;
  /** Both channels' sums, where the kernel leaves them. */
  readonly #sums: Float64Array;
  readonly #half: number;
  readonly #values: Float64Array;
  #spectrum = 0;

  /** `kernel`: of `compileFftKernel`. */
  constructor(
    readonly size: number,
    kernel: WebAssembly.Module,
  ) {
    const half = size / 2;
    this.#half = half;
    const bytes = half * PAIR_BYTES;
    let end = 0;
    const take = (length: number) => {
      end += length;
      return end - length;
    };
    const input = take(bytes);
    this.#buffers = [take(bytes), take(bytes)];
    const sums = take(PAIR_BYTES);
    this.#table = take(half * TWIDDLE_BYTES);
    this.#stages = stagesOf(half, take);
    const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE_BYTES) });
    this.#values = new Float64Array(memory.buffer);
    this.input = this.#values.subarray(input / LANE_BYTES, (input + bytes) / LANE_BYTES);
    this.#sums = this.#values.subarray(sums / LANE_BYTES, sums / LANE_BYTES + 2);
    this.#fillTables();
    this.#kernel = fftKernelOn(kernel, memory);
  }

  transform(): void {
    let from = this.input.byteOffset;
    for (const [i, { radix, count, stride, twiddles }] of this.#stages.entries()) {
      const to = this.#buffers[i % 2];
      const run = radix === 8 ? this.#kernel.pass8 : radix === 4 ? this.#kernel.pass4 : this.#kernel.pass2;
      run(from, to, twiddles, count, stride);
      from = to;
    }
    this.#spectrum = from;
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
