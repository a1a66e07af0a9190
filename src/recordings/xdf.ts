import type { Seconds } from '../core/clock.js';
import { InputError } from '../core/errors.js';
import type { EventSink } from '../core/event.js';
import type { Chunk, StreamInfo, StreamMessage } from '../core/signal.js';
import { type CanonicalStream, canonicalStreams } from '../dialects/canonical-stream.js';
import { type StampBreak, StampMapper } from '../timebase/stamp-mapper.js';
import { isUnixStamp } from '../timebase/unix-stamps.js';
import { ChunkBuilder } from './chunk-builder.js';
import { type DataMessage, mergeStreams } from './merge.js';
import { RandomAccessFile } from './random-access-file.js';
import type { ReadOptions, RecordedStream, Recording, RecordingFormat } from './recording.js';
import { parseSessionLogLine, type SessionLogLine } from './session-log.js';
import { stemOf } from './stem.js';
import { StreamSurvey } from './stream-survey.js';
import { SESSION_LOG, XDF_MAGIC, xdfNumericFormats } from './xdf-format.js';
import { indexXdf, type XdfStream } from './xdf-index.js';
import { XdfSampleReader } from './xdf-sample-reader.js';

/** XDF 1.0, as LabRecorder and others write it: https://github.com/sccn/xdf/wiki/Specifications. */
export const xdf: RecordingFormat = {
  name: 'XDF',
  recognise(path, head) {
    if (!head) return 0;
    if (Buffer.from(head.subarray(0, 4)).toString('latin1') === XDF_MAGIC) return 2;
    return /\.xdf$/i.test(path) ? 1 : 0;
  },
  async open(path) {
    const file = new RandomAccessFile(path);
    try {
      if (file.read(0, 4).toString('latin1') !== XDF_MAGIC)
        throw new InputError(
          'recording-unreadable',
          `${path}: not an XDF file, it doesn't start with 'XDF:'`,
        );
      return new XdfRecording(file);
    } catch (error) {
      file.close();
      throw error;
    }
  },
};

/** A canonical stream and the XDF stream that it is a part of. */
interface Part {
  readonly source: XdfStream;
  readonly canonical: CanonicalStream;
  readonly isMarkers: boolean;
}

class XdfRecording implements Recording {
  readonly format = 'XDF';
  readonly path: string;
  readonly stem: string;
  readonly streams: readonly RecordedStream[];
  readonly zero_unix_s: number | null;
  readonly problems: string[];
  readonly #file: RandomAccessFile;
  readonly #parts: readonly Part[];
  /** Added to unix stamps that lie beside stamps of LSL's clock; null where no such mixture is. */
  readonly #unixShift: Seconds | null;
  readonly #unixStreams = new Set<XdfStream>();
  /** Streams whose stamps are taken as they are. */
  readonly #mappedStreams: ReadonlySet<XdfStream>;
  readonly inArrivalOrder: boolean;
  readonly bound: ReadonlyMap<string, readonly StreamInfo[]>;
  /** What the session told of its streams, beside their samples. */
  readonly #log: readonly LoggedLine<ToldLine>[];
  readonly #reloads: readonly LoggedLine<Extract<SessionLogLine, { k: 'reload' }>>[];

