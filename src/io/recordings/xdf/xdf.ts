import type { Seconds } from '../../../core/clock.js';
import { InputError } from '../../../core/errors.js';
import type { EventSink } from '../../../core/event.js';
import {
  type Chunk,
  isMeasured,
  isRegular,
  type StreamInfo,
  type StreamMessage,
} from '../../../core/signal.js';
import { type CanonicalStream, canonicalStreams } from '../../../signal/dialects/canonical-stream.js';
import { clockEvent } from '../../../signal/timebase/clock-events.js';
import { isUnixStamp } from '../../../signal/timebase/unix-stamps.js';
import { ChunkBuilder } from '../chunk-builder.js';
import { headOf } from '../files/file-head.js';
import type { RandomAccessFile } from '../files/random-access-file.js';
import { stemOf } from '../files/stem.js';
import { type DataMessage, mergeStreams, stampOf } from '../merge.js';
import type { ReadOptions, RecordedStream, Recording, RecordingFormat, ThinnedWindow } from '../recording.js';
import { StreamSurvey } from '../stream-survey.js';
import { type IndexedRecording, indexedFile, indexedParts } from './joined-parts.js';
import { streamMessage, zeroMessage } from './log-messages.js';
import { isSessionLog, type LoggedLine } from './logged-lines.js';
import type { SessionLogLine } from './session-log.js';
import type { XdfArrivals } from './xdf-arrivals.js';
import { clocksOf, UNIX_CLOCK } from './xdf-clocks.js';
import { XDF_MAGIC, xdfNumericFormats } from './xdf-format.js';
import type { XdfStream } from './xdf-index.js';
import { type PartFile, partsAt } from './xdf-parts.js';
import {
  arrivalsIn,
  KeptPlacement,
  PlacedStamps,
  type SampleStamps,
  XdfPlacement,
  type XdfSource,
} from './xdf-placement.js';
import { XdfSampleReader } from './xdf-sample-reader.js';

/** XDF 1.0, as LabRecorder and others write it: https://github.com/sccn/xdf/wiki/Specifications. */
export const xdf: RecordingFormat = {
  name: 'XDF',
  recognise(path, head) {
    if (!head) return partsAt(path) ? 2 : 0;
    if (Buffer.from(head.subarray(0, 4)).toString('latin1') === XDF_MAGIC) return 2;
    return /\.xdf$/i.test(path) ? 1 : 0;
  },
  async open(path) {
    const parts = partsAt(path);
    const indexed = parts ? indexedParts(path, parts) : indexedFile(requireMagic(path));
    try {
      return new XdfRecording(indexed, parts ?? []);
    } catch (error) {
      indexed.file.close();
      throw error;
    }
  },
};

function requireMagic(path: string): string {
  if (Buffer.from(headOf(path).subarray(0, 4)).toString('latin1') === XDF_MAGIC) return path;
  throw new InputError('recording-unreadable', `${path}: not an XDF file, it doesn't start with 'XDF:'`);
}

/** Name of a recording by its first part that is there. */
function stemOfParts(path: string, [first]: readonly PartFile[]): string {
  if (!first) return stemOf(path);
  const stem = stemOf(first.path);
  return first.part === 1 ? stem : stem.replace(/_part\d+(_\d+)?$/, '');
}

/** A canonical stream and the XDF stream that it is a part of. */
interface Part {
  readonly source: XdfStream;
  readonly canonical: CanonicalStream;
}

/** What a session calls a stream, and says of it beyond its header. */
export type ToldStream = Pick<StreamInfo, 'id' | 'screen'>;

