import type { Seconds } from '../../core/clock.js';
import { MAX_WINDOW_VALUES } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';

/** Windows' worth that a stream may feed within two spans of the longest window: one each, and one for what comes late. */
const WINDOWS = 3;

interface Fed {
  /** Values fed in this span and in the one before. */
  now: number;
  before: number;
  /** Whether samples were left out since the last ones that were fed. */
  isCut: boolean;
}

export type FedValuesState = {
  /** When this span began; null before the first window. */
  readonly since: Seconds | null;
  readonly streams: readonly (readonly [id: string, fed: Readonly<Fed>])[];
};

/**
 * Bounds what a stream feeds into the windows of a session: buffers hold what the longest window needs, however many samples
 * share a stamp, and whether windows close or not.
 */
export class FedValues implements Stateful<FedValuesState> {
  readonly #streams = new Map<string, Fed>();
  #since: Seconds | null = null;

  constructor(
    /** Most values in a window of one stream. */
    readonly most = MAX_WINDOW_VALUES,
  ) {}

  /** Counts values of a stream. `dropped`: they are too many; `gap`: others before them were. */
  take(id: string, values: number): 'fed' | 'gap' | 'dropped' {
    const fed = this.#streams.get(id) ?? { now: 0, before: 0, isCut: false };
    this.#streams.set(id, fed);
    if (fed.now + fed.before + values > WINDOWS * this.most) {
      fed.isCut = true;
      return 'dropped';
    }
    fed.now += values;
    if (!fed.isCut) return 'fed';
    fed.isCut = false;
    return 'gap';
  }

  /** A window closed at `time`; the longest one spans `longest_s`. */
  closed(time: Seconds, longest_s: Seconds): void {
    if (this.#since !== null && time - this.#since < longest_s) return;
    this.#since = time;
    for (const fed of this.#streams.values()) {
      fed.before = fed.now;
      fed.now = 0;
    }
  }

  forget(id: string): void {
    this.#streams.delete(id);
  }

  snapshot(): FedValuesState {
    return { since: this.#since, streams: [...this.#streams].map(([id, fed]) => [id, { ...fed }]) };
  }

  restore({ since, streams }: FedValuesState): void {
    this.#since = since;
    for (const [id, fed] of streams) this.#streams.set(id, { ...fed });
  }
}
