import type { Seconds } from '../../core/clock.js';

/** The least (arrival - stamp) falls where it becomes less by so much, s: jitter seldom does that again and again. */
const FALLEN_S: Seconds = 0.05;
/** Without a fall for so long nothing is drained, s; where a sender pauses for longer, so many pauses, and at most so long. */
const QUIET_S: Seconds = 0.5;
const QUIET_PAUSES = 1.5;
const MOST_QUIET_S: Seconds = 2;
/** From one sample to the next stamps step back by no more than that, and no further ahead of their arrivals, s. */
const STEP_S: Seconds = 1;

export type DrainState = {
  readonly begun: Seconds;
  /** What (arrival - stamp) was in the first message, the least since, to what that fell last and when, s. */
  readonly first_s: Seconds;
  readonly least_s: Seconds;
  readonly fallenTo_s: Seconds;
  readonly fellAt: Seconds;
  /** Longest pause between arrivals; before the second of them, what the first message spans, s. */
  readonly pause_s: Seconds;
  readonly arrival: Seconds;
  readonly stamp: Seconds;
};

/**
 * A backlog on its way. A sender that kept samples gives them faster than it measures: each comes less late than those before, and
 * the least (arrival - stamp) falls until nothing is left of them.
 */
export class Drain {
  #state: DrainState;

  constructor(state: DrainState) {
    this.#state = state;
  }

  /** Begins with a sample. Where others came before it, they were later by `fallen_s`, and the last of them `pause_s` before. */
  static from(arrival: Seconds, stamp: Seconds, fallen_s: Seconds = 0, pause_s: Seconds = 0): Drain {
    const least_s = arrival - stamp;
    const late = { first_s: least_s + fallen_s, least_s, fallenTo_s: least_s, fellAt: arrival };
    return new Drain({ begun: arrival, ...late, pause_s, arrival, stamp });
  }

  /** The least (arrival - stamp), s. */
  get least_s(): Seconds {
    return this.#state.least_s;
  }

  /** By how much samples come less late than at first, s. */
  get fallen_s(): Seconds {
    return this.#state.first_s - this.#state.least_s;
  }

  /** Takes a sample; one whose stamp doesn't go on from the one before tells nothing. */
  came(arrival: Seconds, stamp: Seconds): void {
    const state = this.#state;
    const step_s = stamp - state.stamp;
    const waited_s = arrival - state.arrival;
    if (!(step_s >= -STEP_S && step_s <= STEP_S + waited_s)) return;
    const isOne = arrival === state.begun;
    const least_s = Math.min(state.least_s, arrival - stamp);
    // Within the first message a lesser one tells of no fall, unless there was one before.
    const first_s = isOne && state.first_s === state.least_s ? least_s : state.first_s;
    const hasFallen = least_s < state.fallenTo_s - FALLEN_S;
    const [fallenTo_s, fellAt] = hasFallen ? [least_s, arrival] : [state.fallenTo_s, state.fellAt];
    const before_s = isOne || state.arrival > state.begun ? state.pause_s : 0;
    const pause_s = isOne ? before_s + Math.max(0, step_s) : Math.max(before_s, waited_s);
    this.#state = { begun: state.begun, first_s, least_s, fallenTo_s, fellAt, pause_s, arrival, stamp };
  }

  /** Whether nothing more is drained. */
  isOver(now: Seconds): boolean {
    const { begun, fellAt, pause_s, arrival } = this.#state;
    // The first message can't fall: whether it was kept is told by the next, which comes after what it spans.
    const isSteady = fellAt === begun && arrival > begun;
    return now - fellAt > Math.min(MOST_QUIET_S, Math.max(QUIET_S, isSteady ? 0 : QUIET_PAUSES * pause_s));
  }

  snapshot(): DrainState {
    return this.#state;
  }
}
