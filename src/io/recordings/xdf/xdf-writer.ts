import type { Seconds } from '../../../core/clock.js';
import type { Channel, Chunk, Marker, StreamInfo } from '../../../core/signal.js';
import { FileOutput, type XdfOutput } from './file-output.js';
import type { FramesLine } from './frames-line.js';
import type { SessionLogLine } from './session-log.js';
import { SESSION_LOG, XDF_BOUNDARY, XDF_MAGIC, xdfNumericFormats, xdfTag } from './xdf-format.js';

/** How much may lie between two boundary chunks, and so be lost to damage. */
const BOUNDARY_BYTES = 1 << 18;

export interface XdfWriterOptions {
  /** Wall-clock start for the file header, s since 1970; null leaves it out, so that equal data gives equal bytes. */
  readonly start_unix_s?: number | null;
  /** The file's whole header, where it is known from elsewhere. */
  readonly header?: string;
  /** How numbers are stored; `double64` gives every bit back. */
  readonly format?: 'float32' | 'double64';
  /** By id, the numbers of the streams in the parts before this one, which they keep; those of new streams are added. */
  readonly numbers?: Map<string, number>;
}

/** A stream as its sender describes it. */
export interface SenderStream {
  readonly id: string;
  /** Its `info` document. */
  readonly header: string;
  /** XDF's name of the values' format. */
  readonly format: string;
  readonly channels: number;
}

/** What {@link XdfWriter.open} tells readers of a stream beside what its info says. */
export interface MappedStream {
  /** Names the session whose clock they are on, where the file holds others; {@link XdfWriter.writeClockOffset} then places it. */
  readonly session?: string;
  /** `lsl`: the stamps are on the LSL clock of this machine instead. */
  readonly clock?: 'session' | 'lsl';
  /** Further elements of `desc`. */
  readonly about?: Readonly<Record<string, string>>;
  /** Chunks are written as they arrive: replay delivers them in that order, and cuts where samples were missing. */
  readonly arrival?: boolean;
  /** Stamp of its last sample in the parts before this one. */
  readonly after?: Seconds | null;
}

/** The content of a samples chunk after the stream's id. */
export interface EncodedSamples {
  readonly content: Uint8Array;
  readonly first: Seconds;
  readonly last: Seconds;
  readonly samples: number;
}

/** Where samples stand in a file: the stream's number, and which of its chunks it is, from 1. */
export interface SamplesPlace {
  readonly stream: number;
  readonly chunk: number;
}

/** Samples as they were written. */
export interface WrittenSamples {
  readonly place: SamplesPlace;
  /** The chunk's content after the stream's number. */
  readonly content: Uint8Array;
}

interface OpenStream {
  readonly id: string;
  readonly streamId: number;
  readonly format: string;
  readonly channels: number;
  /** Whose clock the stamps are on; the session's needs no measurements. */
  readonly stamps: 'session' | 'sender';
  readonly marksGaps: boolean;
  /** Stamp of its last sample in the parts before this one; null where it begins here. */
  readonly after: Seconds | null;
  first: Seconds;
  last: Seconds;
  samples: number;
  chunks: number;
  readonly offsets: { time: Seconds; offset: Seconds }[];
}

/**
 * Writes XDF 1.0 as data comes: each call appends whole chunks, so that a file whose writer was killed is readable up
 * to there. Stamps are written as given; the header says that they lie on the session's clock already.
 */
export class XdfWriter {
  readonly #output: XdfOutput;
  readonly #format: 'float32' | 'double64';
  readonly #streams = new Map<string, OpenStream>();
  readonly #numbers: Map<string, number>;
  #sinceBoundary = 0;
  #isOpen = true;

