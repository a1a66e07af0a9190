import type { Seconds } from '../../core/clock.js';
import type { ClockKind } from '../../protocol/control.js';

/** How one stream's stamps get onto its session's clock: `stamp + offset_s`. */
export interface Alignment {
  readonly kind: ClockKind;
  readonly offset_s: Seconds;
  readonly aligned: 'clock' | 'assumed';
}

/** Stamps above this count from 1970: an uptime of 1e9 s would be 31 years. */
const UNIX_ABOVE_S = 1e9;

/** How far two senders that name no clock may be apart and still be taken to share one, s. */
const SAME_CLOCK_WITHIN_S = 5;

/**
 * One session's clock. The first stream that delivers samples defines it. Streams of the same clock kind share it
 * (`device`: those of the same sender); the first sample of another kind is taken to be as old as the session's
 * newest data, and that offset then holds for every stream of that kind. Senders that name no clock share one where
 * their stamps lie within 5 s of the session's, as two programs that both count from zero rarely mean the same zero.
 */
export class TimeBase {
  readonly #offsets = new Map<string, Seconds>();
  readonly #undeclared = new Map<string, string>();
  #base: string | null = null;
  #newest: Seconds = Number.NEGATIVE_INFINITY;

  /** Newest stamp on the session clock; -Infinity before any. */
  get newest(): Seconds {
    return this.#newest;
  }

  advance(time: Seconds): void {
    if (time > this.#newest) this.#newest = time;
  }

  /**
   * Where a stream belongs whose first stamp is `first`.
   * @param declared The clock that its sender named, if any.
   * @param sender Names the client, or its connection.
   */
  align(declared: ClockKind | undefined, sender: string, first: Seconds): Alignment {
    const kind = declared ?? (first >= UNIX_ABOVE_S ? 'unix' : 'session');
    const own = `${kind} of ${sender}`;
    let key: string = kind === 'device' ? own : kind;
    if (declared === undefined) {
      const known = this.#offsets.get(key);
      const strange = known !== undefined && Math.abs(first + known - this.#newest) > SAME_CLOCK_WITHIN_S;
      key = this.#undeclared.get(own) ?? (strange ? own : key);
      this.#undeclared.set(own, key);
    }
    this.#base ??= key;
    let offset_s = this.#offsets.get(key);
    if (offset_s === undefined) {
      offset_s = key === this.#base ? 0 : this.#newest - first;
      this.#offsets.set(key, offset_s);
    }
    return { kind, offset_s, aligned: key === this.#base ? 'clock' : 'assumed' };
  }
}
