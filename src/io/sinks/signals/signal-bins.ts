import type { Seconds } from '../../../core/clock.js';
import { type Chunk, TIME_TOLERANCE_S } from '../../../core/signal.js';

/** Least and greatest of the samples of one bin; NaN where a channel has none. */
export interface Bin {
  /** [C] */
  readonly least: Float64Array;
  /** [C] */
  readonly greatest: Float64Array;
  /** Whether samples are missing before those of this bin. */
  readonly gap: boolean;
}

/** Bins that follow each other: bin `k` holds the samples of session time [k / per_s, (k + 1) / per_s). */
export interface Bins {
  readonly per_s: number;
  /** Number of the first. */
  readonly first: number;
  /** null: no sample. */
  readonly rows: readonly (Bin | null)[];
}

/** Most bins in a row, and most values, 2 * C * bins. A longer stretch without samples has no bins at all. */
const MOST_BINS = 512;
const MOST_VALUES = 16_384;

/** Number of the bin of session time `time`; a stamp on a bin's begin, as well as a double can say it, is in that bin. */
export function binOf(time: Seconds, per_s: number): number {
  return Math.floor((time + TIME_TOLERANCE_S) * per_s);
}

/**
 * Least and greatest of each channel of a stream on a grid of session time. A bin is given once a sample behind it came, at most
 * `told_per_s` times a second; its bits don't depend on how the samples were cut.
 */
export class SignalBins {
  readonly #channels: number;
  readonly #per_s: number;
  readonly #told_per_s: number;
  /** Number of the bin that samples come into. */
  #current = 0;
  #bin: Bin | null = null;
  #first = 0;
  #rows: (Bin | null)[] = [];

  constructor(channels: number, per_s: number, told_per_s: number) {
    this.#channels = channels;
    this.#per_s = per_s;
    this.#told_per_s = told_per_s;
  }

  /** Counts a chunk, and gives what is over. `zero`: the stamp of session time 0. */
  take({ data, times, gapBefore }: Chunk, zero: Seconds): Bins[] {
    const n = times.length;
    const over: Bins[] = [];
    for (let from = 0, to = 0; from < n; from = to) {
      const k = binOf(times[from] - zero, this.#per_s);
      while (to < n && binOf(times[to] - zero, this.#per_s) === k) to++;
      const gap = from === 0 && gapBefore;
      if (this.#bin === null || k !== this.#current) this.#begin(k, gap, over);
      else if (gap) this.#bin = { ...this.#bin, gap };
      this.#count(this.#bin!, data, n, from, to);
    }
    const slot = (bin: number): number => Math.floor((bin * this.#told_per_s) / this.#per_s);
    if (this.#rows.length > 0 && slot(this.#current) !== slot(this.#first)) this.#give(over);
    return over;
  }

  /** What came, the bin that isn't over with it. */
  rest(): Bins[] {
    const over: Bins[] = [];
    if (this.#bin) this.#put(this.#bin, over);
    this.#give(over);
    this.#bin = null;
    return over;
  }

  /** The same, and goes on. */
  peek(): Bins | null {
    if (!this.#bin) return null;
    const { least, greatest, gap } = this.#bin;
    const bin = { least: least.slice(), greatest: greatest.slice(), gap };
    const rows = [...this.#rows, bin];
    return { per_s: this.#per_s, first: this.#current - this.#rows.length, rows };
  }

  #begin(k: number, gap: boolean, over: Bins[]): void {
    if (this.#bin) {
      this.#put(this.#bin, over);
      const empty = k - this.#current - 1;
      if (empty < 0 || empty > MOST_BINS) this.#give(over);
      else for (let i = 0; i < empty; i++) this.#put(null, over);
    }
    if (this.#rows.length === 0) this.#first = k;
    this.#current = k;
    this.#bin = {
      least: new Float64Array(this.#channels).fill(Number.NaN),
      greatest: new Float64Array(this.#channels).fill(Number.NaN),
      gap,
    };
  }

  #put(bin: Bin | null, over: Bins[]): void {
    this.#rows.push(bin);
    const { length } = this.#rows;
    if (length >= MOST_BINS || 2 * length * this.#channels >= MOST_VALUES) this.#give(over);
  }

  #give(over: Bins[]): void {
    if (this.#rows.length === 0) return;
    over.push({ per_s: this.#per_s, first: this.#first, rows: this.#rows });
    this.#first += this.#rows.length;
    this.#rows = [];
  }

  #count({ least, greatest }: Bin, data: Float64Array, n: number, from: number, to: number): void {
    for (let c = 0; c < this.#channels; c++) {
      let [low, high] = [least[c], greatest[c]];
      for (let i = c * n + from; i < c * n + to; i++) {
        const value = data[i];
        if (!Number.isFinite(value)) continue;
        // Not `>`: NaN, before the first value, is neither.
        if (!(low <= value)) low = value;
        if (!(high >= value)) high = value;
      }
      least[c] = low;
      greatest[c] = high;
    }
  }
}