export class XdfRecording implements Recording {
  readonly format = 'XDF';
  readonly path: string;
  readonly stem: string;
  readonly streams: readonly RecordedStream[];
  readonly zero_unix_s: number | null;
  readonly problems: string[];
  readonly #file: RandomAccessFile;
  readonly #isUnfinished: boolean;
  readonly #parts: readonly Part[];
  /** Of a foreign file: when its samples arrived, and the streams that have any. */
  readonly #arrivals: XdfArrivals | null;
  readonly #sources: readonly XdfSource[];
  /** What the survey found, so that samples needn't be placed again. */
  readonly #kept: KeptPlacement | null;
  readonly #isOnUnixClock: boolean;
  readonly inArrivalOrder: boolean;
  readonly bound: ReadonlyMap<string, readonly StreamInfo[]>;
  readonly thinned: readonly ThinnedWindow[];
  readonly files: readonly string[];
  /** What the session told of its streams, beside their samples. */
  readonly #log: readonly LoggedLine<ToldLine>[];
  /** The stamp at which it was started in the middle of its session, if it was, and that of the session's zero, if it tells. */
  readonly #begins: { readonly start: Seconds | null; readonly zero: Seconds | null };
  readonly #reloads: readonly LoggedLine<Extract<SessionLogLine, { k: 'reload' }>>[];