  constructor(file: RandomAccessFile) {
    this.#file = file;
    this.path = file.path;
    this.stem = stemOf(file.path);
    const { streams: all, problems } = indexXdf(file);
    this.problems = problems;
    const isLog = ({ name, format }: XdfStream): boolean => name === SESSION_LOG && format === 'string';
    const lines = all.filter(isLog).flatMap((log) => readLog(file, log));
    const streams = all.filter((source) => !isLog(source));
    const delivering = streams.filter(({ chunkOffsets }) => chunkOffsets.length > 0);
    // Beside other clocks a session's is one more clock, whose offsets were measured.
    const clocks = new Set(delivering.map(({ isMapped, session }) => (isMapped ? session : null)));
    this.#mappedStreams = new Set(clocks.size === 1 ? delivering.filter(({ isMapped }) => isMapped) : []);
    this.inArrivalOrder =
      this.#mappedStreams.size > 0 && delivering.every(({ inArrivalOrder }) => inArrivalOrder);
    const declared = streams.map((source) => ({ source, parts: canonicalStreams(declarationOf(source)) }));
    const isMarkers = (source: XdfStream, info: StreamInfo) =>
      info.type === 'Markers' && (source.format === 'string' || source.sfreq === 0);

    const firsts = declared.flatMap(({ source, parts }) => {
      const reader = new XdfSampleReader(file, source);
      if (!reader.next()) return [];
      const placed = source.isMapped && !this.#mappedStreams.has(source) && source.clockOffsets.length > 0;
      const isUnix = isUnixStamp(reader.stamp) && !placed;
      if (isUnix) this.#unixStreams.add(source);
      const first = reader.stamp + (isUnix ? 0 : (source.clockOffsets[0]?.offset ?? 0));
      return [{ source, first, isMarkers: isMarkers(source, parts[0].info) }];
    });
    if (firsts.length === 0)
      throw new InputError(
        'recording-empty',
        `${file.path}: no readable sample in it; ${problems[0] ?? 'its streams never sent any'}`,
      );
    const earliest = (isUnix: boolean): Seconds | null => {
      const candidates = firsts.filter(({ source }) => this.#unixStreams.has(source) === isUnix);
      const sampled = candidates.filter((candidate) => !candidate.isMarkers);
      const chosen = sampled.length > 0 ? sampled : candidates;
      return chosen.length > 0 ? Math.min(...chosen.map(({ first }) => first)) : null;
    };
    const lsl = earliest(false);
    const unix = earliest(true);
    this.#unixShift = lsl !== null && unix !== null ? lsl - unix : null;
    this.zero_unix_s = lsl === null ? 0 : null;

    this.#parts = declared.flatMap(({ source, parts }) =>
      parts.map((canonical) => ({
        source,
        canonical: { ...canonical, info: { ...canonical.info, aligned: this.#alignment(source) } },
        isMarkers: isMarkers(source, canonical.info),
      })),
    );
    this.streams = this.#survey();
    this.#reloads = lines.flatMap(({ line, ...at }) => (line.k === 'reload' ? [{ line, ...at }] : []));
    this.#log = this.inArrivalOrder
      ? lines.flatMap(({ line, ...at }) => (line.k === 'reload' ? [] : [{ line, ...at }]))
      : [];
    const bound = new Map<string, StreamInfo[]>();
    for (const { line } of this.#log)
      if (line.k === 'bind')
        bound.set(line.source, [...(bound.get(line.source) ?? []), ...this.#infosOf(line.stream)]);
    this.bound = bound;
  }

  async *messages(options: ReadOptions): AsyncGenerator<StreamMessage> {
    for (const part of this.#parts) this.#announce(part, options.events);
    this.#announceReloads(options.events);
    const places = new WeakMap<StreamMessage, number>();
    const logged = new Set(this.#log.flatMap(({ line }) => (line.k === 'open' ? [line.stream] : [])));
    const untold = this.#parts.filter(({ source }) => !logged.has(source.streamId));
    yield* mergeStreams(
      untold.map((part) => part.canonical.info),
      [
        this.#told(places),
        ...this.#parts.map((part) =>
          part.isMarkers
            ? this.#markers(part, options.clockSync, places)
            : this.#chunks(part, options, places),
        ),
      ],
      this.inArrivalOrder ? (message) => places.get(message)! : undefined,
    );
  }

  async close(): Promise<void> {
    this.#file.close();
  }

  #infosOf(streamId: number): StreamInfo[] {
    return this.#parts.flatMap(({ source, canonical }) =>
      source.streamId === streamId ? [canonical.info] : [],
    );
  }

  #messagesOf(line: ToldLine): StreamMessage[] {
    if (line.k === 'zero') return [{ kind: 'zero', time: line.zero }];
    return this.#infosOf(line.stream).map((info) => {
      if (line.k === 'open') return { kind: 'open', info };
      if (line.k === 'bind') return { kind: 'bind', source: line.source, stream: info.id };
      return { kind: 'close', id: info.id, ...(line.cut && { cut: line.cut }) };
    });
  }

  /** What the session's log tells, each line before the samples that follow from it; at its end what is still open closes. */
  *#told(places: WeakMap<StreamMessage, number>): Generator<StreamMessage> {
    const open = new Set<string>();
    for (const { line, place } of this.#log)
      for (const message of this.#messagesOf(line)) {
        if (message.kind === 'open') open.add(message.info.id);
        else if (message.kind === 'close') open.delete(message.id);
        places.set(message, place);
        yield message;
      }
    for (const id of open) {
      const message: StreamMessage = { kind: 'close', id };
      places.set(message, Number.MAX_VALUE);
      yield message;
    }
  }

  #alignment(source: XdfStream): 'clock' | 'assumed' {
    return this.#unixShift !== null && this.#unixStreams.has(source) ? 'assumed' : 'clock';
  }

  #announce({ canonical }: Part, events: EventSink): void {
    const { info } = canonical;
    canonical.notes.forEach(events);
    if (info.aligned === 'assumed')
      events({
        code: 'stream-assumed-aligned',
        level: 'warn',
        message: `stream '${info.name}' (${info.type}) carries unix stamps beside streams on LSL's clock: their first samples are taken as simultaneous`,
        stream: info.id,
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

  #mapper(
    source: XdfStream,
    clockSync: boolean,
    reader: XdfSampleReader,
  ): Pick<StampMapper, 'map' | 'lastBreak'> {
    if (this.inArrivalOrder) return new ArrivedStamps(source, reader);
    const isUnix = this.#unixStreams.has(source);
    return new StampMapper(
      {
        sfreq: source.sfreq,
        clockSync: clockSync && !this.#mappedStreams.has(source),
        shift: isUnix ? (this.#unixShift ?? 0) : 0,
      },
      // Offsets compare LSL clocks; they say nothing of a stream that uses another clock.
      isUnix ? [] : source.clockOffsets,
    );
  }

  #survey(): RecordedStream[] {
    const surveys = new Map<XdfStream, (info: StreamInfo) => RecordedStream>();
    return this.#parts.map(({ source, canonical }) => {
      let result = surveys.get(source);
      if (!result) {
        const reader = new XdfSampleReader(this.#file, source);
        const mapper = this.#mapper(source, true, reader);
        const survey = new StreamSurvey();
        while (reader.next()) survey.add(mapper.map(reader.stamp), mapper.lastBreak);
        this.problems.push(...reader.problems);
        result = (info) => survey.result(info);
        surveys.set(source, result);
      }
      return result(canonical.info);
    });
  }

