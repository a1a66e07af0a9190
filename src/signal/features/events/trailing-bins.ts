import type { Stateful } from '../../../core/state.js';

/** Width of a bin, s. */
export const BIN_S = 0.1;
/** Stamps this close to an edge, as a share of a bin, lie on it: doubles don't hold tenths exactly. */
const EDGE = 1e-5;

export type TrailingBinsState = {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
  readonly bin: Float64Array;
};

/** Means of a few rows over the last bins of 0.1 s, in time; for what needs a longer past than a window holds. */
export class TrailingBins implements Stateful<TrailingBinsState> {
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

  /**
   * Adds values of `row` [>= n] at ascending `times` [n]; those that are not finite or not above `above` only keep their
   * bins' places.
   */
  add(row: number, times: Float64Array, values: Float64Array, above = Number.NEGATIVE_INFINITY): void {
    const first = row * this.#size;
    let at = -1;
    let sum = 0;
    let count = 0;
    // Stamps below this one fall into the same bin as the one before.
    let until = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < times.length; i++) {
      if (!(times[i] < until)) {
        if (at >= 0) this.#put(at, sum, count);
        const next = binAfter(times[i]);
        const bin = next - (isEdge(times[i]) ? 0 : 1);
        at = first + this.#open(bin);
        until = (bin + 1 - 2 * EDGE) * BIN_S;
        sum = this.#sums[at];
        count = this.#counts[at];
      }
      const value = values[i];
      if (!(value > above) || value - value !== 0) continue;
      sum += value;
      count++;
    }
    if (at >= 0) this.#put(at, sum, count);
  }

  snapshot(): TrailingBinsState {
    return { sums: this.#sums.slice(), counts: this.#counts.slice(), bin: this.#bin.slice() };
  }

  restore({ sums, counts, bin }: TrailingBinsState): void {
    this.#sums.set(sums);
    this.#counts.set(counts);
    this.#bin.set(bin);
  }

  #put(at: number, sum: number, count: number): void {
    this.#sums[at] = sum;
    this.#counts[at] = count;
  }

  #open(bin: number): number {
    const place = this.#placeOf(bin);
    if (this.#bin[place] !== bin) {
      this.#bin[place] = bin;
      for (let r = 0; r < this.rows; r++) {
        this.#sums[r * this.#size + place] = 0;
        this.#counts[r * this.#size + place] = 0;
      }
    }
    return place;
  }

  #placeOf(bin: number): number {
    return ((bin % this.#size) + this.#size) % this.#size;
  }

  /** How many of the `count` bins before `time` have a value in `row`. */
  filled(row: number, time: number, count: number): number {
    let filled = 0;
    const first = binAfter(time) - count;
    for (let i = 0, place = this.#placeOf(first); i < count; i++, place++) {
      if (place === this.#size) place = 0;
      if (this.#bin[place] === first + i && this.#counts[row * this.#size + place] > 0) filled++;
    }
    return filled;
  }

  /** Means of `row` over the bins before `time`, as many as `out` holds, oldest first; NaN where a bin has no value. */
  means(row: number, time: number, out: Float64Array): void {
    const count = out.length;
    const sums = this.#sums;
    const counts = this.#counts;
    const first = binAfter(time) - count;
    for (let i = 0, place = this.#placeOf(first); i < count; i++, place++) {
      if (place === this.#size) place = 0;
      const at = row * this.#size + place;
      out[i] = this.#bin[place] === first + i ? sums[at] / counts[at] : Number.NaN;
    }
  }
}

/** Number of the first bin that begins at or after `time`. */
function binAfter(time: number): number {
  return Math.ceil(time / BIN_S - EDGE);
}

function isEdge(time: number): boolean {
  return Math.abs(time / BIN_S - Math.round(time / BIN_S)) <= EDGE;
}
