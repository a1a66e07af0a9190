import type { Seconds } from '../../../core/clock.js';
import { SessionTime } from '../../../signal/timebase/session-time.js';
import type { ReadSocket } from './read-socket.js';

/** What the doors of one session share: its time, which ids its streams have taken, and which sockets they come through. */
export class SharedSession {
  constructor(readonly name: string) {}

  readonly time = new SessionTime();
  readonly #ids = new Set<string>();
  readonly #sockets = new Map<string, ReadSocket>();
  /** Streams at the doors whose samples wait until it is known whether their clock slept with the machine. */
  readonly #awaking = new Set<object>();
  #isZeroTold = false;

  get isEmpty(): boolean {
    return this.#ids.size === 0;
  }

  /** The session's zero, a session stamp, to be told before its first samples; null before it is known, and once it is told. */
  takeZero(): Seconds | null {
    if (this.#isZeroTold || this.time.zero === null) return null;
    this.#isZeroTold = true;
    return this.time.zero;
  }

  /** Another session goes on under the name, on the same time. */
  beginAnew(): void {
    this.#isZeroTold = false;
  }

  /** Streams that are open, through whichever door. */
  get streams(): number {
    return this.#ids.size;
  }

  /**
   * Takes ids that no open stream of the session has. `ids`: what a declared stream's parts are called where it is called `name`;
   * the first name that is free is returned: `name`, `name#2`, ...
   */
  take(name: string, ids: readonly string[]): string {
    // What follows the name in the ids of the parts is the same whatever the name.
    const ends = ids.map((id) => id.slice(name.length));
    let own = name;
    for (let n = 2; ends.some((end) => this.#ids.has(`${own}${end}`)); n++) own = `${name}#${n}`;
    for (const end of ends) this.#ids.add(`${own}${end}`);
    return own;
  }

  release(ids: readonly string[]): void {
    for (const id of ids) {
      this.#ids.delete(id);
      this.#sockets.get(id)?.forget(this.#named(id));
      this.#sockets.delete(id);
    }
  }

  /** A stream comes through a socket that we may pause, and no longer through the one before. */
  comesThrough(id: string, socket: ReadSocket, now: Seconds): void {
    const before = this.#sockets.get(id);
    this.#sockets.set(id, socket);
    if (!before) return;
    socket.goesOn(this.#named(id), before, now);
    before.forget(this.#named(id));
  }

  /** Samples of a stream came through its socket, `lateness_s` after their stamps. */
  came(id: string, lateness_s: Seconds, now: Seconds): void {
    this.#sockets.get(id)?.came(now, this.#named(id), lateness_s);
  }

  /** Samples of a stream at a door begin or end to wait to be placed, after a sleep of the machine. */
  awaits(stream: object, isAwaking: boolean): void {
    if (isAwaking) this.#awaking.add(stream);
    else this.#awaking.delete(stream);
  }

  /** One socket may bring streams of several sessions. */
  #named(id: string): string {
    return `${id} of ${this.name}`;
  }

  /** Whether something is to come that was sent before what comes now. */
  isCatchingUp(now: Seconds): boolean {
    for (const socket of this.#sockets.values()) if (socket.isAwaited(this.name, now)) return true;
    return this.#awaking.size > 0;
  }
}

/** Sessions by name, whichever doors their streams come by. One is kept while it has an open stream or runs. */
export class SharedSessions {
  readonly #sessions = new Map<string, SharedSession>();
  readonly #running = new Set<string>();

  of(name: string): SharedSession {
    const session = this.#sessions.get(name) ?? new SharedSession(name);
    this.#sessions.set(name, session);
    return session;
  }

  /** Sessions that are kept. */
  get size(): number {
    return this.#sessions.size;
  }

  has(name: string): boolean {
    return this.#sessions.has(name);
  }

  /** A session runs under this name until {@link ended}. */
  began(name: string): void {
    this.#running.add(name);
  }

  ended(name: string): void {
    this.#running.delete(name);
    this.#sessions.get(name)?.beginAnew();
    this.#forget(name);
  }

  /** A stream of the session has ended. */
  release(name: string, ids: readonly string[]): void {
    this.#sessions.get(name)?.release(ids);
    this.#forget(name);
  }

  #forget(name: string): void {
    if (!this.#running.has(name) && this.#sessions.get(name)?.isEmpty) this.#sessions.delete(name);
  }
}
