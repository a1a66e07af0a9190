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
  /** [n] */
  readonly kinds: Uint8Array;
}

/** No sample; samples, some of them missing or not; the same behind a gap. */
const [EMPTY, FILLED, AFTER_GAP] = [0, 1, 2];

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
    const kinds = new Uint8Array(rows.length);
    for (const [i, row] of rows.entries()) {
      if (!row) continue;
      values.set(row.least, i * width);
      values.set(row.greatest, i * width + this.#channels);
      kinds[i] = row.gap ? AFTER_GAP : FILLED;
    }
    // A clock that was set back begins anew.
    const last = this.#blocks.at(-1);
    if (last && first < last.first) this.clear();
    this.#blocks.push({ first, size: rows.length, values, kinds });
    this.#values += values.length;
    const oldest = first + rows.length - KEPT_S * this.#per_s;
    const isOver = ({ first, size }: Block): boolean => first + size <= oldest || this.#values > KEPT_VALUES;
    while (this.#blocks.length > 0 && isOver(this.#blocks[0]))
      this.#values -= this.#blocks.shift()!.values.length;
  }

  clear(): void {
    this.#blocks.length = 0;
    this.#values = 0;
  }

  /** What is kept, oldest first. */
  *bins(): IterableIterator<Bins> {
    for (const { first, size, values, kinds } of this.#blocks)
      yield {
        ...{ per_s: this.#per_s, first },
        rows: Array.from({ length: size }, (_, i) => this.#row(values, i, kinds[i])),
      };
  }

  #row(values: Float32Array, i: number, kind: number): Bin | null {
    if (kind === EMPTY) return null;
    const C = this.#channels;
    const of = (from: number): Float64Array => Float64Array.from(values.subarray(from, from + C));
    return { least: of(2 * C * i), greatest: of(2 * C * i + C), gap: kind === AFTER_GAP };
  }
}
