import type { Seconds } from '../../core/clock.js';
import type { EventSink } from '../../core/event.js';
import type { StreamInfo, StreamMessage } from '../../core/signal.js';

/** A stretch without samples, between `from` and `to`, s on the recording's clock. */
export interface Gap {
  readonly from: Seconds;
  readonly to: Seconds;
}

export interface RecordedStream {
  readonly info: StreamInfo;
  /** Rate over the stretches without gaps, Hz; null below two samples. */
  readonly measured_sfreq: number | null;
  readonly samples: number;
  /** First and last stamp, s on the recording's clock; null for a dead stream. */
  readonly first: Seconds | null;
  readonly last: Seconds | null;
  readonly gaps: readonly Gap[];
  /** Times at which the sender's clock jumped. */
  readonly clock_resets: readonly Seconds[];
}

/** A window that a node's model is not asked about, for it is too slow: its line says `overloaded`. */
export interface ThinnedWindow {
  readonly node: string;
  /** `name@sha256:...` */
  readonly model: string;
  readonly seq: number;
  /** Where it ends, s from the session's zero. */
  readonly time: Seconds;
}

export interface ReadOptions {
  /** Samples per chunk; null lets the reader choose. The samples don't depend on it. */
  readonly chunk: number | null;
  /** Bring stamps onto the session's clock, as live; off: the senders' stamps. */
  readonly clockSync: boolean;
  readonly events: EventSink;
}

/**
 * An opened recording. `messages` gives every stream's `open`, then chunks and markers of all streams merged in
 * order of the chunk's first stamp, then every `close`. Reading streams from disk: memory does not grow with the file.
 */
export interface Recording {
  readonly path: string;
  readonly format: string;
  /** File name without folder and extension; a folder's name. */
  readonly stem: string;
  readonly streams: readonly RecordedStream[];
  /** Wall-clock time of the recording clock's zero, s since 1970, when the format tells. */
  readonly zero_unix_s: number | null;
  /** The files that are the parts of it, by their whole paths; none where it isn't kept in parts. */
  readonly files?: readonly string[];
  /** What was wrong with the file, one line each. */
  readonly problems: readonly string[];
  /** Whether messages come as they came live, chunk by chunk, instead of in order of their stamps. */
  readonly inArrivalOrder?: boolean;
  /** By source of the pipeline that was served when it was recorded: the streams that fed it, in order. */
  readonly bound?: ReadonlyMap<string, readonly StreamInfo[]>;
  /** Windows that models had no time for when it was recorded. */
  readonly thinned?: readonly ThinnedWindow[];
  messages(options: ReadOptions): AsyncIterable<StreamMessage>;
  close(): Promise<void>;
}

/** One file format: how it is recognised by content, and how it is opened. */
export interface RecordingFormat {
  readonly name: string;
  /** 0 = no, 1 = the extension fits, 2 = the content fits. `head` holds up to 4096 bytes; null for a folder. */
  recognise(path: string, head: Uint8Array | null): number;
  open(path: string): Promise<Recording>;
}