  /** Begins a file in `output`. */
  constructor(output: XdfOutput, options: XdfWriterOptions = {}) {
    const { start_unix_s = null, format = 'double64', header, numbers = new Map() } = options;
    this.#output = output;
    this.#numbers = numbers;
    this.#format = format;
    const start =
      start_unix_s === null ? '' : `<datetime>${new Date(start_unix_s * 1000).toISOString()}</datetime>`;
    output.write(Buffer.from(XDF_MAGIC));
    this.#append(xdfTag.fileHeader, [xml(header ?? `<info><version>1.0</version>${start}</info>`)]);
    this.#appendBoundary();
  }

  /** Creates or overwrites the file; throws the file system's error when it can't be written. */
  static create(path: string, options: XdfWriterOptions = {}): XdfWriter {
    return new XdfWriter(new FileOutput(path), options);
  }

  /** Adds a stream, and gives its number in the file. Markers are text, everything else numbers. */
  open(info: StreamInfo, mapped: MappedStream = {}): number {
    const format = info.type === 'Markers' ? 'string' : this.#format;
    const header = headerXml(info, format, mapped);
    const stream = { id: info.id, header, format, channels: info.channels.length };
    const isOnlyClock = mapped.session === undefined && mapped.clock !== 'lsl';
    return this.#open(stream, isOnlyClock ? 'session' : 'sender', mapped);
  }

  /** Adds a stream whose stamps stay on its sender's clock; {@link writeClockOffset} tells where that lies. */
  openSender(stream: SenderStream): void {
    this.#open(stream, 'sender');
  }