  /**
   * `files`: the parts that it was found in, if it was kept in parts. `told`: by number, its streams as its session knows them; it is read
   * for that session then, and not surveyed.
   */
  constructor(
    indexed: IndexedRecording,
    files: readonly PartFile[],
    told: ReadonlyMap<number, ToldStream> | null = null,
  ) {
    const { file } = indexed;
    this.#isUnfinished = told !== null;
    this.#file = file;
    this.path = file.path;
    this.stem = stemOfParts(file.path, files);
    this.files = files.map(({ path }) => path);
    const { delivering, lines, parts, inArrivalOrder, problems, placeOf } = outlineOf(indexed);
    this.problems = problems;
    this.inArrivalOrder = inArrivalOrder;
    this.#arrivals = this.inArrivalOrder ? null : arrivalsIn(file, delivering);
    this.#sources = this.#arrivals ? sourcesOf(delivering, this.#arrivals, parts) : [];
    const placement = this.#placement(true);
    this.#kept = placement && new KeptPlacement(delivering.length);
    const surveys = told ? new Map<XdfStream, StreamSurvey>() : this.#survey(delivering, placement);
    const firsts = [...surveys.values()].flatMap(({ first: stamp }) => (stamp === null ? [] : [stamp]));
    this.#isOnUnixClock = firsts.every(isUnixStamp);
    this.zero_unix_s = this.#isOnUnixClock ? 0 : null;
    this.#parts = parts.map(({ source, canonical }) => {
      const aligned = this.#isAssumed(source) ? 'assumed' : 'clock';
      const info = { ...canonical.info, ...told?.get(source.streamId), aligned } as const;
      return { source, canonical: { ...canonical, info } };
    });
    this.streams = this.#parts.map(({ source, canonical }) =>
      (surveys.get(source) ?? new StreamSurvey()).result(canonical.info),
    );
    if (!told && !this.streams.some(({ samples }) => samples > 0))
      throw new InputError(
        'recording-empty',
        `${file.path}: no readable sample in it; ${problems[0] ?? 'its streams never sent any'}`,
      );
    const stampsOf = (k: 'start' | 'zero'): Seconds[] =>
      lines.flatMap(({ line, stamp }) => (line.k === k ? [line.k === 'zero' ? line.zero : stamp] : []));
    this.#begins = { start: stampsOf('start')[0] ?? null, zero: stampsOf('zero')[0] ?? null };
    this.#reloads = lines.flatMap(({ line, ...at }) => (line.k === 'reload' ? [{ line, ...at }] : []));
    const logged = this.inArrivalOrder ? lines : [];
    const ahead = logged.flatMap((line) => toldAhead(line, placeOf));
    const others = logged.flatMap(({ line, ...at }) => (isTold(line) ? [{ line, ...at }] : []));
    this.#log = [...ahead, ...others].sort((a, b) => a.place - b.place);
    this.thinned = logged.flatMap(({ line }) => (line.k === 'thinned' ? windowsOf(line) : []));
    this.bound = boundBy(this.#log, this.#parts);
  }

  /** Each stream as its messages describe it. */
  get infos(): readonly { readonly info: StreamInfo; readonly source: XdfStream }[] {
    return this.#parts.map(({ source, canonical: { info } }) => ({ info, source }));
  }

  /** `from`: the place behind which to begin, where messages come in the order of the file. */
  async *messages(options: ReadOptions, from = Number.NEGATIVE_INFINITY): AsyncGenerator<StreamMessage> {
    for (const part of this.#parts) this.#announce(part, options.events);
    this.#announceStart(options.events);
    this.#announceReloads(options.events);
    const places = new WeakMap<StreamMessage, number>();
    const logged = new Set(this.#log.flatMap(({ line }) => (line.k === 'open' ? [line.stream] : [])));
    const untold = this.#parts.filter(({ source }) => !logged.has(source.streamId));
    const kept = options.clockSync && this.#kept?.isWhole ? this.#kept : null;
    const placement = kept ?? this.#placement(options.clockSync);
    yield* mergeStreams(
      untold.map((part) => part.canonical.info),
      [
        this.#told(places, from),
        ...this.#parts.map((part) => {
          const first = part.source.chunkOffsets.findIndex((at) => at > from);
          const { length } = part.source.chunkOffsets;
          const reader = new XdfSampleReader(this.#file, part.source, first < 0 ? length : first);
          const stamps = this.#stampsOf(part.source, reader, placement, options.clockSync);
          return isMarkers(part)
            ? this.#markers(part, reader, stamps, options.events, places)
            : this.#chunks(part, reader, stamps, options, places);
        }),
      ],
      (message) => places.get(message) ?? stampOf(message),
    );
  }

  async close(): Promise<void> {
    this.#file.close();
  }

  #messagesOf(line: ToldLine): StreamMessage[] {
    if (line.k === 'zero') return [zeroMessage(line)];
    if (line.k === 'anew') {
      const { stream, pipeline, given, down, reason = null } = line;
      return [{ kind: 'anew', anew: { pipeline, given, isDown: down, reason }, atEnd: stream === null }];
    }
    return infosOf(this.#parts, line.stream).map((info) =>
      line.k === 'dropped'
        ? { kind: 'dropped', stream: info.id, samples: line.samples[0] }
        : streamMessage(line, info),
    );
  }

  /** What the session's log tells, each line before the samples that follow from it; at its end what is still open closes. */
  *#told(places: WeakMap<StreamMessage, number>, from: number): Generator<StreamMessage> {
    const open = new Set<string>();
    for (const { line, place } of this.#log)
      for (const message of place > from ? this.#messagesOf(line) : []) {
        if (message.kind === 'open') open.add(message.info.id);
        else if (message.kind === 'close') open.delete(message.id);
        places.set(message, place);
        yield message;
      }
    for (const id of this.#isUnfinished ? [] : open) {
      const message: StreamMessage = { kind: 'close', id };
      places.set(message, Number.MAX_VALUE);
      yield message;
    }
  }

  /** Whether only arrivals tell how the stream lies to the others. */
  #isAssumed(stream: XdfStream): boolean {
    const source = this.#sources.find((one) => one.stream === stream);
    return source !== undefined && (source.clock === UNIX_CLOCK) !== this.#isOnUnixClock;
  }

  #announce({ canonical }: Part, events: EventSink): void {
    const { info } = canonical;
    canonical.notes.forEach(events);
    if (info.aligned === 'assumed')
      events({
        code: 'stream-assumed-aligned',
        level: 'warn',
        message: `stream '${info.name}' (${info.type}) has stamps on another clock than the session's (one counts from 1970): the order of the file places it, to about a second`,
        stream: info.id,
      });
  }

  /** What a session was before its recording, a replay doesn't know. */
  #announceStart(events: EventSink): void {
    const { start } = this.#begins;
    if (start === null) return;
    const { zero } = this.#begins;
    const at = zero === null ? '' : `, ${(start - zero).toFixed(1)} s after it began`;
    events({
      code: 'recording-starts-midway',
      level: 'warn',
      message: `${this.path}: it was started in the middle of its session${at}: filters, baselines and calibration begin there anew, so that what comes differs at first from what came live`,
    });
  }

  /** What a recording holds of several pipelines, one of them doesn't give again. */
  #announceReloads(events: EventSink): void {
    for (const { line, stamp } of this.#reloads)
      events({
        code: 'pipeline-reloaded',
        level: 'warn',
        message: `${this.path}: the pipeline ${line.from} was replaced by ${line.to} at stamp ${stamp.toFixed(3)} s while it was recorded; what came live after that was another pipeline's`,
      });
  }

  #placement(clockSync: boolean): XdfPlacement | null {
    const arrivals = this.#arrivals;
    return arrivals && new XdfPlacement(this.#file, this.#sources, clockSync ? arrivals : null);
  }

  #stampsOf(
    stream: XdfStream,
    reader: XdfSampleReader,
    placement: XdfPlacement | KeptPlacement | null,
    clockSync: boolean,
  ): SampleStamps {
    const s = this.#sources.findIndex((source) => source.stream === stream);
    return placement && s >= 0
      ? new PlacedStamps(placement.of(s), !clockSync)
      : new ArrivedStamps(stream, reader);
  }

  #survey(streams: readonly XdfStream[], placement: XdfPlacement | null): Map<XdfStream, StreamSurvey> {
    const surveys = new Map(streams.map((stream) => [stream, new StreamSurvey()]));
    if (placement) this.#surveyPlaced(streams, placement, surveys);
    else
      for (const [stream, survey] of surveys) {
        const reader = new XdfSampleReader(this.#file, stream);
        const stamps = new ArrivedStamps(stream, reader);
        while (reader.next()) survey.add(stamps.next(reader.stamp), stamps.isGap ? 'gap' : 'none');
        this.problems.push(...reader.problems);
      }
    return surveys;
  }

  #surveyPlaced(
    streams: readonly XdfStream[],
    placement: XdfPlacement,
    surveys: ReadonlyMap<XdfStream, StreamSurvey>,
  ): void {
    const problems = placement.run((s, placed) => {
      this.#kept?.add(s, placed);
      const survey = surveys.get(streams[s])!;
      if (placed.kind === 'event') {
        if (placed.code === 'clock-reset') survey.addReset(placed.time);
        return;
      }
      const { first, last, samples, isGap } = placed;
      survey.addStretch(first, last, samples, isGap ? 'gap' : 'none');
    });
    this.problems.push(...problems);
  }

  *#markers(
    { source, canonical }: Part,
    reader: XdfSampleReader,
    stamps: SampleStamps,
    events: EventSink,
    places: WeakMap<StreamMessage, number>,
  ): Generator<DataMessage> {
    const { info } = canonical;
    const numeric = xdfNumericFormats.get(source.format);
    while (reader.next()) {
      const time = stamps.next(reader.stamp);
      for (const event of stamps.found) events(clockEvent(event, info));
      const values = numeric
        ? source.channels.map((_, c) =>
            String(numeric.read(reader.view, reader.valuesAt + c * numeric.bytes)),
          )
        : reader.texts();
      const value = values.length === 1 ? values[0] : JSON.stringify(values);
      const message: DataMessage = { kind: 'marker', marker: { stream: info.id, time, value } };
      this.#place(message, source, reader.chunk, places);
      yield message;
    }
  }

  *#chunks(
    { source, canonical }: Part,
    reader: XdfSampleReader,
    stamps: SampleStamps,
    options: ReadOptions,
    places: WeakMap<StreamMessage, number>,
  ): Generator<StreamMessage> {
    const { keep, scale, offset } = canonical;
    let { info } = canonical;
    const format = xdfNumericFormats.get(source.format);
    if (!format) return;
    // When windows closed depends on the chunks that came, so they are given as they came.
    const length = this.inArrivalOrder ? longestChunk(source) : options.chunk;
    let builder = new ChunkBuilder(info, length);
    let arrived = 0;
    const message = (chunk: Chunk): StreamMessage => {
      const built: StreamMessage = { kind: 'chunk', chunk };
      this.#place(built, source, arrived, places);
      return built;
    };
    while (reader.next()) {
      const time = stamps.next(reader.stamp);
      const isOther = stamps.rate_hz !== info.sfreq;
      if (isOther || (this.inArrivalOrder && reader.chunk !== arrived)) {
        const whole = builder.end();
        if (whole) yield message(whole);
      }
      for (const event of stamps.found) options.events(clockEvent(event, info));
      if (isOther) {
        info = { ...info, sfreq: stamps.rate_hz };
        builder = new ChunkBuilder(info, length);
        const open: StreamMessage = { kind: 'open', info };
        places.set(open, time);
        yield open;
      }
      const chunk = builder.begin(time, stamps.isGap);
      if (chunk) yield message(chunk);
      arrived = reader.chunk;
      const { view, valuesAt } = reader;
      for (let c = 0; c < keep.length; c++)
        builder.set(
          c,
          stamps.isMasked
            ? Number.NaN
            : format.read(view, valuesAt + keep[c] * format.bytes) * scale[c] + offset[c],
        );
    }
    const rest = builder.end();
    if (rest) yield message(rest);
  }

  /** What came live comes in the order of the file. */
  #place(
    message: StreamMessage,
    source: XdfStream,
    chunk: number,
    places: WeakMap<StreamMessage, number>,
  ): void {
    if (this.inArrivalOrder) places.set(message, source.chunkOffsets[chunk]);
  }
}

