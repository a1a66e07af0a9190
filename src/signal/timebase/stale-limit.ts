import type { Seconds } from '../../core/clock.js';
import type { StreamInfo, StreamType } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';

/** Silence after which an irregular stream is stale, s. Heart data come once a beat, and a sensor may miss a few. */
const irregularLimits_s: Partial<Record<StreamType, number>> = { Gaze: 0.5, Face: 0.5, HR: 5, IBI: 5 };
const OTHER_IRREGULAR_LIMIT_S = 2;
/** No regular stream is stale before, and none is waited for longer, s. */
const SHORTEST_S: Seconds = 0.6;
const LONGEST_S: Seconds = 5;
/** Arrivals this far back tell how often a stream's messages come, s. */
const STEPS_OF_S: Seconds = 30;
/** Times the third largest of them, or the least of the first ones: two stutters are forgiven. */
const FACTOR = 1.5;
const NTH_LARGEST = 3;

/** Of a regular stream, Hz, s. */
const regularLimit_s = (sfreq: number): Seconds => Math.max(SHORTEST_S, 3 / sfreq);

/**
 * Least silence after which a stream is stale, s: max(0.6, 3 / sfreq), or the limit of its type where its samples come irregularly.
 */
export function staleLimit_s({ type, sfreq }: Pick<StreamInfo, 'type' | 'sfreq'>): Seconds {
  if (sfreq > 0) return regularLimit_s(sfreq);
  return irregularLimits_s[type] ?? OTHER_IRREGULAR_LIMIT_S;
}

export type StaleLimitState = {
  readonly heard: Seconds | null;
  readonly steps: readonly (readonly [at: Seconds, step_s: Seconds])[];
  readonly seen: number;
};

/**
 * How long a stream may be silent before it is stale: max(0.6 s, 3 / sfreq, 1.5 x its third largest arrival step of the last
 * 30 s), at most 5 s; irregular streams: the limit of their type. Before there are three steps the least of them counts, so that a
 * sender of long chunks is not called silent again and again while it begins.
 */
export class StaleLimit implements Stateful<StaleLimitState> {
  readonly #fixed_s: Seconds | null;
  readonly #least_s: Seconds;
  #heard: Seconds | null = null;
  /** Steps so far, of any length, counted up to those that are needed. */
  #seen = 0;
  /** Steps long enough to matter; at most 75 fit into 30 s. */
  #steps: (readonly [at: Seconds, step_s: Seconds])[] = [];

  /** `sfreq`: Hz, 0 = irregular. `irregular_s`: limit of an irregular stream's type, s. */
  constructor(sfreq: number, irregular_s: Seconds = 2) {
    this.#fixed_s = sfreq > 0 ? null : irregular_s;
    this.#least_s = Math.min(LONGEST_S, regularLimit_s(sfreq));
  }

  /**
   * Samples came. `behind`: we were late to look, so that their arrival says nothing about the sender.
   */
  came(arrival: Seconds, behind = false): void {
    const step_s = this.#heard === null ? 0 : arrival - this.#heard;
    if (!behind && FACTOR * step_s > SHORTEST_S) this.#steps.push([arrival, step_s]);
    if (!behind && step_s > 0) this.#seen = Math.min(NTH_LARGEST, this.#seen + 1);
    this.#heard = Math.max(arrival, this.#heard ?? arrival);
    this.#forget(arrival);
  }

  /** The limit at `now`, s. */
  limitAt(now: Seconds): Seconds {
    if (this.#fixed_s !== null) return this.#fixed_s;
    const steps = this.#steps.filter(([at]) => at > now - STEPS_OF_S).map(([, step_s]) => step_s);
    const nth = steps.sort((a, b) => b - a)[this.#seen - 1] ?? 0;
    return Math.min(LONGEST_S, Math.max(this.#least_s, FACTOR * nth));
  }

  /** Whether nothing has come for longer than the limit; false before the first sample. */
  isStale(now: Seconds): boolean {
    return this.#heard !== null && now - this.#heard > this.limitAt(now);
  }

  snapshot(): StaleLimitState {
    return { heard: this.#heard, steps: [...this.#steps], seen: this.#seen };
  }

  restore({ heard, steps, seen }: StaleLimitState): void {
    this.#heard = heard;
    this.#steps = [...steps];
    this.#seen = seen;
  }

  #forget(now: Seconds): void {
    while (this.#steps.length > 0 && this.#steps[0][0] <= now - STEPS_OF_S) this.#steps.shift();
  }
}
