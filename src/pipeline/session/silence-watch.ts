import type { Clock, Seconds, Timer } from '../../core/clock.js';
import {
  type Chunk,
  isSameStream,
  period_s,
  type StreamInfo,
  type StreamMessage,
} from '../../core/signal.js';
import { StaleLimit, staleLimit_s } from '../../signal/timebase/stale-limit.js';
import type { StallWatch } from '../../signal/timebase/stall-watch.js';
import { SilenceTicks } from './silence-ticks.js';

/** How often it looks, s. */
const LOOK_S: Seconds = 0.1;

/** What of the session it is told by and tells to. */
export interface WatchedSession {
  /** Whether a stream feeds a source. */
  readonly feeds: (id: string) => boolean;
  /** Whether a stream that feeds sources can go on with that as it is described anew. */
  readonly keeps: (info: StreamInfo) => boolean;
  /** Takes what is decided into the session's log. */
  readonly tell: (message: StreamMessage) => void;
  /** Knows when we stood still ourselves. Default: we never do. */
  readonly stall?: StallWatch | undefined;
  /** Whether its senders are asked to wait. Default: they never are. */
  readonly isBusy?: (() => boolean) | undefined;
}

interface Heard {
  info: StreamInfo;
  limit: StaleLimit;
  /** Whether it was told to be stale. */
  isStale: boolean;
}

/** A stream's limit: that of its type, where its samples come irregularly. */
export function staleLimitOf(info: StreamInfo): StaleLimit {
  return new StaleLimit(info.sfreq, info.sfreq > 0 ? undefined : staleLimit_s(info));
}

/**
 * Listens to the streams that feed a live session's sources: tells which fell silent, by their own arrivals, and which are
 * back; while none is heard, tells by ticks how far time has come. What feeds nothing, such as a headset's motion sensor that
 * goes on, speaks for none. While we stand still or ask senders to wait, nobody is silent. All that is decided goes into the
 * session's log; a replay obeys it, and decides nothing anew.
 */
export class SilenceWatch {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #session: WatchedSession;
  readonly #timer: Timer;
  readonly #ticks: SilenceTicks;
  readonly #streams = new Map<string, Heard>();
  /** Furthest stamp and one sample period. */
  #head: Seconds = Number.NEGATIVE_INFINITY;
  /** What the machine has slept, as far as the head knows. */
  #slept_s: Seconds;
  /** When samples came last. */
  #heard: Seconds;
  #wasBusy = false;
  #looked: Seconds;
  /** How long senders were asked to wait, s. */
  #waited_s: Seconds = 0;

  constructor(clock: Pick<Clock, 'now' | 'every'>, session: WatchedSession) {
    this.#clock = clock;
    this.#session = session;
    this.#heard = clock.now();
    this.#slept_s = session.stall?.slept_s ?? 0;
    this.#looked = this.#attended();
    this.#ticks = new SilenceTicks(session.tell);
    this.#timer = clock.every(LOOK_S, () => this.#look());
  }

  /** Samples of a stream that feeds a source, before they go into the session; `isBehind`: we were late to look at them. */
  hear({ info, times }: Chunk, isBehind: boolean): void {
    if (times.length === 0) return;
    this.#passSleep();
    const heard = this.#streams.get(info.id) ?? { info, limit: staleLimitOf(info), isStale: false };
    this.#streams.set(info.id, heard);
    heard.limit.came(this.listened(), isBehind);
    this.#set(heard, false);
    this.#heard = this.#clock.now();
    this.#head = Math.max(this.#head, times[times.length - 1] + period_s(info));
  }

  /**
   * A session goes on that another daemon ran: a stream that feeds a source came last with a sample stamped `last`, at `heard` by our
   * clock.
   */
  goOn(info: StreamInfo, last: Seconds, heard: Seconds, isStale: boolean): void {
    const limit = staleLimitOf(info);
    limit.came(this.listened() - (this.#clock.now() - heard));
    this.#streams.set(info.id, { info, limit, isStale });
    const head = last + period_s(info);
    if (head < this.#head) return;
    this.#head = head;
    this.#heard = heard;
  }

  /**
   * A stream is described anew, before the session is told: until it feeds a source again, none of it is heard. Windows wait for one
   * whose rate alone turns out to be another, as they did before.
   */
  describe(info: StreamInfo): void {
    const heard = this.#streams.get(info.id);
    if (!heard || isSameStream(heard.info, info)) return;
    const isHeard = isSameStream({ ...heard.info, sfreq: info.sfreq }, info) && this.#session.keeps(info);
    if (!isHeard) this.#set(heard, true);
    const limit = staleLimitOf(info);
    limit.restore(heard.limit.snapshot());
    Object.assign(heard, { info, limit });
  }

  /** Time in which we were there to listen, s: a clock that stops where we stand still or have senders wait. */
  listened(): Seconds {
    return (this.#wasBusy ? this.#looked : this.#attended()) - this.#waited_s;
  }

  /** Before the session's last stream closes. */
  close(): void {
    this.stop();
    this.#ticks.close();
  }

  stop(): void {
    this.#timer.cancel();
  }

  #attended(): Seconds {
    return this.#session.stall?.attended() ?? this.#clock.now();
  }

  #look(): void {
    const isBusy = this.#noteBusy();
    if (isBusy || this.#session.stall?.isBehind) return;
    this.#passSleep();
    const [now, listened] = [this.#clock.now(), this.listened()];
    let isHeard = false;
    for (const [id, heard] of this.#streams) {
      if (!this.#session.feeds(id)) {
        this.#streams.delete(id);
        continue;
      }
      const isSilent = heard.limit.isStale(listened);
      if (isSilent) this.#set(heard, true);
      isHeard ||= !isSilent;
    }
    if (!isHeard && this.#head !== Number.NEGATIVE_INFINITY) this.#ticks.tick(this.#head + now - this.#heard);
  }

  /** Time goes on by what the machine slept, and nobody was heard in it. */
  #passSleep(): void {
    const span_s = (this.#session.stall?.slept_s ?? 0) - this.#slept_s;
    if (span_s === 0) return;
    this.#slept_s += span_s;
    this.#head += span_s;
    const then = this.listened() + span_s;
    for (const heard of this.#streams.values()) if (heard.limit.isStale(then)) this.#set(heard, true);
    if (this.#head !== Number.NEGATIVE_INFINITY) this.#ticks.tick(this.#head);
  }

  /** Counts how long senders have waited; whether they do now. */
  #noteBusy(): boolean {
    const isBusy = this.#session.isBusy?.() ?? false;
    const attended = this.#attended();
    if (this.#wasBusy) this.#waited_s += attended - this.#looked;
    this.#looked = attended;
    this.#wasBusy = isBusy;
    return isBusy;
  }

  #set(heard: Heard, isStale: boolean): void {
    if (heard.isStale === isStale) return;
    heard.isStale = isStale;
    this.#session.tell({ kind: 'stale', stream: heard.info.id, isStale });
  }
}
