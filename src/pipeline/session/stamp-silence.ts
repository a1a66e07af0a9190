import type { Seconds } from '../../core/clock.js';
import { type StreamInfo, TIME_TOLERANCE_S } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';
import type { StaleLimit, StaleLimitState } from '../../signal/timebase/stale-limit.js';
import { staleLimitOf } from './silence-watch.js';

interface Stamped {
  info: StreamInfo;
  limit: StaleLimit;
  /** Stamps that no window's end has passed, in order. */
  pending: Float64Array[];
}

export type StampSilenceState = readonly {
  readonly info: StreamInfo;
  readonly limit: StaleLimitState;
  readonly pending: readonly Float64Array[];
}[];

/**
 * Which streams of a recording are stale when a window closes, where nothing tells when samples arrived: each as it was
 * measured. Only samples before the window's end count, so that it doesn't matter how they are cut into chunks.
 */
export class StampSilence implements Stateful<StampSilenceState> {
  readonly #streams = new Map<string, Stamped>();

  /** Samples of a stream, session time. */
  take(info: StreamInfo, times: Float64Array): void {
    const known = this.#streams.get(info.id);
    if (known?.info.sfreq === info.sfreq) known.pending.push(times);
    else {
      const limit = staleLimitOf(info);
      if (known) limit.restore(known.limit.snapshot());
      this.#streams.set(info.id, { info, limit, pending: [...(known?.pending ?? []), times] });
    }
  }

  /** `time` never falls from call to call. */
  isStale(id: string, time: Seconds): boolean {
    const stream = this.#streams.get(id);
    if (!stream) return true;
    const until = time - TIME_TOLERANCE_S;
    while (stream.pending.length > 0) {
      const [times] = stream.pending;
      let taken = 0;
      while (taken < times.length && times[taken] < until) stream.limit.came(times[taken++]);
      if (taken < times.length) {
        stream.pending[0] = times.subarray(taken);
        break;
      }
      stream.pending.shift();
    }
    return stream.limit.isStale(until);
  }

  snapshot(): StampSilenceState {
    return [...this.#streams.values()].map(({ info, limit, pending }) => ({
      info,
      limit: limit.snapshot(),
      pending: pending.map((times) => times.slice()),
    }));
  }

  restore(state: StampSilenceState): void {
    for (const { info, limit, pending } of state) {
      const own = staleLimitOf(info);
      own.restore(limit);
      this.#streams.set(info.id, { info, limit: own, pending: [...pending] });
    }
  }
}
