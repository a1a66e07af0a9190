import type { Seconds } from '../../core/clock.js';
import { period_s, type StreamInfo, TIME_TOLERANCE_S } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';

/** Slower streams, and irregular ones, are not waited for, Hz. */
const SLOWEST_AWAITED_HZ = 10;

interface Progress {
  sfreq: number;
  /** Last stamp, and one sample period. */
  last: Seconds;
  end: Seconds;
  /** First stamp of the latest chunk. */
  reach: Seconds;
}

export type WatermarksState = {
  readonly streams: readonly (readonly [id: string, progress: Readonly<Progress>])[];
  /** Streams that were told to be silent. */
  readonly stale: readonly string[];
  readonly head: Seconds;
};

/**
 * How far each stream of a session has come, and so which windows may close: those up to which every stream of 10 Hz or
 * more has come that isn't stale.
 *
 * Such a stream is waited for until another one is `lateness_s` ahead, measured at the *first* stamp of that one's latest
 * chunk: what a long chunk holds beyond it says nothing about how late the others are. Slower streams are waited for only
 * until samples come that begin after the window, and so is every stream for the session's first one. Hence chunks that
 * come in order of their first stamps never make a window close early, whatever their lengths.
 */
export class Watermarks implements Stateful<WatermarksState> {
  readonly #streams = new Map<string, Progress>();
  readonly #stale = new Set<string>();
  #head = Number.NEGATIVE_INFINITY;

  constructor(readonly lateness_s: Seconds) {}

  advance(info: StreamInfo, first: Seconds, last: Seconds): void {
    const end = last + period_s(info);
    this.#head = Math.max(this.#head, end);
    const { sfreq } = info;
    const known = this.#streams.get(info.id) ?? { sfreq, last, end, reach: first };
    this.#streams.set(info.id, {
      sfreq,
      last: Math.max(known.last, last),
      end: Math.max(known.end, end),
      reach: Math.max(known.reach, first),
    });
  }

  setStale(id: string, isStale: boolean): void {
    if (isStale) this.#stale.add(id);
    else this.#stale.delete(id);
  }

  forget(id: string): void {
    this.#streams.delete(id);
    this.#stale.delete(id);
  }

  /** Furthest watermark so far, of streams that are gone too; -Infinity before the first sample. */
  get head(): Seconds {
    return this.#head;
  }

  /** Whether a stream was told to be silent, or is gone. */
  isStale(id: string): boolean {
    return this.#stale.has(id) || !this.#streams.has(id);
  }

  snapshot(): WatermarksState {
    return {
      streams: [...this.#streams].map(([id, progress]) => [id, { ...progress }]),
      stale: [...this.#stale],
      head: this.#head,
    };
  }

  restore({ streams, stale, head }: WatermarksState): void {
    for (const [id, progress] of streams) this.#streams.set(id, { ...progress });
    for (const id of stale) this.#stale.add(id);
    this.#head = head;
  }

  /** Whether a window ending at `time`, the session's first or a later one, may close without the session's end or a tick. */
  reached(time: Seconds, isFirst: boolean): boolean {
    const due = time - TIME_TOLERANCE_S;
    let reach = Number.NEGATIVE_INFINITY;
    for (const s of this.#streams.values()) reach = Math.max(reach, s.reach);
    if (reach >= due + (isFirst ? 0 : this.lateness_s)) return true;
    let isPassed = false;
    for (const [id, s] of this.#streams) {
      if (this.#stale.has(id)) continue;
      if (s.end >= due) isPassed = true;
      else if (s.sfreq >= SLOWEST_AWAITED_HZ || reach < due) return false;
    }
    return isPassed;
  }
}
