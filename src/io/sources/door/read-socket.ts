import type { Seconds } from '../../../core/clock.js';

/** Samples so much later than their stream's last ones before it fell behind are of the present, s. */
const PRESENT_S: Seconds = 0.5;
/** A socket that brings no stream nearer to the present for so long has nothing left, s. */
const QUIET_S: Seconds = 1;
/** Longest that a session which could take more waits for a socket, s. */
const LONGEST_S: Seconds = 30;

/** What came of a stream. */
interface Heard {
  /** How long after their stamps its last samples came, before the socket fell behind, s. */
  readonly usual_s: Seconds;
  /** Stamp of its newest sample since, as a time on our clock; -Infinity before any. */
  newest: Seconds;
  /** The least that samples were late since, s; Infinity before any. */
  least_s: Seconds;
}

const unheard = (usual_s: Seconds): Heard => ({
  usual_s,
  newest: Number.NEGATIVE_INFINITY,
  least_s: Number.POSITIVE_INFINITY,
});

/**
 * How far reading has come of a socket that is behind: we paused it, or its sender was cut before and sends again what is missing. That
 * is awaited until all of its streams are of the present at once, or none comes nearer to it.
 */
export class ReadSocket {
  #isBehind = false;
  #isPaused = false;
  #isCut = false;
  /** The session that is too slow for its sender. */
  #heldFor: string | null = null;
  /** Since when a session that could take more waits for it. */
  #since: Seconds = Number.NEGATIVE_INFINITY;
  /** When a late stream came nearer to the present last; before that, when reading began again. */
  #neared: Seconds = Number.NEGATIVE_INFINITY;
  readonly #streams = new Map<string, Heard>();

  /** No more is read, for whatever reason. */
  pause(now: Seconds): void {
    if (!this.#isWaitedFor(now)) this.#since = now;
    this.#isPaused = true;
    this.#isBehind = true;
  }

  /** A session asks to send no more, until the socket is read again. */
  holdFor(session: string): void {
    this.#heldFor = session;
  }

  /** It is read again. */
  read(now: Seconds): void {
    this.#letGo(now);
    for (const [stream, { usual_s }] of this.#streams) this.#streams.set(stream, unheard(usual_s));
  }

  /** It was cut: nothing more comes. */
  cut(now: Seconds): void {
    if (this.#isWaitedFor(now)) this.#letGo(now);
    this.#isCut = true;
  }

  /**
   * A stream goes on here that came through another socket, and the others that did may follow: what is missing of them is sent again,
   * perhaps one after the other.
   */
  goesOn(stream: string, before: ReadSocket, now: Seconds): void {
    // A sender that is cut again and again must not hold its session up for longer.
    if (!this.#isWaitedFor(now)) this.#since = before.#isWaitedFor(now) ? before.#since : now;
    this.#isBehind = true;
    this.#neared = now;
    this.#streams.set(stream, unheard(before.#streams.get(stream)?.usual_s ?? 0));
    for (const [other, { usual_s }] of before.#streams)
      if (!this.#streams.has(other)) this.#streams.set(other, unheard(usual_s));
  }

  /** Samples of a stream came, `lateness_s` after their stamps by the session's time; Infinity: the stream isn't placed in it yet. */
  came(now: Seconds, stream: string, lateness_s: Seconds): void {
    if (!this.#isBehind) {
      if (Number.isFinite(lateness_s)) this.#streams.set(stream, unheard(lateness_s));
      return;
    }
    if (this.#isPaused) return;
    const heard = this.#streams.get(stream) ?? unheard(0);
    this.#streams.set(stream, heard);
    heard.newest = now - lateness_s;
    if (lateness_s < heard.least_s) {
      heard.least_s = lateness_s;
      if (lateness_s > heard.usual_s + PRESENT_S) this.#neared = now;
    }
    const isPresent = [...this.#streams.values()].every(
      ({ newest, usual_s }) => now - newest <= usual_s + PRESENT_S,
    );
    if (isPresent || !this.#isGiving(now)) this.#catchUp();
  }

  /** A stream comes through another socket, or not at all. */
  forget(stream: string): void {
    this.#streams.delete(stream);
  }

  /** Whether `session` waits for what was sent before what comes now. */
  isAwaited(session: string, now: Seconds): boolean {
    if (!this.#isBehind || this.#isCut) return false;
    if (this.#heldFor === session) return true;
    return this.#isGiving(now) && now - this.#since <= LONGEST_S;
  }

  #isGiving(now: Seconds): boolean {
    return this.#isPaused || now - this.#neared <= QUIET_S;
  }

  /** Whether a session may be waiting for it. */
  #isWaitedFor(now: Seconds): boolean {
    return this.#isBehind && this.#isGiving(now);
  }

  #letGo(now: Seconds): void {
    this.#isPaused = false;
    this.#neared = now;
    if (this.#heldFor !== null) this.#since = now;
    this.#heldFor = null;
  }

  #catchUp(): void {
    this.#isBehind = false;
    for (const [stream, { newest }] of this.#streams)
      if (newest === Number.NEGATIVE_INFINITY) this.#streams.delete(stream);
  }
}
