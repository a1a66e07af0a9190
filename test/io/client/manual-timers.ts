import type { Timers } from '../../../src/io/client/timers.js';

/** Timers that fire when told to. */
export class ManualTimers implements Timers {
  readonly waits_s: number[] = [];
  #actions = new Set<() => void>();

  after(delay_s: number, action: () => void) {
    this.waits_s.push(delay_s);
    this.#actions.add(action);
    return { cancel: () => void this.#actions.delete(action) };
  }

  get pending(): number {
    return this.#actions.size;
  }

  fire(): void {
    const due = this.#actions;
    this.#actions = new Set();
    for (const action of due) action();
  }
}
