/** Units of work that all sessions together do in one turn of the event loop. A unit takes a millisecond or less. */
const TURN_UNITS = 64;
/** Units after which it is another session's turn. */
const SHARE_UNITS = 8;

/** Work that comes in units, a window closed say, none of which takes long. */
export interface Worker {
  readonly isIdle: boolean;
  /** Does the next `units` of its work, or what there is; gives how many it did. */
  work(units: number): number;
}

export interface TurnsOptions {
  /** Most units in one turn; default 64. */
  readonly units?: number;
  /** Most units that one worker does before the next one is served; default 8. */
  readonly share?: number;
  /** Calls `turn` once, in the next turn of the event loop. */
  readonly nextTurn?: (turn: () => void) => void;
}

/**
 * Bounds what is done in one turn of the event loop, by counts: whoever has more to do goes on in later turns, one after the
 * other, so that nobody waits for all of another's work. The order of each worker's own work stays.
 */
export class Turns {
  readonly #units: number;
  readonly #share: number;
  readonly #nextTurn: (turn: () => void) => void;
  /** Workers that have more to do, the next one first. */
  readonly #waiting = new Set<Worker>();
  /** Units that are left of this turn. */
  #left: number;
  #isNextAsked = false;

  constructor(options: TurnsOptions = {}) {
    this.#units = options.units ?? TURN_UNITS;
    this.#share = options.share ?? SHARE_UNITS;
    this.#nextTurn = options.nextTurn ?? ((turn) => void setImmediate(turn));
    this.#left = this.#units;
  }

  /** Has `worker` do its work: its share at once where this turn has units left, the rest in later ones. */
  take(worker: Worker): void {
    if (worker.isIdle || this.#waiting.has(worker)) return;
    this.#serve(worker);
    this.#askNext();
  }

  /** What `worker` has left is not done. */
  drop(worker: Worker): void {
    this.#waiting.delete(worker);
  }

  #turn(): void {
    this.#isNextAsked = false;
    this.#left = this.#units;
    while (this.#left > 0) {
      const [worker] = this.#waiting;
      if (!worker) break;
      this.#waiting.delete(worker);
      this.#serve(worker);
    }
    this.#askNext();
  }

  #serve(worker: Worker): void {
    // A worker that is asked again while it works waits for its turn.
    this.#waiting.add(worker);
    const units = Math.min(this.#left, this.#share);
    if (units > 0) this.#left -= worker.work(units);
    if (!this.#waiting.delete(worker)) return;
    if (!worker.isIdle) this.#waiting.add(worker);
  }

  #askNext(): void {
    if (this.#isNextAsked || (this.#left === this.#units && this.#waiting.size === 0)) return;
    this.#isNextAsked = true;
    this.#nextTurn(() => this.#turn());
  }
}
