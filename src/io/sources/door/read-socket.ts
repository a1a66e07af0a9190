import type { Seconds } from '../../../core/clock.js';

/** Samples so much later than their stream's last ones before the pause are of the present, s. */
const PRESENT_S: Seconds = 0.5;
/** A socket that gives nothing for so long has nothing left, s. */
const QUIET_S: Seconds = 1;
/** Longest that a session which could take more waits for a socket, s. */
const LONGEST_S: Seconds = 30;

/**
 * How far reading a socket has come that we paused: what was sent meanwhile lies in it, and in its sender, and is awaited until
 * samples of the present come of each of its streams, or nothing does.
 */
export class ReadSocket {
  #isBehind = false;
  #isPaused = false;
  /** The session that is too slow for its sender. */
  #heldFor: string | null = null;
  /** Since when a session that could take more waits for it. */
  #since: Seconds = Number.NEGATIVE_INFINITY;
  /** When it was read again. */
  #readAt: Seconds = Number.NEGATIVE_INFINITY;
  /** Streams that gave nothing since, and those whose last samples since weren't of the present. */
  readonly #unheard = new Set<string>();
  readonly #late = new Set<string>();
  /** When it gave something last, or was read again. */
  #came: Seconds = Number.NEGATIVE_INFINITY;
  /** How long after their stamps each stream's last samples came, before it was paused, s. */
  readonly #lateness_s = new Map<string, Seconds>();

  /** No more is read, for whatever reason. */
  pause(now: Seconds): void {
    this.#isPaused = true;
    if (!this.#isBehind) this.#since = now;
    this.#isBehind = true;
  }

  /** A session asks to send no more, until the socket is read again. */
  holdFor(session: string): void {
    this.#heldFor = session;
  }

  /** It is read again. */
  read(now: Seconds): void {
    this.#isPaused = false;
    this.#came = now;
    this.#readAt = now;
    for (const stream of this.#lateness_s.keys()) this.#unheard.add(stream);
    this.#late.clear();
    if (this.#heldFor !== null) this.#since = now;
    this.#heldFor = null;
  }

  /** Samples of a stream came, `lateness_s` after their stamps by the session's time; Infinity: the stream isn't placed in it yet. */
  came(now: Seconds, stream: string, lateness_s: Seconds): void {
    this.#came = now;
    if (!this.#isBehind) {
      if (Number.isFinite(lateness_s)) this.#lateness_s.set(stream, lateness_s);
      return;
    }
    if (this.#isPaused) return;
    this.#unheard.delete(stream);
    if (lateness_s <= (this.#lateness_s.get(stream) ?? 0) + PRESENT_S) this.#late.delete(stream);
    else this.#late.add(stream);
    const isHeard = this.#unheard.size === 0 || now - this.#readAt > QUIET_S;
    if (isHeard && this.#late.size === 0) this.#isBehind = false;
  }

  /** A stream comes through another socket, or not at all. */
  forget(stream: string): void {
    this.#lateness_s.delete(stream);
    this.#unheard.delete(stream);
    this.#late.delete(stream);
  }

  /** Whether `session` waits for what was sent while the socket wasn't read. */
  isAwaited(session: string, now: Seconds): boolean {
    if (!this.#isBehind) return false;
    if (this.#heldFor === session) return true;
    const isGiving = this.#isPaused || now - this.#came <= QUIET_S;
    return isGiving && now - this.#since <= LONGEST_S;
  }
}