  #open(
    { id, header, format, channels }: SenderStream,
    stamps: OpenStream['stamps'],
    { arrival: marksGaps = false, after = null }: MappedStream = {},
  ): number {
    const streamId = this.#numbers.get(id) ?? this.#numbers.size + 1;
    this.#numbers.set(id, streamId);
    this.#streams.set(id, {
      ...{ id, streamId, format, channels, stamps, marksGaps, after },
      ...{ first: 0, last: 0, samples: 0, chunks: 0, offsets: [] },
    });
    this.#append(xdfTag.streamHeader, [streamIdBytes(streamId), xml(header)]);
    return streamId;
  }

  /** Samples of a stream opened by {@link openSender}; `values`: [n * C] sample by sample. */
  writeSender(id: string, times: Float64Array, values: ArrayLike<number | bigint | string>): void {
    const stream = this.#stream(id);
    const n = times.length;
    if (n === 0) return;
    const parts: Buffer[] = [];
    const head = Buffer.alloc(5);
    head.writeUInt8(4, 0);
    head.writeUInt32LE(n, 1);
    parts.push(head);
    for (let i = 0; i < n; i++) {
      const stamp = Buffer.alloc(9);
      stamp.writeUInt8(8, 0);
      stamp.writeDoubleLE(times[i], 1);
      parts.push(stamp);
      for (let c = 0; c < stream.channels; c++)
        parts.push(valueBytes(stream.format, values[i * stream.channels + c]));
    }
    this.#appendSamples(stream, Buffer.concat(parts), times[0], times[n - 1], n);
  }

  /** Samples of a stream opened by {@link openSender} as another file's chunk holds them. */
  copySamples(id: string, { content, first, last, samples }: EncodedSamples): void {
    this.#appendSamples(this.#stream(id), content, first, last, samples);
  }

  /** Null where the chunk holds no sample. */
  write(chunk: Chunk): WrittenSamples | null {
    const { data, times, info } = chunk;
    const stream = this.#stream(info.id);
    const n = times.length;
    if (n === 0) return null;
    this.#begin(stream, times[0]);
    // A measurement at the very stamp that follows it says that samples are missing there, and is true for any reader.
    if (chunk.gapBefore && stream.marksGaps && (stream.samples > 0 || stream.after !== null))
      this.writeClockOffset(info.id, times[0], stream.offsets.at(-1)?.offset ?? 0);
    const { bytes: width, write } = xdfNumericFormats.get(stream.format)!;
    const channels = info.channels.length;
    const bytes = Buffer.allocUnsafe(5 + n * (9 + channels * width));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    view.setUint8(0, 4);
    view.setUint32(1, n, true);
    let at = 5;
    for (let i = 0; i < n; i++) {
      view.setUint8(at, 8);
      view.setFloat64(at + 1, times[i], true);
      at += 9;
      for (let c = 0; c < channels; c++, at += width) write(view, at, data[c * n + i]);
    }
    return this.#appendSamples(stream, bytes, times[0], times[n - 1], n);
  }

  writeMarker({ stream: id, time, value }: Marker): WrittenSamples {
    const text = Buffer.from(value, 'utf8');
    const head = Buffer.alloc(2 + 9 + 5);
    head.writeUInt8(1, 0);
    head.writeUInt8(1, 1);
    head.writeUInt8(8, 2);
    head.writeDoubleLE(time, 3);
    head.writeUInt8(4, 11);
    head.writeUInt32LE(text.length, 12);
    return this.#appendSamples(this.#stream(id), Buffer.concat([head, text]), time, time, 1);
  }

  /** A line of the session's log, in a string stream of its own, which the first line opens; readers of ours give it no session. */
  writeLog(time: Seconds, line: SessionLogLine | FramesLine): SamplesPlace {
    if (!this.#streams.has(SESSION_LOG)) {
      const info: StreamInfo = {
        ...{ id: SESSION_LOG, name: SESSION_LOG, type: 'Other', sourceId: SESSION_LOG, sfreq: 0 },
        channels: [{ label: 'line', unit: '', type: 'JSON' }],
      };
      const header = headerXml(info, 'string', { arrival: true });
      this.#open({ id: SESSION_LOG, header, format: 'string', channels: 1 }, 'session');
    }
    return this.writeMarker({ stream: SESSION_LOG, time, value: JSON.stringify(line) }).place;
  }

  /** Notes that, at `time` on the sender's clock, the recording's clock was ahead of it by `offset`. */
  writeClockOffset(id: string, time: Seconds, offset: Seconds): void {
    const stream = this.#stream(id);
    const bytes = Buffer.alloc(16);
    bytes.writeDoubleLE(time, 0);
    bytes.writeDoubleLE(offset, 8);
    stream.offsets.push({ time, offset });
    this.#append(xdfTag.clockOffset, [streamIdBytes(stream.streamId), bytes]);
  }

  /** Writes the footers. */
  close(): void {
    if (!this.#isOpen) return;
    for (const stream of this.#streams.values()) {
      if (stream.samples > 0 && stream.stamps === 'session') this.writeClockOffset(stream.id, stream.last, 0);
      this.#append(xdfTag.streamFooter, [streamIdBytes(stream.streamId), xml(footerXml(stream))]);
    }
    this.#isOpen = false;
    this.#output.close();
  }

  /** Removes what was written. */
  discard(): void {
    this.#isOpen = false;
    this.#output.discard();
  }

  #stream(id: string): OpenStream {
    const stream = this.#streams.get(id);
    if (!stream) throw new Error(`stream '${id}' was not opened in this file`);
    return stream;
  }

  /** Before a stream's first samples. */
  #begin(stream: OpenStream, first: Seconds): void {
    if (stream.samples > 0 || stream.offsets.length > 0) return;
    // Readers that synchronise clocks expect at least one measurement; the stamps need none.
    if (stream.stamps === 'session') this.writeClockOffset(stream.id, stream.after ?? first, 0);
  }

  #appendSamples(
    stream: OpenStream,
    content: Uint8Array,
    first: Seconds,
    last: Seconds,
    n: number,
  ): WrittenSamples {
    this.#begin(stream, first);
    if (stream.samples === 0) stream.first = first;
    stream.last = last;
    stream.samples += n;
    this.#append(xdfTag.samples, [streamIdBytes(stream.streamId), content]);
    if (this.#sinceBoundary >= BOUNDARY_BYTES) this.#appendBoundary();
    return { place: { stream: stream.streamId, chunk: ++stream.chunks }, content };
  }

  #appendBoundary(): void {
    this.#append(xdfTag.boundary, [XDF_BOUNDARY]);
    this.#sinceBoundary = 0;
  }

  #append(tag: number, content: readonly Uint8Array[]): void {
    if (!this.#isOpen) throw new Error('the file is closed already');
    const length = content.reduce((sum, part) => sum + part.length, 2);
    const head = Buffer.alloc(length < 256 ? 4 : 7);
    head.writeUInt8(length < 256 ? 1 : 4, 0);
    if (length < 256) head.writeUInt8(length, 1);
    else head.writeUInt32LE(length, 1);
    head.writeUInt16LE(tag, head.length - 2);
    const bytes = Buffer.concat([head, ...content]);
    this.#output.write(bytes);
    this.#sinceBoundary += bytes.length;
  }
}

