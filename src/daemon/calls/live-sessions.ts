import { BASELINE_END, BASELINE_START } from '../../core/baseline.js';
import type { Seconds } from '../../core/clock.js';
import { SET_MARKERS } from '../../core/set-markers.js';
import { type Marker, type StreamInfo, type StreamMessage, streamOf } from '../../core/signal.js';
import type { OutputMessage } from '../../io/sinks/sink.js';
import type { SessionMessage } from '../../io/sources/source.js';
import { tickStream } from '../../pipeline/session/silence-ticks.js';

/** An open stream, as far as the session's log has come. */
export interface LiveStream {
  readonly info: StreamInfo;
  /** Samples, or markers, so far. */
  samples: number;
  /** Stamp of the last of them by the session's own clock; null before any. */
  last: Seconds | null;
  isStale: boolean;
}

/** A session as its log and its messages tell it. */
export class LiveSession {
  /** By id. */
  readonly streams = new Map<string, LiveStream>();
  /** By source, the id of the stream that feeds it. */
  readonly bound = new Map<string, string>();
  /** Messages by node. */
  readonly told = new Map<string, number>();
  zero: Seconds | null = null;
  /** Stamp at which the rest began that is being taken; null: none is. */
  baseline: Seconds | null = null;
  /** Session time of its last message; null before any. */
  time: Seconds | null = null;

  take(message: StreamMessage): void {
    const id = streamOf(message);
    if (id === tickStream.id) return;
    switch (message.kind) {
      case 'open':
        this.streams.set(message.info.id, { info: message.info, samples: 0, last: null, isStale: false });
        break;
      case 'chunk':
        this.#came(message.chunk.info.id, message.chunk.times.length, message.chunk.times.at(-1));
        break;
      case 'marker':
        this.#came(message.marker.stream, 1, message.marker.time);
        // What people set is known since they did.
        if (this.streams.get(message.marker.stream)?.info.sourceId !== SET_MARKERS) this.mark(message.marker);
        break;
      case 'close':
        this.streams.delete(message.id);
        for (const [source, stream] of this.bound) if (stream === message.id) this.bound.delete(source);
        break;
      case 'bind':
        this.bound.set(message.source, message.stream);
        break;
      case 'stale': {
        const stream = this.streams.get(message.stream);
        if (stream) stream.isStale = message.isStale;
        break;
      }
      case 'zero':
        this.zero ??= message.time;
    }
  }

  /** What a marker tells of the session. */
  mark({ time, value }: Pick<Marker, 'time' | 'value'>): void {
    if (value === BASELINE_START) this.baseline = time;
    else if (value === BASELINE_END) this.baseline = null;
  }

  #came(id: string, samples: number, last: Seconds | undefined): void {
    const stream = this.streams.get(id);
    if (!stream || last === undefined) return;
    stream.samples += samples;
    stream.last = last;
  }
}

/** Names of the sources that a stream feeds. `bound`: by source, the stream's id. */
export const sourcesOf = (bound: ReadonlyMap<string, string>, id: string): string[] =>
  [...bound].flatMap(([source, stream]) => (stream === id ? [source] : []));

/** What runs at the moment, for those who ask: sessions by name, in the order in which they opened. */
export class LiveSessions {
  readonly #sessions = new Map<string, LiveSession>();

  get all(): ReadonlyMap<string, LiveSession> {
    return this.#sessions;
  }

  /** A message of a session's log. */
  take({ session, message }: SessionMessage): void {
    const known = this.#sessions.get(session);
    // A session begins with a stream.
    if (!known && message.kind !== 'open') return;
    const live = known ?? new LiveSession();
    if (!known) this.#sessions.set(session, live);
    live.take(message);
  }

  /** A session of another daemon goes on: where its zero is, and the rest that is being taken began, by stamp. */
  goOn(session: string, known: Pick<LiveSession, 'zero' | 'baseline'>): void {
    this.#sessions.set(session, Object.assign(new LiveSession(), known));
  }

  /** A message that a session told. */
  hear(message: OutputMessage): void {
    const live = this.#sessions.get(message.session);
    if (!live) return;
    if ('node' in message) live.told.set(message.node, (live.told.get(message.node) ?? 0) + 1);
    if (message.time !== null) live.time = Math.max(live.time ?? message.time, message.time);
  }

  ended(session: string): void {
    this.#sessions.delete(session);
  }
}