/**
 * Which streams fed each source of the session that a daemon recorded to `path`, in order; none of another file. Reads what the
 * session told, and no samples; of a part, what the session told there.
 */
export function boundStreams(path: string): ReadonlyMap<string, readonly StreamInfo[]> {
  const indexed = indexedFile(path);
  try {
    const { lines, parts, inArrivalOrder } = outlineOf(indexed);
    return boundBy(inArrivalOrder ? lines : [], parts);
  } finally {
    indexed.file.close();
  }
}

/** What a recording holds, before its samples are read. */
function outlineOf({ streams: all, lines, problems }: IndexedRecording) {
  const streams = all.filter((source) => !isSessionLog(source));
  const delivering = streams.filter(({ chunkOffsets }) => chunkOffsets.length > 0);
  const [first] = delivering;
  const placeOf: PlaceOf = (stream, chunk) =>
    all.find(({ streamId }) => streamId === stream)?.chunkOffsets[chunk - 1];
  const known = lines.filter((logged): logged is LoggedLine<SessionLogLine> => isKnown(logged, placeOf));
  const unknown = lines.length - known.length;
  if (unknown > 0)
    problems.push(
      `lines of its session's log that can't be read, or tell of nothing in it: ${unknown}; left out`,
    );
  return {
    delivering,
    problems,
    lines: known,
    parts: streams.flatMap((source) =>
      canonicalStreams(declarationOf(source)).map((canonical): Part => ({ source, canonical })),
    ),
    placeOf,
    inArrivalOrder:
      first !== undefined &&
      delivering.every(
        ({ isMapped, inArrivalOrder, session }) => isMapped && inArrivalOrder && session === first.session,
      ),
  };
}

