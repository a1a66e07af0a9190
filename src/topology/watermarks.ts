import type { Seconds } from '../core/clock.js';
import { period_s, type StreamInfo, TIME_TOLERANCE_S } from '../core/signal.js';
import type { Stateful } from '../core/state.js';
import { staleLimit_s } from '../dsp/sliding-window.js';

interface Progress {
  stale_s: Seconds;
  period_s: Seconds;
  /** Last stamp. */
  last: Seconds;
  /** First stamp of the latest chunk. */
  reach: Seconds;
}

export type WatermarksState = {
  readonly streams: readonly (readonly [id: string, progress: Readonly<Progress>])[];
  readonly head: Seconds;
};

/**
 * How far each stream of a session has come, and so which windows may close.
 *
 * A stream's watermark is its last stamp and one sample period. A lagging stream is waited for until another one is
 * `lateness_s` ahead, measured at the *first* stamp of that one's latest chunk: what a long chunk holds beyond it says
 * nothing about how late the others are. Hence chunks that come in order of their first stamps never make a window
 * close early, whatever their lengths.
 */
export class Watermarks implements Stateful<WatermarksState> {
  readonly #streams = new Map<string, Progress>();
  #head = Number.NEGATIVE_INFINITY;

  constructor(readonly lateness_s: Seconds) {}

  advance(info: StreamInfo, first: Seconds, last: Seconds): void {
    const progress = this.#streams.get(info.id);
    this.#head = Math.max(this.#head, last + period_s(info));
    if (progress) {
      Object.assign(progress, { stale_s: staleLimit_s(info), period_s: period_s(info) });
      progress.last = Math.max(progress.last, last);
      progress.reach = Math.max(progress.reach, first);
    } else {
      this.#streams.set(info.id, {
        stale_s: staleLimit_s(info),
        period_s: period_s(info),
        last,
        reach: first,
      });
    }
  }

  forget(id: string): void {
    this.#streams.delete(id);
  }

  /** Furthest watermark so far, of streams that are gone too; -Infinity before the first sample. */
  get head(): Seconds {
    return this.#head;
  }

  isStale(id: string, time: Seconds): boolean {
    const progress = this.#streams.get(id);
    return progress === undefined || time - progress.last > progress.stale_s + TIME_TOLERANCE_S;
  }

  snapshot(): WatermarksState {
    return { streams: [...this.#streams].map(([id, progress]) => [id, { ...progress }]), head: this.#head };
  }

  restore({ streams, head }: WatermarksState): void {
    for (const [id, progress] of streams) this.#streams.set(id, { ...progress });
    this.#head = head;
  }

  /** Whether a window ending at `time` may close without the session's end or a tick. */
  reached(time: Seconds): boolean {
    let reach = Number.NEGATIVE_INFINITY;
    for (const s of this.#streams.values()) reach = Math.max(reach, s.reach);
    if (reach >= time + this.lateness_s - TIME_TOLERANCE_S) return true;
    let waitedFor = 0;
    for (const s of this.#streams.values()) {
      if (reach - s.last > s.stale_s) continue;
      if (s.last + s.period_s < time - TIME_TOLERANCE_S) return false;
      waitedFor++;
    }
    return waitedFor > 0;
  }
}
