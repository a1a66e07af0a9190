import type { Clock, Seconds, Timer } from '../../core/clock.js';

/** Wall-clock time at a world's beginning, s since 1970. */
export const WALL_UNIX_S: Seconds = 1_700_000_000;

interface Due {
  readonly at: Seconds;
  readonly order: number;
  /** Null: cancelled. */
  action: (() => void) | null;
}

/** Whether one comes before another: by time, then in the order in which they were asked for. */
const isBefore = (a: Due, b: Due): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Everything that is asked of promises is done then. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The time of a world, which passes from one thing that happens to the next. */
export class WorldTime {
  #now: Seconds = 0;
  #order = 0;
  /** A heap: what is due next is first. */
  readonly #due: Due[] = [];

  /** s since the world began. */
  get now(): Seconds {
    return this.#now;
  }

  /** How much is due. */
  get waiting(): number {
    return this.#due.length;
  }

  at(at: Seconds, action: () => void): Timer {
    const due: Due = { at: Math.max(at, this.#now), order: this.#order++, action };
    this.#push(due);
    return {
      cancel: () => {
        due.action = null;
      },
    };
  }

  /** Lets time pass until then; what promises bring about in between happens at its time. */
  async run(until: Seconds): Promise<void> {
    await turn();
    for (let next = this.#due[0]; next && next.at <= until; next = this.#due[0]) {
      this.#pop();
      const { action } = next;
      if (!action) continue;
      this.#now = next.at;
      action();
      await turn();
    }
    this.#now = until;
  }

  /** Lets time pass until it is done, `longest_s` at most. @throws Error where it isn't by then. */
  async finish<T>(work: Promise<T>, longest_s: Seconds): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    const end = this.#now + longest_s;
    await turn();
    while (!isDone && this.#now < end) await this.run(Math.min(end, this.#now + 0.01));
    if (!isDone) throw new Error(`not done within ${longest_s} s of the world's time`);
    return done;
  }

  #push(due: Due): void {
    const heap = this.#due;
    let i = heap.push(due) - 1;
    for (let up = (i - 1) >> 1; i > 0 && isBefore(due, heap[up]); up = (i - 1) >> 1) {
      heap[i] = heap[up];
      i = up;
    }
    heap[i] = due;
  }

  #pop(): void {
    const heap = this.#due;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (let down = 1; down < heap.length; down = 2 * i + 1) {
      if (down + 1 < heap.length && isBefore(heap[down + 1], heap[down])) down++;
      if (!isBefore(heap[down], last)) break;
      heap[i] = heap[down];
      i = down;
    }
    heap[i] = last;
  }
}

export interface ProcessClockOptions {
  /** Its clock at the world's beginning, s. Default 0. */
  readonly start?: Seconds;
  /** How much faster than the world's time it runs: 50e-6 is 50 ppm. Default 0. */
  readonly drift?: number;
  /** Wall-clock time at the world's beginning, s since 1970. Default 0. */
  readonly epoch_unix_s?: Seconds;
}

/** What one process knows of time. It can be stopped (SIGSTOP) and killed: nothing of it happens then. */
export class ProcessClock implements Clock {
  readonly #time: WorldTime;
  readonly #start: Seconds;
  readonly #rate: number;
  readonly #epoch: Seconds;
  #stepped_s: Seconds = 0;
  #isDead = false;
  /** What fell due while it was stopped; null: it isn't. */
  #stopped: { readonly timers: (() => void)[]; readonly arrivals: (() => void)[] } | null = null;

  constructor(time: WorldTime, { start = 0, drift = 0, epoch_unix_s = 0 }: ProcessClockOptions = {}) {
    this.#time = time;
    this.#start = start;
    this.#rate = 1 + drift;
    this.#epoch = epoch_unix_s;
  }

  now(): Seconds {
    return this.#start + this.#time.now * this.#rate;
  }

  unix(): Seconds {
    return this.#epoch + this.#time.now + this.#stepped_s;
  }

  uptime(): Seconds {
    return this.now();
  }

  /** Somebody sets the wall clock. */
  step(by_s: Seconds): void {
    this.#stepped_s += by_s;
  }

  after(delay_s: Seconds, action: () => void): Timer {
    return this.#schedule(delay_s, action, false);
  }

  every(period_s: Seconds, action: () => void): Timer {
    return this.#schedule(period_s, action, true);
  }

  /** Gives it what came over a network or from a disk: not to the dead, and to the stopped behind what their timers do. */
  arrive(action: () => void): void {
    if (this.#isDead) return;
    if (this.#stopped) this.#stopped.arrivals.push(action);
    else action();
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  kill(): void {
    this.#isDead = true;
    this.#stopped = null;
  }

  /** Stops the process for so long. Timers that fall due meanwhile are late, those that repeat once. */
  stop(span_s: Seconds): void {
    if (this.#stopped || this.#isDead) return;
    const stopped = { timers: [] as (() => void)[], arrivals: [] as (() => void)[] };
    this.#stopped = stopped;
    this.#time.at(this.#time.now + span_s, () => {
      if (this.#stopped !== stopped) return;
      this.#stopped = null;
      // Each in a turn of its own, timers first, as an event loop does.
      for (const action of [...stopped.timers, ...stopped.arrivals])
        this.#time.at(this.#time.now, () => this.arrive(action));
    });
  }

  #schedule(delay_s: Seconds, action: () => void, isRepeated: boolean): Timer {
    let isCancelled = false;
    let due = this.#time.now + delay_s / this.#rate;
    let timer: Timer;
    const act = (): void => {
      if (isCancelled || this.#isDead) return;
      // Before the action, which may cancel it.
      if (isRepeated) {
        due = Math.max(due, this.#time.now) + delay_s / this.#rate;
        timer = this.#time.at(due, fire);
      }
      action();
    };
    const fire = (): void => {
      if (isCancelled || this.#isDead) return;
      if (this.#stopped) this.#stopped.timers.push(act);
      else act();
    };
    timer = this.#time.at(due, fire);
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }
}
