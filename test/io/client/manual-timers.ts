import type { Timers } from '../../../src/io/client/timers.js';

/** Waits of a client that are as long watch over a silent connection, s. */
export const SILENCE_S = 45;

/** Timers that fire when told to. */
export class ManualTimers implements Timers {
  readonly waits_s: number[] = [];
  #actions = new Set<() => void>();
  #silences = new Set<() => void>();

  after(delay_s: number, action: () => void) {
    const isSilence = delay_s >= SILENCE_S;
    if (!isSilence) this.waits_s.push(delay_s);
    (isSilence ? this.#silences : this.#actions).add(action);
    return { cancel: () => void (this.#actions.delete(action) || this.#silences.delete(action)) };
  }

  get pending(): number {
    return this.#actions.size;
  }

  fire(): void {
    const due = this.#actions;
    this.#actions = new Set();
    for (const action of due) action();
  }

  /** As long passes as a connection may be silent. */
  pass(): void {
    const due = this.#silences;
    this.#silences = new Set();
    for (const action of due) action();
  }
}
