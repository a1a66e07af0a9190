import { XMLParser } from 'fast-xml-parser';
import type { RawChannel } from '../../../signal/dialects/raw-stream.js';
import { isSimulatedMark } from '../../../signal/dialects/simulated-mark.js';
import type { ClockOffset } from '../../../signal/timebase/clock-offset-estimator.js';
import type { RandomAccessFile } from '../files/random-access-file.js';
import { readVariableInteger, XDF_BOUNDARY, XDF_MAGIC, xdfNumericFormats, xdfTag } from './xdf-format.js';

/** A stream's header and where its samples lie in the file. */
export interface XdfStream {
  readonly streamId: number;
  readonly name: string;
  readonly type: string;
  readonly sourceId: string;
  /** The machine that sent it, as LSL tells it; '' where nothing does. */
  readonly hostname: string;
  /** `desc/affectd/client`: who sent it, where a recorder of ours knew it. */
  readonly client: string | null;
  readonly sfreq: number;
  /** `float32` ..., `string`. */
  readonly format: string;
  readonly channels: readonly RawChannel[];
  /** Stamps lie on the recording's clock already, as our own writer leaves them: nothing is to be mapped. */
  readonly isMapped: boolean;
  /** The session that the stamps' clock belongs to; '' where it is the file's only one. */
  readonly session: string;
  /** Chunks lie in the file in the order in which all streams' samples arrived, and as they arrived. */
  readonly inArrivalOrder: boolean;
  /** `desc/affectd/simulated`: a simulator made it. */
  readonly simulated: boolean;
  /** `desc/affectd/dialect`: the device, where a recorder of ours knew it. */
  readonly dialect: string | null;
  /** Its header as it stands in the file. */
  readonly header: string;
  hasFooter: boolean;
  readonly clockOffsets: ClockOffset[];
  /** Byte offset of each of {@link clockOffsets}. */
  readonly clockOffsetsAt: number[];
  /** Byte offset and length of the content of each samples chunk, after the stream id. */
  readonly chunkOffsets: number[];
  readonly chunkLengths: number[];
  /** Chunks, by their index, before which a part of the recording is missing. */
  readonly lostBefore: Set<number>;
}

export interface XdfIndex {
  /** The file's header as it stands there; '' without one. */
  readonly fileHeader: string;
  readonly streams: readonly XdfStream[];
  readonly problems: string[];
}

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  isArray: (name) => name === 'channel',
});

const knownTags = new Set<number>(Object.values(xdfTag));
const stampedTags = new Set<number>([
  xdfTag.streamHeader,
  xdfTag.samples,
  xdfTag.clockOffset,
  xdfTag.streamFooter,
]);

interface ChunkHeader {
  readonly tag: number;
  /** Where the content starts, after the tag. */
  readonly content: number;
  readonly end: number;
}

/**
 * Walks a file's chunks and keeps where the samples are. Chunks of unknown kind are skipped; after damage
 * reading goes on at the next boundary chunk; a file that was cut gives what lies before the cut.
 */
export function indexXdf(file: RandomAccessFile): XdfIndex {
  const streams = new Map<number, XdfStream>();
  const problems: string[] = [];
  let fileHeader = '';
  let previous: { start: number; undo: (() => void) | null } = { start: XDF_MAGIC.length, undo: null };
  for (let start = XDF_MAGIC.length; start < file.size; ) {
    const chunk = readChunkHeader(file, start);
    if (chunk && chunk.end <= file.size) {
      if (chunk.tag === xdfTag.fileHeader && fileHeader === '')
        fileHeader = file.read(chunk.content, chunk.end - chunk.content).toString('utf8');
      previous = { start, undo: takeChunk(file, chunk, streams, problems) };
      start = chunk.end;
      continue;
    }
    // A wrong length shows only at the chunk after it, so the search begins inside the chunk before.
    const boundary = findBoundary(file, previous.undo ? previous.start + 1 : start);
    if (boundary === null) {
      if (chunk && chunk.tag === xdfTag.samples)
        takeChunk(file, { ...chunk, end: file.size }, streams, problems);
      problems.push(`cut or damaged at byte ${start} of ${file.size}; what lies before it is used`);
      break;
    }
    if (boundary <= start) previous.undo?.();
    problems.push(`damaged at byte ${Math.min(start, boundary)}; reading goes on at byte ${boundary}`);
    previous = { start: boundary, undo: null };
    start = boundary;
  }
  return { fileHeader, streams: [...streams.values()], problems };
}

/** Null where no chunk can start. The end may lie beyond the file's: then the file was cut, or the length is wrong. */
function readChunkHeader(file: RandomAccessFile, start: number): ChunkHeader | null {
  const bytes = file.read(start, 11);
  const view = viewOf(bytes);
  const length = readVariableInteger(view, 0, bytes.length);
  if (!length || length.next + 2 > bytes.length) return null;
  const tag = view.getUint16(length.next, true);
  if (length.value < (stampedTags.has(tag) ? 6 : 2)) return null;
  const end = start + length.next + length.value;
  // A chunk of a kind that we don't know counts only if another one can start after it.
  if (!knownTags.has(tag) && end < file.size && ![1, 4, 8].includes(file.read(end, 1)[0])) return null;
  return { tag, content: start + length.next + 2, end };
}