function valueBytes(format: string, value: number | bigint | string): Buffer {
  if (format === 'string') {
    const text = Buffer.from(String(value), 'utf8');
    const length = Buffer.alloc(5);
    length.writeUInt8(4, 0);
    length.writeUInt32LE(text.length, 1);
    return Buffer.concat([length, text]);
  }
  const { bytes: width, write } = xdfNumericFormats.get(format)!;
  const bytes = Buffer.alloc(width);
  if (typeof value === 'bigint') bytes.writeBigInt64LE(value);
  else write(new DataView(bytes.buffer, bytes.byteOffset, width), 0, Number(value));
  return bytes;
}

function streamIdBytes(streamId: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(streamId);
  return bytes;
}

function xml(body: string): Buffer {
  return Buffer.from(body.startsWith('<?xml') ? body : `<?xml version="1.0"?>${body}`, 'utf8');
}

function headerXml(
  info: StreamInfo,
  format: string,
  { session, clock, about = {}, arrival }: MappedStream,
): string {
  const described = format === 'string' ? info.channels.slice(0, 1) : info.channels;
  const count = format === 'string' ? 1 : described.length;
  const channels = described.map(channelXml).join('');
  const synchronization = `${session === undefined ? '' : element('session', session)}${arrival ? element('order', 'arrival') : ''}`;
  return [
    '<info>',
    element('name', info.name),
    element('type', info.type),
    element('channel_count', String(count)),
    element('nominal_srate', String(info.sfreq)),
    element('channel_format', format),
    element('source_id', info.sourceId),
    info.hostname === undefined ? '' : element('hostname', info.hostname),
    `<desc><channels>${channels}</channels>`,
    ...Object.entries(about).map(([name, text]) => element(name, text)),
    affectdXml(info),
    clock === 'lsl' ? '' : `<synchronization><stamps>session</stamps>${synchronization}</synchronization>`,
    '</desc></info>',
  ].join('');
}

/** What we know of a stream and no other convention has a place for. */
function affectdXml({ simulated, dialect, client }: StreamInfo): string {
  const marks = [
    ...(client === undefined ? [] : [element('client', client)]),
    ...(simulated ? [element('simulated', 'true')] : []),
    ...(dialect === undefined ? [] : [element('dialect', dialect)]),
  ];
  return marks.length > 0 ? `<affectd>${marks.join('')}</affectd>` : '';
}

function channelXml({ label, unit, type }: Channel): string {
  return `<channel>${element('label', label)}${element('unit', unit)}${element('type', type)}</channel>`;
}

function footerXml({ first, last, samples, offsets }: OpenStream): string {
  const measured = offsets
    .map(({ time, offset }) => `<offset><time>${time}</time><value>${offset}</value></offset>`)
    .join('');
  return [
    '<info>',
    element('first_timestamp', String(first)),
    element('last_timestamp', String(last)),
    element('sample_count', String(samples)),
    `<clock_offsets>${measured}</clock_offsets></info>`,
  ].join('');
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function element(name: string, text: string): string {
  return `<${name}>${xmlText(text)}</${name}>`;
}

/** A text as XML 1.0 can hold it: characters that it can't, controls and halves of pairs, become U+FFFD. */
export function xmlText(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>]/g, (c) => entities[c]);
}
