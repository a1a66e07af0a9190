import type { Seconds, Timer } from '../../core/clock.js';
import type { Random } from '../../core/random.js';
import type { ProcessClock, WorldTime } from './world-time.js';

/** What a sender's and a receiver's kernel hold together, bytes. */
const WINDOW_BYTES = 64 << 10;

/** How one host is reached. It changes as the world goes on. */
export interface Route {
  latency_s: Seconds;
  /** Mean of what comes on top of it, s. */
  jitter_s: Seconds;
  bytes_per_s: number;
  /** Nothing arrives before then, s of the world's time. */
  heldUntil: Seconds;
}

export const wired = (): Route => ({ latency_s: 0.002, jitter_s: 0.001, bytes_per_s: 10e6, heldUntil: 0 });

interface Parcel {
  readonly bytes: number;
  readonly arrive: () => void;
  /** Called where it is cut on its way. */
  readonly torn: (() => void) | undefined;
  readonly taken: (() => void) | undefined;
  /** Called where it has come to the reader's machine, whether or not that looks. */
  readonly landed: (() => void) | undefined;
  due: Seconds;
}

/** One direction of a connection: what is sent arrives once and in order, while its reader reads, until it is cut. */
export class Line {
  /** Taken by the kernels, the next to arrive first. */
  readonly #onTheWay: Parcel[] = [];
  /** Waits for room in the kernels. */
  readonly #waiting: Parcel[] = [];
  #bytes = 0;
  #waitingBytes = 0;
  #free: Seconds = 0;
  #isPaused = false;
  #isCut = false;
  #timer: Timer | null = null;

  constructor(
    readonly time: WorldTime,
    readonly route: Route,
    readonly reader: ProcessClock,
    readonly random: Random,
  ) {}

  /** What was sent and hasn't been read, bytes. */
  get unread(): number {
    return this.#bytes + this.#waitingBytes;
  }

  /** What the kernels have no room for, bytes. */
  get untaken(): number {
    return this.#waitingBytes;
  }

  /** `taken`: the kernel has it; `torn`: it is cut while it is on its way. */
  send(
    bytes: number,
    arrive: () => void,
    { taken, torn, landed }: Partial<Pick<Parcel, 'taken' | 'torn' | 'landed'>> = {},
  ): void {
    if (this.#isCut) return;
    this.#waiting.push({ bytes, arrive, taken, torn, landed, due: 0 });
    this.#waitingBytes += bytes;
    this.#admit();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule();
  }

  /** What is on its way is lost, the first of it perhaps half. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#timer?.cancel();
    const [first] = this.#onTheWay;
    if (first && !this.#isPaused) first.torn?.();
    this.#onTheWay.length = 0;
    this.#waiting.length = 0;
    this.#bytes = 0;
    this.#waitingBytes = 0;
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (this.#bytes > 0 && this.#bytes + next.bytes > WINDOW_BYTES) return;
      this.#waiting.shift();
      this.#waitingBytes -= next.bytes;
      this.#bytes += next.bytes;
      const { latency_s, jitter_s, bytes_per_s } = this.route;
      this.#free = Math.max(this.#free, this.time.now) + next.bytes / bytes_per_s;
      const before = this.#onTheWay.at(-1)?.due ?? 0;
      next.due = Math.max(before, this.#free + latency_s + this.random.exponential(jitter_s));
      this.#onTheWay.push(next);
      if (next.taken) queueMicrotask(next.taken);
    }
    this.#schedule();
  }

  #schedule(): void {
    const [next] = this.#onTheWay;
    if (!next || this.#timer || this.#isPaused || this.#isCut) return;
    this.#timer = this.time.at(Math.max(next.due, this.route.heldUntil), () => {
      this.#timer = null;
      if (this.#isPaused || this.#isCut) return;
      if (this.route.heldUntil > this.time.now) return this.#schedule();
      this.#onTheWay.shift();
      this.#bytes -= next.bytes;
      next.landed?.();
      this.reader.arrive(next.arrive);
      this.#admit();
      this.#schedule();
    });
  }
}