function boundBy(
  lines: readonly LoggedLine<SessionLogLine>[],
  parts: readonly Part[],
): ReadonlyMap<string, readonly StreamInfo[]> {
  const bound = new Map<string, StreamInfo[]>();
  for (const { line } of lines)
    if (line.k === 'bind')
      bound.set(line.source, [...(bound.get(line.source) ?? []), ...infosOf(parts, line.stream)]);
  return bound;
}

function infosOf(parts: readonly Part[], streamId: number): StreamInfo[] {
  return parts.flatMap(({ source, canonical }) => (source.streamId === streamId ? [canonical.info] : []));
}

/** Text, or numbers that come now and then. */
function isMarkers({ source: { format, sfreq }, canonical: { info } }: Part): boolean {
  return info.type === 'Markers' && (format === 'string' || sfreq === 0);
}

/** What has to be known of streams to place their samples; the first part of a stream tells its type. */
function sourcesOf(
  streams: readonly XdfStream[],
  arrivals: XdfArrivals,
  parts: readonly Part[],
): XdfSource[] {
  const partOf = (stream: XdfStream): Part => parts.find(({ source }) => source === stream)!;
  const isSensor = (stream: XdfStream): boolean => isMeasured(partOf(stream).canonical.info);
  const isSome = streams.some(isSensor);
  return clocksOf(streams, arrivals).map((clock) => {
    const part = partOf(clock.stream);
    return {
      ...clock,
      isRegular: isRegular(part.canonical.info) && !isMarkers(part),
      givesZero: isSensor(clock.stream) || !isSome,
    };
  });
}