  *#markers(
    { source, canonical }: Part,
    clockSync: boolean,
    places: WeakMap<StreamMessage, number>,
  ): Generator<DataMessage> {
    const reader = new XdfSampleReader(this.#file, source);
    const mapper = this.#mapper(source, clockSync, reader);
    const numeric = xdfNumericFormats.get(source.format);
    while (reader.next()) {
      const values = numeric
        ? source.channels.map((_, c) =>
            String(numeric.read(reader.view, reader.valuesAt + c * numeric.bytes)),
          )
        : reader.texts();
      const value = values.length === 1 ? values[0] : JSON.stringify(values);
      const message: DataMessage = {
        kind: 'marker',
        marker: { stream: canonical.info.id, time: mapper.map(reader.stamp), value },
      };
      places.set(message, source.chunkOffsets[reader.chunk]);
      yield message;
    }
  }

  *#chunks(
    { source, canonical }: Part,
    options: ReadOptions,
    places: WeakMap<StreamMessage, number>,
  ): Generator<DataMessage> {
    const { info, keep, scale, offset } = canonical;
    const format = xdfNumericFormats.get(source.format);
    if (!format) return;
    // When windows closed depends on the chunks that came, so they are given as they came.
    const builder = new ChunkBuilder(info, this.inArrivalOrder ? longestChunk(source) : options.chunk);
    const reader = new XdfSampleReader(this.#file, source);
    const mapper = this.#mapper(source, options.clockSync, reader);
    let arrived = 0;
    const message = (chunk: Chunk): DataMessage => {
      const built: DataMessage = { kind: 'chunk', chunk };
      places.set(built, source.chunkOffsets[arrived]);
      return built;
    };
    while (reader.next()) {
      const time = mapper.map(reader.stamp);
      if (this.inArrivalOrder && reader.chunk !== arrived) {
        const whole = builder.end();
        if (whole) yield message(whole);
      }
      const chunk = builder.begin(time, mapper.lastBreak !== 'none');
      if (chunk) yield message(chunk);
      arrived = reader.chunk;
      if (mapper.lastBreak === 'clock-reset')
        options.events({
          code: 'clock-reset',
          level: 'warn',
          message: `stream '${info.name}' (${info.type}): the sender's clock was reset`,
          stream: info.id,
          time,
        });
      const { view, valuesAt } = reader;
      for (let c = 0; c < keep.length; c++)
        builder.set(c, format.read(view, valuesAt + keep[c] * format.bytes) * scale[c] + offset[c]);
    }
    const rest = builder.end();
    if (rest) yield message(rest);
  }
}

/** Stamps as they arrived, and the gaps that were seen then: see {@link XdfWriter.write}. */
class ArrivedStamps {
  lastBreak: StampBreak = 'none';
  readonly #source: XdfStream;
  readonly #reader: XdfSampleReader;
  #chunk = 0;
  #offset = 0;

  constructor(source: XdfStream, reader: XdfSampleReader) {
    this.#source = source;
    this.#reader = reader;
  }

  map(stamp: Seconds): Seconds {
    const { clockOffsets, clockOffsetsAt, chunkOffsets } = this.#source;
    this.lastBreak = 'none';
    if (this.#reader.chunk === this.#chunk) return stamp;
    this.#chunk = this.#reader.chunk;
    const at = chunkOffsets[this.#chunk];
    while (clockOffsetsAt[this.#offset + 1] < at) this.#offset++;
    const measured = clockOffsetsAt[this.#offset];
    if (
      measured < at &&
      measured > chunkOffsets[this.#chunk - 1] &&
      clockOffsets[this.#offset].time === stamp
    )
      this.lastBreak = 'gap';
    return stamp;
  }
}

/** What a replay is told of the log. */
type ToldLine = Exclude<SessionLogLine, { k: 'reload' }>;

/** A line of a session's log, its stamp, and where it stands in the file. */
interface LoggedLine<Line extends SessionLogLine> {
  readonly line: Line;
  readonly stamp: Seconds;
  readonly place: number;
}

function readLog(file: RandomAccessFile, source: XdfStream): LoggedLine<SessionLogLine>[] {
  const reader = new XdfSampleReader(file, source);
  const lines: LoggedLine<SessionLogLine>[] = [];
  while (reader.next()) {
    const line = parseSessionLogLine(reader.texts()[0]);
    if (line) lines.push({ line, stamp: reader.stamp, place: source.chunkOffsets[reader.chunk] });
  }
  return lines;
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
