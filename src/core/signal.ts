import type { Seconds } from './clock.js';

/**
 * Canonical stream types. A source's dialect is mapped to one of these once, where the stream enters.
 * `Annotation` (a known affect trajectory) and `Affect` (our own predictions) are never model inputs; `Ticks` say how far
 * time had come while every device was silent.
 */
export const streamTypes = [
  'EEG',
  'Gaze',
  'ECG',
  'PPG',
  'EDA',
  'TEMP',
  'EMG',
  'EOG',
  'RESP',
  'ACC',
  'GYRO',
  'HR',
  'IBI',
  'Face',
  'Markers',
  'Annotation',
  'Affect',
  'Ticks',
  'Other',
] as const;
export type StreamType = (typeof streamTypes)[number];

const notMeasured: ReadonlySet<StreamType> = new Set(['Markers', 'Annotation', 'Affect', 'Ticks']);

/**
 * Whether a sensor measured the samples. The others, which were told or computed, give no session its zero, its progress
 * or its silence: the same predictions come out whether a recording holds them or not.
 */
export function isMeasured({ type }: Pick<StreamInfo, 'type'>): boolean {
  return !notMeasured.has(type);
}

const sampledRegularly: ReadonlySet<StreamType> = new Set([
  ...(['EEG', 'ECG', 'PPG', 'EMG', 'EOG', 'RESP', 'ACC', 'GYRO'] as const),
]);

/** Whether samples come at one rate: a rate was declared, or sensors of this type have one, which is measured then. */
export function isRegular({ type, sfreq }: Pick<StreamInfo, 'type' | 'sfreq'>): boolean {
  return sfreq > 0 || sampledRegularly.has(type);
}

export interface Channel {
  /** Canonical label, e.g. `Fp1`, `left_pupil`; empty when the device sent none. */
  readonly label: string;
  /** Canonical unit: `uV`, `mV`, `uS`, `degC`, `mm`, `px`, `deg`, `norm`, `1/min`, `g`, ... or empty when unknown. */
  readonly unit: string;
  /** Channel type as the field names it (`EEG`, `gaze`, `pupil`, `trigger` ...); often the stream's type. */
  readonly type: string;
}

/** Where the screen is that gaze in pixels or normalised coordinates refers to. */
export interface ScreenGeometry {
  readonly width_px?: number;
  readonly height_px?: number;
  readonly width_m: number;
  readonly height_m: number;
  /** From the eyes to the screen's middle. */
  readonly distance_m: number;
  readonly origin: 'top-left' | 'bottom-left' | 'center';
}

export interface StreamInfo {
  /** Unique within its session. */
  readonly id: string;
  readonly name: string;
  readonly type: StreamType;
  readonly sourceId: string;
  /** Nominal rate, Hz; 0 = irregular. */
  readonly sfreq: number;
  readonly channels: readonly Channel[];
  /** Who sends, where the sender names itself: the same after a reconnect. */
  readonly client?: string;
  /** The machine that sends, where the door tells it. */
  readonly hostname?: string;
  /** How the stream's stamps got onto the session clock; `assumed` = first samples aligned. */
  readonly aligned?: 'clock' | 'assumed';
  /** The device whose convention the stream was read by; left out where none was told. */
  readonly dialect?: string;
  /** Made by a simulator, whatever door it came through; what is predicted from it says so. */
  readonly simulated?: true;
  /** Told by the sender of a gaze stream. */
  readonly screen?: ScreenGeometry;
}

/** Consecutive samples of one stream. A chunk never spans a gap. */
export interface Chunk {
  readonly info: StreamInfo;
  /** Channel-major [C, n]: channel c is `data.subarray(c * n, (c + 1) * n)`. NaN = missing. */
  readonly data: Float64Array;
  /** [n] stamps, s, not decreasing. */
  readonly times: Float64Array;
  /** Whether samples are missing between the previous chunk and this one (or the clock was reset). */
  readonly gapBefore: boolean;
}

export interface Marker {
  readonly stream: string;
  readonly time: Seconds;
  readonly value: string;
}

/** A session's graph begins anew, or stays down, in the middle of a message. */
export interface BegunAnew {
  /** Digest of the pipeline whose graph begins. */
  readonly pipeline: string;
  /** Windows that the graph before had closed of that message, and markers, truths and the session's begin that it had told. */
  readonly given: number;
  readonly isDown: boolean;
  /** What the fault was; null: the pipeline was replaced while the session was down. */
  readonly reason: string | null;
}

/** Where samples stand in a frame, as its sender numbers them. */
export interface FramePlace {
  /** The frame's number. */
  readonly seq: number;
  /** How many samples of the frame come before these, and how many it has. */
  readonly from: number;
  readonly samples: number;
  /** Stamp of the last of these samples by the sender's clock. */
  readonly raw: Seconds;
}

