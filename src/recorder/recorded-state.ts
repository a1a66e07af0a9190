import type { Seconds } from '../core/clock.js';
import { type FramePlace, isSameStream, type StreamInfo, type StreamMessage } from '../core/signal.js';

/** A stream of a session, as far as its recording has come. */
export interface RecordedStream {
  readonly info: StreamInfo;
  /** Its name for the writers of all parts. */
  readonly key: string;
  readonly isOpen: boolean;
  /** The sources that it feeds. */
  readonly sources: readonly string[];
  readonly isStale: boolean;
  /** Stamp of its last sample; null before any. */
  readonly last: Seconds | null;
  /** Samples of it were not kept since its last. */
  readonly isMissing: boolean;
  /** What its sender said of it, where that may ask for it again. */
  readonly declared: string | null;
  /** The last frame of it that is whole; null where its sender numbers none. */
  readonly frame: RecordedFrame | null;
}

/** A frame of which all is recorded. */
export interface RecordedFrame {
  readonly seq: number;
  /** Stamp of its last sample by the sender's clock. */
  readonly raw: Seconds;
  /** When it was taken, by the clock. */
  readonly t: Seconds;
}

/** What a part says again of those before it: zero, the streams, what they feed, and which are silent. */
export class RecordedState {
  zero: Seconds | null = null;
  /** The clock that zero is a stamp of; null: nobody told. */
  clock: string | null = null;
  /** Furthest stamp of samples; -Infinity before any. */
  newest: Seconds = Number.NEGATIVE_INFINITY;
  readonly #streams: Map<string, RecordedStream>;
  /** Descriptions of streams so far. */
  #described = 0;

  constructor(from?: Pick<RecordedState, 'zero' | 'clock' | 'newest' | 'streams' | 'described'>) {
    this.#streams = new Map(from?.streams);
    if (from) Object.assign(this, { zero: from.zero, clock: from.clock, newest: from.newest });
    this.#described = from?.described ?? 0;
  }

  get streams(): ReadonlyMap<string, RecordedStream> {
    return this.#streams;
  }

  get described(): number {
    return this.#described;
  }

  /** What a recording says first that begins here: what is open, of which it has nothing yet. */
  get begin(): RecordedState {
    const open = [...this.#streams].filter(([, { isOpen }]) => isOpen);
    return new RecordedState({
      ...{ zero: this.zero, clock: this.clock, described: this.#described },
      newest: Number.NEGATIVE_INFINITY,
      streams: new Map(
        open.map(([id, stream]) => [id, { ...stream, last: null, isMissing: false, frame: null }]),
      ),
    });
  }

  /** Goes on by a message that is written; `t`: when it was taken, by the clock. */
  take(message: StreamMessage, t: Seconds): void {
    switch (message.kind) {
      case 'open':
        this.#open(message.info, message.declared ?? null);
        break;
      case 'zero':
        this.zero = message.time;
        this.clock = message.clock ?? null;
        break;
      case 'bind':
        this.#bind(message.source, message.stream);
        break;
      case 'stale':
        this.#change(message.stream, { isStale: message.isStale });
        break;
      case 'close':
        this.#change(message.id, { isOpen: false, sources: [], isStale: false });
        break;
      case 'marker':
        this.#change(message.marker.stream, { last: message.marker.time, isMissing: false });
        this.#take(message.marker.stream, message.frame, 1, t);
        break;
      case 'chunk': {
        const { info, times } = message.chunk;
        const last = times[times.length - 1];
        if (last === undefined || !this.#streams.has(info.id)) return;
        this.#change(info.id, { last, isMissing: false });
        this.#take(info.id, message.frame, times.length, t);
        this.newest = Math.max(this.newest, last);
      }
    }
  }

  /** Samples of a stream were not kept. */
  missed(id: string): void {
    if (this.#streams.get(id)?.last !== null) this.#change(id, { isMissing: true });
  }

  #take(id: string, frame: FramePlace | undefined, samples: number, t: Seconds): void {
    if (!frame || frame.from + samples < frame.samples) return;
    this.#change(id, { frame: { seq: frame.seq, raw: frame.raw, t } });
  }

  #open(info: StreamInfo, declared: string | null): void {
    const before = this.#streams.get(info.id);
    if (before?.isOpen && isSameStream(before.info, info)) return;
    // In the order in which they were opened.
    this.#streams.delete(info.id);
    if (before && isSameStream(before.info, info))
      this.#streams.set(info.id, { ...before, declared, isOpen: true });
    else
      this.#streams.set(info.id, {
        ...{ info, key: String(this.#described++), isOpen: true, sources: [], isStale: false },
        ...{ last: null, isMissing: false, declared, frame: null },
      });
  }

  /** A source is fed by one stream. */
  #bind(source: string, id: string): void {
    for (const [other, { sources }] of this.#streams)
      if (other !== id && sources.includes(source))
        this.#change(other, { sources: sources.filter((name) => name !== source) });
    const sources = this.#streams.get(id)?.sources ?? [];
    if (!sources.includes(source)) this.#change(id, { sources: [...sources, source] });
  }

  #change(id: string, change: Partial<RecordedStream>): void {
    const stream = this.#streams.get(id);
    if (stream) this.#streams.set(id, { ...stream, ...change });
  }
}
