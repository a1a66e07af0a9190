import { TIME_TOLERANCE_S } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';

/** How long gaze is kept, s; of longer events the extent isn't known. */
const SPAN_S = 10;

/** What the eyes did from one time to another. */
export interface GazePath {
  readonly from: readonly [x: number, y: number];
  readonly to: readonly [x: number, y: number];
  readonly extent: readonly [x: number, y: number];
}

const unknown: GazePath = {
  from: [Number.NaN, Number.NaN],
  to: [Number.NaN, Number.NaN],
  extent: [Number.NaN, Number.NaN],
};

/** [n] of the gaze that is kept, oldest first, and how many samples there were in all. */
export type GazeHistoryState = {
  readonly times: Float64Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly count: number;
};

/** The last seconds of gaze in the detector's degrees, to measure the events that a device tells. */
export class GazeHistory implements Stateful<GazeHistoryState> {
  readonly #times: Float64Array;
  readonly #x: Float64Array;
  readonly #y: Float64Array;
  readonly #size: number;
  #count = 0;

  /** @param sfreq the fastest rate that is expected, Hz. */
  constructor(sfreq: number) {
    this.#size = Math.ceil(SPAN_S * sfreq);
    this.#times = new Float64Array(this.#size);
    this.#x = new Float64Array(this.#size);
    this.#y = new Float64Array(this.#size);
  }

  push(time: number, x: number, y: number): void {
    const at = this.#count++ % this.#size;
    this.#times[at] = time;
    this.#x[at] = x;
    this.#y[at] = y;
  }

  snapshot(): GazeHistoryState {
    const kept = Math.min(this.#count, this.#size);
    const oldest = this.#count - kept;
    const inOrder = (row: Float64Array) =>
      Float64Array.from({ length: kept }, (_, i) => row[(oldest + i) % this.#size]);
    return {
      times: inOrder(this.#times),
      x: inOrder(this.#x),
      y: inOrder(this.#y),
      count: this.#count,
    };
  }

  restore({ times, x, y, count }: GazeHistoryState): void {
    this.#count = count - times.length;
    for (const [i, time] of times.entries()) this.push(time, x[i], y[i]);
  }

  /** Gaze from `onset_s` to before `end_s`; NaN where it wasn't seen, or reaches back further than is kept. */
  path(onset_s: number, end_s: number): GazePath {
    const oldest = Math.max(0, this.#count - this.#size);
    if (oldest > 0 && this.#times[oldest % this.#size] > onset_s) return unknown;
    const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    let from: readonly [number, number] = unknown.from;
    let to: readonly [number, number] = unknown.to;
    for (let i = this.#count - 1; i >= oldest; i--) {
      const at = i % this.#size;
      if (this.#times[at] >= end_s - TIME_TOLERANCE_S) continue;
      if (this.#times[at] < onset_s - TIME_TOLERANCE_S) break;
      const [x, y] = [this.#x[at], this.#y[at]];
      if (x - x !== 0 || y - y !== 0) continue;
      from = [x, y];
      if (Number.isNaN(to[0])) to = from;
      for (const [axis, value] of from.entries()) {
        low[axis] = Math.min(low[axis], value);
        high[axis] = Math.max(high[axis], value);
      }
    }
    if (Number.isNaN(to[0])) return unknown;
    return { from, to, extent: [high[0] - low[0], high[1] - low[1]] };
  }
}
