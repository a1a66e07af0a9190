import type { Seconds } from '../../core/clock.js';
import type { SessionEvent } from '../../core/event.js';

/** As many faults within as long keep a session down. */
const FAULTS = 3;
const WITHIN_S: Seconds = 60;

/** Counts the faults of a session's graph, and says what follows from each: it begins anew, or stays down. */
export class SessionFaults {
  #times: Seconds[] = [];
  #isDown = false;

  take(now: Seconds): 'anew' | 'down' {
    this.#times = [...this.#times.filter((time) => now - time < WITHIN_S), now];
    this.#isDown ||= this.#times.length >= FAULTS;
    return this.#isDown ? 'down' : 'anew';
  }

  /** Another pipeline has faults of its own. */
  forget(): void {
    this.#times = [];
    this.#isDown = false;
  }
}

export function sessionFailed(session: string, reason: string, isDown: boolean): SessionEvent {
  const follows = isDown
    ? 'it stays down after faults in a row: reload the pipeline, or open it again'
    : 'its graph begins anew';
  return {
    ...{ code: 'session-failed', level: 'error', session },
    message: `session ${session}: ${reason}; ${follows}`,
  };
}
