/** Width of a bin, s. */
export const BIN_S = 0.1;

/** Means of a few rows over the last bins of 0.1 s, in time; for what needs a longer past than a window holds. */
export class TrailingBins {
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;
  /** Number of the bin that each place holds. */
  readonly #bin: Float64Array;
  readonly #size: number;

  constructor(
    readonly rows: number,
    span_s: number,
  ) {
    this.#size = Math.round(span_s / BIN_S) + 2;
    this.#sums = new Float64Array(rows * this.#size);
    this.#counts = new Float64Array(rows * this.#size);
    this.#bin = new Float64Array(this.#size).fill(Number.NaN);
  }

  /** Adds a value of `row`; values that are not finite only keep the bin's place. */
  add(row: number, time: number, value: number): void {
    const bin = binAfter(time) - (isEdge(time) ? 0 : 1);
    const place = ((bin % this.#size) + this.#size) % this.#size;
    if (this.#bin[place] !== bin) {
      this.#bin[place] = bin;
      for (let r = 0; r < this.rows; r++) {
        this.#sums[r * this.#size + place] = 0;
        this.#counts[r * this.#size + place] = 0;
      }
    }
    if (value - value !== 0) return;
    this.#sums[row * this.#size + place] += value;
    this.#counts[row * this.#size + place]++;
  }

  /** Means of `row` over the `count` bins before `time`, oldest first; NaN where a bin has no value. */
  means(row: number, time: number, count: number): Float64Array {
    const end = binAfter(time);
    return Float64Array.from({ length: count }, (_, i) => {
      const bin = end - count + i;
      const place = ((bin % this.#size) + this.#size) % this.#size;
      if (this.#bin[place] !== bin) return Number.NaN;
      const at = row * this.#size + place;
      return this.#sums[at] / this.#counts[at];
    });
  }
}

/** Number of the first bin that begins at or after `time`. */
function binAfter(time: number): number {
  return Math.ceil(time / BIN_S - 1e-5);
}

function isEdge(time: number): boolean {
  return Math.abs(time / BIN_S - Math.round(time / BIN_S)) <= 1e-5;
}