/** Stamps as they arrived, and the gaps that were seen then: see {@link XdfWriter.write}. */
class ArrivedStamps implements SampleStamps {
  isGap = false;
  readonly rate_hz: number;
  readonly isMasked = false;
  readonly found = [];
  readonly #source: XdfStream;
  readonly #reader: XdfSampleReader;
  #chunk = 0;
  #offset = 0;

  constructor(source: XdfStream, reader: XdfSampleReader) {
    this.#source = source;
    this.#reader = reader;
    this.rate_hz = source.sfreq;
  }

  next(stamp: Seconds): Seconds {
    const { clockOffsets, clockOffsetsAt, chunkOffsets, lostBefore } = this.#source;
    this.isGap = false;
    if (this.#reader.chunk === this.#chunk) return stamp;
    this.#chunk = this.#reader.chunk;
    const at = chunkOffsets[this.#chunk];
    while (clockOffsetsAt[this.#offset + 1] < at) this.#offset++;
    const measured = clockOffsetsAt[this.#offset];
    this.isGap =
      lostBefore.has(this.#chunk) ||
      (measured < at &&
        measured > chunkOffsets[this.#chunk - 1] &&
        clockOffsets[this.#offset].time === stamp);
    return stamp;
  }
}

/** What of the log is told as messages. */
type ToldLine = Exclude<SessionLogLine, { k: 'reload' | 'thinned' | 'part' | 'start' }>;

function windowsOf({ node, model, seq, time }: Extract<SessionLogLine, { k: 'thinned' }>): ThinnedWindow[] {
  return seq.map((number, i) => ({ node, model, seq: number, time: time[i] }));
}

/** Where a stream's chunk stands, counted from 1; undefined where the file has none. */
type PlaceOf = (stream: number | null, chunk: number) => number | undefined;

/** Lines that stand behind the message that they are about, and are told before it. */
function toldAhead(
  { line, stamp, place }: LoggedLine<SessionLogLine>,
  placeOf: PlaceOf,
): LoggedLine<ToldLine>[] {
  if (line.k === 'anew') return [{ line, stamp, place: placeOf(line.stream, line.chunk) ?? place }];
  if (line.k !== 'dropped') return [];
  const { chunk, samples } = line;
  return chunk.map((first, i) => ({
    line: { ...line, chunk: [first], samples: [samples[i]] },
    ...{ stamp, place: placeOf(line.stream, first) ?? place },
  }));
}

/** Whether a line is told at its own place. */
function isTold(line: SessionLogLine): line is ToldLine {
  return (
    line.k !== 'reload' &&
    line.k !== 'thinned' &&
    line.k !== 'anew' &&
    line.k !== 'dropped' &&
    line.k !== 'part' &&
    line.k !== 'start'
  );
}

/** Whether a line was read, and the file has what it tells of. */
function isKnown({ line }: LoggedLine<SessionLogLine | null>, placeOf: PlaceOf): boolean {
  if (line?.k === 'anew') return line.stream === null || placeOf(line.stream, line.chunk) !== undefined;
  if (line?.k === 'dropped') return line.chunk.every((chunk) => placeOf(line.stream, chunk) !== undefined);
  return line !== null;
}

/** Samples that none of the stream's chunks exceeds. */
function longestChunk({ chunkLengths, channels, format }: XdfStream): number {
  const sampleBytes = 1 + channels.length * (xdfNumericFormats.get(format)?.bytes ?? 0);
  return chunkLengths.reduce((longest, bytes) => Math.max(longest, Math.ceil(bytes / sampleBytes)), 1);
}

function declarationOf(source: XdfStream) {
  return {
    id: `${source.name}#${source.streamId}`,
    name: source.name,
    type: source.type,
    sourceId: source.sourceId,
    sfreq: source.sfreq,
    channels: source.channels,
    text: source.format === 'string',
    simulated: source.simulated,
    ...(source.hostname !== '' && { hostname: source.hostname }),
    ...(source.client !== null && { client: source.client }),
    ...(source.dialect !== null && { dialect: source.dialect }),
  };
}
