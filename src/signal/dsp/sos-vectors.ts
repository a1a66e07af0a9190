import { COEFFICIENTS, compileSosKernels, MOST_SECTIONS, type SosKernel } from '../../wasm/sos-kernel.js';
import type { RowFilter, Section } from './sos-filter.js';

const PAGE_BYTES = 65536;
const LANE_BYTES = 8;
const LANES = 2;
const DELAYS = 2;
/** Sections that the memory has room for. */
const CAPACITY_SECTIONS = 64;
/** Samples of all rows that the memory has room for: what the processor's caches hold. */
const CAPACITY_SAMPLES = 8192;

/** Where everything lies in the memory, in float64. */
const SUMS_AT = 0;
const COEFFICIENTS_AT = LANES;
const DELAYS_AT = COEFFICIENTS_AT + CAPACITY_SECTIONS * COEFFICIENTS;
const ROWS_AT = DELAYS_AT + CAPACITY_SECTIONS * DELAYS * LANES;
const LENGTH = ROWS_AT + CAPACITY_SAMPLES;

/** A cascade of second-order sections over rows of samples, two rows at a time in the lanes of 128-bit vectors. */
export class SosVectors implements RowFilter {
  readonly #kernels: readonly SosKernel[];
  readonly #values: Float64Array;

  private constructor(kernels: readonly SosKernel[], memory: WebAssembly.Memory) {
    this.#kernels = kernels;
    this.#values = new Float64Array(memory.buffer);
  }

  /** Null where `runtime` does not run the kernels. */
  static create(runtime?: typeof WebAssembly | null): SosVectors | null {
    const compiled = compileSosKernels(Math.ceil((LENGTH * LANE_BYTES) / PAGE_BYTES), runtime);
    return compiled && new SosVectors(compiled.kernels, compiled.memory);
  }

  /** Whether a cascade of that many sections fits in. */
  holds(sections: number): boolean {
    return sections > 0 && sections <= CAPACITY_SECTIONS;
  }

  process(
    sections: readonly Section[],
    delays: Float64Array,
    input: Float64Array,
    output: Float64Array,
    n: number,
    undone: Uint8Array,
  ): void {
    const values = this.#values;
    for (let i = 0, at = COEFFICIENTS_AT; i < sections.length; i++) {
      const { b0, b1, b2, a1, a2 } = sections[i];
      values[at++] = b0;
      values[at++] = b1;
      values[at++] = b2;
      values[at++] = a1;
      values[at++] = a2;
    }
    const rows = undone.length;
    // Rows that fit in together are copied at once; one that is too long comes in pieces.
    const length = Math.min(n, CAPACITY_SAMPLES / LANES);
    const together = length < n ? LANES : LANES * Math.floor(CAPACITY_SAMPLES / LANES / n);
    for (let row = 0; row < rows; row += together) {
      const count = Math.min(together, rows - row);
      if (length === n) {
        values.set(input.subarray(row * n, (row + count) * n), ROWS_AT);
        for (let r = 0; r < count; r += LANES) {
          this.#begin(sections.length, delays, row + r, rows);
          this.#run(sections.length, ROWS_AT + r * n, n, row + r + 1 < rows);
          this.#end(sections.length, delays, row + r, undone);
        }
        output.set(values.subarray(ROWS_AT, ROWS_AT + count * n), row * n);
        continue;
      }
      this.#begin(sections.length, delays, row, rows);
      for (let from = 0; from < n; from += length) {
        const to = Math.min(from + length, n);
        for (let r = 0; r < count; r++)
          values.set(input.subarray((row + r) * n + from, (row + r) * n + to), ROWS_AT + r * (to - from));
        this.#run(sections.length, ROWS_AT, to - from, count > 1);
        for (let r = 0; r < count; r++) {
          const at = ROWS_AT + r * (to - from);
          output.set(values.subarray(at, at + to - from), (row + r) * n + from);
        }
      }
      this.#end(sections.length, delays, row, undone);
    }
  }

  /** Fetches the states of `row` and the next one. */
  #begin(sections: number, delays: Float64Array, row: number, rows: number): void {
    const values = this.#values;
    const each = sections * DELAYS;
    const other = row + 1 < rows ? row + 1 : row;
    for (let i = 0; i < each; i++) {
      values[DELAYS_AT + i * LANES] = delays[row * each + i];
      values[DELAYS_AT + i * LANES + 1] = delays[other * each + i];
    }
    values[SUMS_AT] = 0;
    values[SUMS_AT + 1] = 0;
  }

  /** Filters the two rows of `n` samples at `at` in place; a row that has no partner is its own. */
  #run(sections: number, at: number, n: number, paired: boolean): void {
    for (let s = 0; s < sections; s += MOST_SECTIONS)
      this.#kernels[Math.min(MOST_SECTIONS, sections - s) - 1](
        at * LANE_BYTES,
        (paired ? at + n : at) * LANE_BYTES,
        (DELAYS_AT + s * DELAYS * LANES) * LANE_BYTES,
        (COEFFICIENTS_AT + s * COEFFICIENTS) * LANE_BYTES,
        SUMS_AT * LANE_BYTES,
        n,
      );
  }

  /** Keeps the states of the rows whose samples were all finite. */
  #end(sections: number, delays: Float64Array, row: number, undone: Uint8Array): void {
    const each = sections * DELAYS;
    for (let lane = 0; lane < LANES && row + lane < undone.length; lane++) {
      const finite = this.#values[SUMS_AT + lane] === 0;
      undone[row + lane] = finite ? 0 : 1;
      if (!finite) continue;
      for (let i = 0; i < each; i++)
        delays[(row + lane) * each + i] = this.#values[DELAYS_AT + i * LANES + lane];
    }
  }
}

let shared: SosVectors | null | undefined;

/** The process's one, null where there are no vectors: it holds nothing between calls. */
export function sosVectors(): SosVectors | null {
  if (shared === undefined) shared = SosVectors.create();
  return shared;
}
