import {
  compileResamplerKernel,
  RESAMPLER_LANES,
  type ResamplerKernel,
} from '../../wasm/resampler-kernel.js';

const PAGE_BYTES = 65536;
const LANE_BYTES = 8;

/** The weighted sums of `RationalResampler`, eight channels at a time in 128-bit vectors, to the same bits. */
export class ResamplerVectors {
  readonly #weigh: ResamplerKernel;
  readonly #memory: WebAssembly.Memory;
  #values: Float64Array;
  /** The taps that the memory begins with. */
  #loaded: Float64Array | null = null;

  private constructor(weigh: ResamplerKernel, memory: WebAssembly.Memory) {
    this.#weigh = weigh;
    this.#memory = memory;
    this.#values = new Float64Array(memory.buffer);
  }

  /** Null where `runtime` does not run the kernel. */
  static create(runtime?: typeof WebAssembly | null): ResamplerVectors | null {
    const compiled = compileResamplerKernel(runtime);
    return compiled && new ResamplerVectors(compiled.weigh, compiled.memory);
  }

  /**
   * Output k is the sum of taps `rows[k]` to `rows[k] + taps` of `phases`, which never change, times inputs `firsts[k]`
   * and on of `line` [inputs, 8]. Gives [outputs, 8] in an array that the next call writes over.
   */
  process(
    phases: Float64Array,
    taps: number,
    line: Float64Array,
    rows: Int32Array,
    firsts: Int32Array,
  ): Float64Array {
    const lineAt = phases.length;
    const outputAt = lineAt + line.length;
    const end = outputAt + rows.length * RESAMPLER_LANES;
    this.#reserve(end);
    if (phases !== this.#loaded) this.#values.set(phases);
    this.#loaded = phases;
    this.#values.set(line, lineAt);
    for (let k = 0; k < rows.length; k++)
      this.#weigh(
        rows[k] * LANE_BYTES,
        (lineAt + firsts[k] * RESAMPLER_LANES) * LANE_BYTES,
        (outputAt + k * RESAMPLER_LANES) * LANE_BYTES,
        taps,
      );
    return this.#values.subarray(outputAt, end);
  }

  #reserve(length: number): void {
    const missing = length - this.#values.length;
    if (missing <= 0) return;
    this.#memory.grow(Math.ceil((missing * LANE_BYTES) / PAGE_BYTES));
    this.#values = new Float64Array(this.#memory.buffer);
  }
}

let shared: ResamplerVectors | null | undefined;

/** The process's one, null where there are no vectors: it holds nothing between calls. */
export function resamplerVectors(): ResamplerVectors | null {
  if (shared === undefined) shared = ResamplerVectors.create();
  return shared;
}
