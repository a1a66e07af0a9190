import type { Seconds } from '../../../core/clock.js';
import type { Bin, Bins } from './signal-bins.js';

/** How much of a stream is kept for those who come late, s. */
const KEPT_S: Seconds = 60;
/** Most values that are kept of one stream: 1 MB. */
const KEPT_VALUES = 262_144;

/** Bins packed: [n][2 * C] least, then greatest. */
interface Block {
  readonly first: number;
  readonly size: number;
  readonly values: Float32Array;
  /** Which of them have samples missing before theirs. */
  readonly gaps: readonly number[];
}

/** The last minute of a stream's bins, to single precision. */
export class KeptBins {
  readonly #channels: number;
  readonly #per_s: number;
  readonly #blocks: Block[] = [];
  #values = 0;

  constructor(channels: number, per_s: number) {
    this.#channels = channels;
    this.#per_s = per_s;
  }

  /** Values that are kept. */
  get size(): number {
    return this.#values;
  }

  keep({ first, rows }: Bins): void {
    const width = 2 * this.#channels;
    const values = new Float32Array(rows.length * width).fill(Number.NaN);
    const gaps: number[] = [];
    for (const [i, row] of rows.entries()) {
      if (!row) continue;
      values.set(row.least, i * width);
      values.set(row.greatest, i * width + this.#channels);
      if (row.gap) gaps.push(i);
    }
    // A clock that was set back begins anew.
    const last = this.#blocks.at(-1);
    if (last && first < last.first) this.clear();
    this.#blocks.push({ first, size: rows.length, values, gaps });
    this.#values += values.length;
    const oldest = first + rows.length - KEPT_S * this.#per_s;
    while (this.#blocks[0].first + this.#blocks[0].size <= oldest || this.#values > KEPT_VALUES)
      this.#values -= this.#blocks.shift()!.values.length;
  }

  clear(): void {
    this.#blocks.length = 0;
    this.#values = 0;
  }

  /** What is kept, oldest first. */
  *bins(): IterableIterator<Bins> {
    for (const { first, size, values, gaps } of this.#blocks)
      yield {
        ...{ per_s: this.#per_s, first },
        rows: Array.from({ length: size }, (_, i) => this.#row(values, i, gaps.includes(i))),
      };
  }

  #row(values: Float32Array, i: number, gap: boolean): Bin | null {
    const C = this.#channels;
    const of = (from: number): Float64Array => Float64Array.from(values.subarray(from, from + C));
    const [least, greatest] = [of(2 * C * i), of(2 * C * i + C)];
    return least.every(Number.isNaN) ? null : { least, greatest, gap };
  }
}
