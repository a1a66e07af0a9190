import type { Seconds } from '../../core/clock.js';
import type { Stateful } from '../../core/state.js';

/** Times are products of one number of hops, which differ in their last bits alone; as a share of a hop, too. */
const SAME_TIME_S = 1e-9;

interface Grid {
  readonly window_s: Seconds;
  readonly hop_s: Seconds;
  /** Index of the next time on this grid. */
  next: number;
}

/** Index of the next time of each node. */
export type ClosingTimesState = Readonly<Record<string, number>>;

/**
 * When windows close: the union of the nodes' grids `window_s + k * hop_s`, k = 0, 1, ... Times are products,
 * never sums, so that they don't drift.
 */
export class ClosingTimes implements Stateful<ClosingTimesState> {
  readonly #grids = new Map<string, Grid>();
  #longest_s: Seconds = 0;

  add(node: string, timing: { window_s: Seconds; hop_s: Seconds }): void {
    this.#grids.set(node, { ...timing, next: 0 });
    this.#longest_s = Math.max(this.#longest_s, timing.window_s);
  }

  /** The longest window of all. */
  get longest_s(): Seconds {
    return this.#longest_s;
  }

  /** The next closing time; Infinity when no node closes windows. */
  peek(): Seconds {
    let time = Number.POSITIVE_INFINITY;
    for (const grid of this.#grids.values()) time = Math.min(time, timeOf(grid));
    return time;
  }

  /** Nodes that close at `time`; their grids move on. */
  take(time: Seconds): Set<string> {
    const nodes = new Set<string>();
    for (const [node, grid] of this.#grids) {
      if (Math.abs(timeOf(grid) - time) > SAME_TIME_S) continue;
      nodes.add(node);
      grid.next++;
    }
    return nodes;
  }

  /** Passes over every time before `time`. */
  skipTo(time: Seconds): void {
    for (const grid of this.#grids.values()) {
      const k = Math.ceil((time - grid.window_s) / grid.hop_s - SAME_TIME_S);
      if (k > grid.next) grid.next = k;
    }
  }

  snapshot(): ClosingTimesState {
    return Object.fromEntries([...this.#grids].map(([node, { next }]) => [node, next]));
  }

  restore(state: ClosingTimesState): void {
    for (const [node, next] of Object.entries(state)) {
      const grid = this.#grids.get(node);
      if (grid) grid.next = next;
    }
  }
}

function timeOf(grid: Grid): Seconds {
  return grid.window_s + grid.next * grid.hop_s;
}