/** Takes in a whole chunk; returns how to take it back where it held samples. */
function takeChunk(
  file: RandomAccessFile,
  { tag, content, end }: ChunkHeader,
  streams: Map<number, XdfStream>,
  problems: string[],
): (() => void) | null {
  if (!stampedTags.has(tag) || content + 4 > end) return null;
  const streamId = viewOf(file.read(content, 4)).getUint32(0, true);
  const body = content + 4;
  if (tag === xdfTag.streamHeader) {
    const text = file.read(body, end - body).toString('utf8');
    if (streams.has(streamId)) problems.push(`stream ${streamId} has a second header, which is ignored`);
    else {
      const stream = parseHeader(streamId, text, problems);
      if (stream) streams.set(streamId, stream);
    }
    return null;
  }
  const stream = streams.get(streamId);
  if (tag === xdfTag.samples) {
    if (!stream) return null;
    stream.chunkOffsets.push(body);
    stream.chunkLengths.push(end - body);
    return () => {
      stream.chunkOffsets.pop();
      stream.chunkLengths.pop();
    };
  }
  if (tag === xdfTag.clockOffset && stream && end - body >= 16) {
    const view = viewOf(file.read(body, 16));
    const measured = { time: view.getFloat64(0, true), offset: view.getFloat64(8, true) };
    if (Number.isFinite(measured.time) && Number.isFinite(measured.offset)) {
      stream.clockOffsets.push(measured);
      stream.clockOffsetsAt.push(body);
    }
  }
  if (tag === xdfTag.streamFooter && stream) stream.hasFooter = true;
  return null;
}

/** Byte after the next boundary chunk at or after `from`; null where there is none. */
function findBoundary(file: RandomAccessFile, from: number): number | null {
  const step = 1 << 16;
  for (let at = from; at < file.size; at += step) {
    const found = file.read(at, step + XDF_BOUNDARY.length - 1).indexOf(XDF_BOUNDARY);
    if (found >= 0) return at + found + XDF_BOUNDARY.length;
  }
  return null;
}

function parseHeader(streamId: number, xml: string, problems: string[]): XdfStream | null {
  let info: unknown;
  try {
    info = member(parser.parse(xml), 'info');
  } catch {
    info = undefined;
  }
  const format = textOf(info, 'channel_format');
  const count = Number(textOf(info, 'channel_count'));
  const isReadable = format === 'string' || xdfNumericFormats.has(format);
  if (!isReadable || !Number.isInteger(count) || count < 1 || count > 65_536) {
    problems.push(`stream ${streamId} has no readable header; its samples are ignored`);
    return null;
  }
  const name = textOf(info, 'name');
  const synchronization = member(member(info, 'desc'), 'synchronization');
  const sfreq = Number(textOf(info, 'nominal_srate'));
  return {
    streamId,
    name,
    type: textOf(info, 'type'),
    sourceId: textOf(info, 'source_id'),
    hostname: textOf(info, 'hostname'),
    client: textOf(member(member(info, 'desc'), 'affectd'), 'client') || null,
    sfreq: Number.isFinite(sfreq) && sfreq > 0 ? sfreq : 0,
    format,
    channels: channelsOf(info, count, name, problems),
    isMapped: textOf(synchronization, 'stamps') === 'session',
    session: textOf(synchronization, 'session'),
    inArrivalOrder: textOf(synchronization, 'order') === 'arrival',
    simulated: isSimulated(member(info, 'desc')),
    dialect: textOf(member(member(info, 'desc'), 'affectd'), 'dialect') || null,
    header: xml,
    hasFooter: false,
    clockOffsets: [],
    clockOffsetsAt: [],
    chunkOffsets: [],
    chunkLengths: [],
    lostBefore: new Set(),
  };
}

function channelsOf(info: unknown, count: number, name: string, problems: string[]): RawChannel[] {
  const listed = member(member(member(info, 'desc'), 'channels'), 'channel');
  const channels = Array.isArray(listed) ? listed : [];
  if (channels.length !== count) {
    if (channels.length > 0)
      problems.push(
        `stream '${name}' describes ${channels.length} channels but has ${count}; the descriptions are ignored`,
      );
    return Array.from({ length: count }, () => ({ label: '', unit: '', type: '' }));
  }
  return channels.map((channel) => ({
    label: textOf(channel, 'label'),
    unit: textOf(channel, 'unit'),
    type: textOf(channel, 'type'),
  }));
}

/** An element that stands more than once is an array. */
function isSimulated(desc: unknown): boolean {
  return [member(desc, 'affectd')]
    .flat()
    .flatMap((affectd) => [member(affectd, 'simulated')].flat())
    .some((mark) => typeof mark === 'string' && isSimulatedMark(mark));
}

function member(value: unknown, key: string): unknown {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[key] : undefined;
}

function textOf(value: unknown, key: string): string {
  const text = member(value, key);
  return typeof text === 'string' ? text.trim() : '';
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