/** What a source emits, in order of arrival. */
export type StreamMessage =
  /**
   * Of a stream that is open already: it is described anew, and its samples are other ones from here on. `declared`: what its sender
   * said of it, as the door took it, which a daemon that is started again needs to go on with it.
   */
  | { readonly kind: 'open'; readonly info: StreamInfo; readonly declared?: string }
  /**
   * The session's zero, a stamp, before its first samples; where it isn't told, the first measured sample's stamp is. `clock` names the
   * clock that it is a stamp of.
   */
  | { readonly kind: 'zero'; readonly time: Seconds; readonly clock?: string }
  /** `frame`: of a sender that asks what became of it. */
  | { readonly kind: 'chunk'; readonly chunk: Chunk; readonly frame?: FramePlace }
  | { readonly kind: 'marker'; readonly marker: Marker; readonly frame?: FramePlace }
  /** A source of the pipeline is fed by a stream from here on, until another is said to; `stream` is an id. */
  | { readonly kind: 'bind'; readonly source: string; readonly stream: string }
  /** A stream that feeds a source fell silent, or is back. */
  | { readonly kind: 'stale'; readonly stream: string; readonly isStale: boolean }
  /** So many of a stream's next samples, or markers, never reached the session's graph: more waited for it than is kept. */
  | { readonly kind: 'dropped'; readonly stream: string; readonly samples: number }
  /** Of a recording: what befell the session's graph in the message that comes next, or at its end. */
  | { readonly kind: 'anew'; readonly anew: BegunAnew; readonly atEnd: boolean }
  /** `cut`: it was lost; else its sender closed it. */
  | { readonly kind: 'close'; readonly id: string; readonly cut?: true };

/** Id of the stream that a message is about; null: it is about the session. */
export function streamOf(message: StreamMessage): string | null {
  if (message.kind === 'zero' || message.kind === 'anew') return null;
  if (message.kind === 'open') return message.info.id;
  if (message.kind === 'chunk') return message.chunk.info.id;
  if (message.kind === 'marker') return message.marker.stream;
  return message.kind === 'close' ? message.id : message.stream;
}

/**
 * The samples of one stream that a window at `end` holds: the last `length` samples with t < `end`
 * (irregular streams: those with t in [start, end)). Views are valid only during the call that receives them.
 */
export interface Window {
  readonly info: StreamInfo;
  readonly start: Seconds;
  readonly end: Seconds;
  /** Samples held; fewer than `expected` before full coverage. */
  readonly length: number;
  /** `round(window_s * sfreq)`; for irregular streams equal to `length`. */
  readonly expected: number;
  /** [length] samples of channel `c`, oldest first, NaN where missing. */
  channel(c: number): Float64Array;
  /** [length] stamps, s. */
  readonly times: Float64Array;
  /** Per channel, the share 0..1 of [start, end) that holds usable samples. */
  readonly coverage: Float32Array;
  /** Whether a gap lies between the window's samples: they then span more than `window_s`. */
  readonly gap: boolean;
}

/**
 * Whether samples under one description may follow those under the other, as a recording's header holds for all samples
 * under it: what comes back under its old name may be another device, or a simulator in its place.
 */
export function isSameStream(a: StreamDescription, b: StreamDescription): boolean {
  const described = (stream: StreamDescription): string => {
    const { name, type, sourceId, sfreq, channels, dialect, simulated, client, hostname } = stream;
    return JSON.stringify([name, type, sourceId, sfreq, channels, dialect, simulated, client, hostname]);
  };
  return described(a) === described(b);
}

/** Whether samples under both descriptions are alike in rate and channels, so that buffers and filters may go on. */
export function isSameLayout(a: StreamInfo, b: StreamInfo): boolean {
  if (a === b) return true;
  if (a.sfreq !== b.sfreq || a.type !== b.type || a.channels.length !== b.channels.length) return false;
  return a.channels.every(({ label, unit, type }, c) => {
    const other = b.channels[c];
    return label === other.label && unit === other.unit && type === other.type;
  });
}

type StreamDescription = Pick<
  StreamInfo,
  'name' | 'type' | 'sourceId' | 'sfreq' | 'channels' | 'dialect' | 'simulated' | 'client' | 'hostname'
>;

/** Stamps closer than this are taken as equal: a double holding a unix time resolves 2.4e-7 s. */
export const TIME_TOLERANCE_S = 1e-6;

/** A stream that is slower promises nothing about how long no sample comes: a sample stands for this long at most, s. */
const LONGEST_PERIOD_S: Seconds = 10;

/** How long a sample stands for; 0 where the rate is irregular. */
export function period_s({ sfreq }: Pick<StreamInfo, 'sfreq'>): Seconds {
  return sfreq > 0 ? Math.min(1 / sfreq, LONGEST_PERIOD_S) : 0;
}

/** Most values that a window of one stream may hold, channels x rate x window: 512 channels at 2048 Hz for 4 s. */
export const MAX_WINDOW_VALUES = 4_194_304;
/** Fastest rate that any sensor has, Hz; and most channels. A stream beyond is abuse, or a slip of the pen. */
export const STREAM_BOUNDS = { sfreq: 1e6, channels: 1024 } as const;

/** Number of samples in `span_s` at `sfreq`, rounded, so that 0.29 s at 100 Hz is 29. */
export function samplesIn(span_s: Seconds, sfreq: number): number {
  return Math.round(span_s * sfreq);
}

/** Channel `c` of a chunk as a view [n]. */
export function channelOf(chunk: Chunk, c: number): Float64Array {
  const n = chunk.times.length;
  return chunk.data.subarray(c * n, (c + 1) * n);
}

/** Samples `from` (inclusive) to `to` (exclusive) of a chunk; the first part keeps `gapBefore`. */
export function sliceChunk(chunk: Chunk, from: number, to: number): Chunk {
  const n = chunk.times.length;
  if (from === 0 && to === n) return chunk;
  const channels = chunk.info.channels.length;
  const length = to - from;
  const data = new Float64Array(channels * length);
  for (let c = 0; c < channels; c++) data.set(chunk.data.subarray(c * n + from, c * n + to), c * length);
  return {
    info: chunk.info,
    data,
    times: chunk.times.slice(from, to),
    gapBefore: from === 0 && chunk.gapBefore,
  };
}

/** Index of the first stamp >= `time` in ascending `times`. */
export function lowerBound(times: Float64Array, time: Seconds, length: number = times.length): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
