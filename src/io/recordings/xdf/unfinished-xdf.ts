import { statSync } from 'node:fs';
import type { Seconds } from '../../../core/clock.js';
import type { ScreenGeometry, StreamInfo, StreamMessage } from '../../../core/signal.js';
import { JoinedFiles } from '../files/file-bytes.js';
import { RandomAccessFile } from '../files/random-access-file.js';
import type { ThinnedWindow } from '../recording.js';
import { hasSamples, type IndexedRecording, indexedParts } from './joined-parts.js';
import { type KeptFrame, type KeptFrames, keptFrames } from './kept-frames.js';
import { isSessionLog, readLog } from './logged-lines.js';
import type { PartEnd, SessionLogLine } from './session-log.js';
import { type ToldStream, XdfRecording } from './xdf.js';
import { indexXdf, type XdfStream } from './xdf-index.js';
import { aboutXdf, type PartFile, partsAt } from './xdf-parts.js';
import { XdfSampleReader } from './xdf-sample-reader.js';

/** A stream of a recording whose session isn't over. */
export interface UnfinishedStream {
  /** As the session knows it. */
  readonly info: StreamInfo;
  readonly number: number;
  /** Stamp of its last sample; null before any. */
  readonly last: Seconds | null;
  readonly frame: KeptFrame | null;
}

/** A chunk in one of a recording's parts: its stream's number, and which of the stream's chunks there it is, from 1. */
export interface ChunkPlace {
  readonly part: number;
  readonly stream: number;
  readonly chunk: number;
}

/** A recording whose writer was killed, as far as it counts. */
export interface UnfinishedXdf {
  /** Names it in each of its parts. */
  readonly recording: string;
  readonly end: PartEnd;
  /** The file of the part that it ends in. */
  readonly path: string;
  /** The last part of which there is a file. */
  readonly part: number;
  /** When the part that it ends in was begun, by the clock of who recorded, and since 1970, s; null: it doesn't say. */
  readonly begun: { readonly t: Seconds; readonly unix_s: number } | null;
  /** Names the run in which what was predicted from that part was told; null: it doesn't say. */
  readonly run: string | null;
  /** Numbers of all streams, and that of its log. */
  readonly numbers: readonly number[];
  readonly log: number | null;
  /** How many frames it doesn't hold any more that were acknowledged, by number of the stream. */
  readonly damaged: ReadonlyMap<number, number>;
  readonly streams: readonly UnfinishedStream[];
  /** All lines of its log. */
  readonly lines: readonly SessionLogLine[];
  readonly thinned: readonly ThinnedWindow[];
  /** Whether a chunk is in it. */
  has(chunk: ChunkPlace): boolean;
  /** Its messages, as the session was told, streams by what the session calls them; behind a chunk that is in it. */
  messages(after: ChunkPlace | null): AsyncGenerator<StreamMessage>;
  close(): void;
}

interface KeptEnd
  extends Pick<KeptFrames, 'last' | 'damaged'>,
    Pick<UnfinishedXdf, 'recording' | 'end' | 'path' | 'begun' | 'run'> {}

/** Null of a recording of which nothing counts. @throws what the file system does. */
export function openUnfinished(path: string): UnfinishedXdf | null {
  const parts = partsAt(path) ?? [];
  const kept = keptEnd(parts);
  if (!kept) return null;
  const indexed = indexedParts(path, parts, kept.end);
  try {
    return unfinished(indexed, parts, kept);
  } catch (error) {
    indexed.file.close();
    throw error;
  }
}

function unfinished(
  indexed: IndexedRecording,
  parts: readonly PartFile[],
  { last, ...kept }: KeptEnd,
): UnfinishedXdf {
  const { file, chunksBefore } = indexed;
  const offsetOf = ({ part, stream, chunk }: ChunkPlace): number | undefined => {
    const before = chunksBefore.get(part);
    const source = indexed.streams.find(({ streamId }) => streamId === stream);
    return before && source?.chunkOffsets[(before.get(stream) ?? 0) + chunk - 1];
  };
  const lines = indexed.lines.flatMap(({ line }) => (line ? [line] : []));
  const recording = new XdfRecording(indexed, parts, new Map(lines.flatMap(toldBy)));
  return {
    ...{ ...kept, lines, thinned: recording.thinned },
    part: Math.max(...parts.map(({ part }) => part)),
    numbers: indexed.streams.map(({ streamId }) => streamId),
    log: indexed.streams.find(isSessionLog)?.streamId ?? null,
    streams: recording.infos.map(({ info, source }) => ({
      ...{ info, number: source.streamId, last: lastStamp(file, source) },
      frame: last.get(source.streamId) ?? null,
    })),
    has: (chunk) => offsetOf(chunk) !== undefined,
    messages: (after) => {
      const from = after ? offsetOf(after) : undefined;
      return recording.messages({ chunk: null, clockSync: true, events: () => {} }, from);
    },
    close: () => file.close(),
  };
}

/** What a line says of a stream beyond its header, by the stream's number. */
function toldBy(line: SessionLogLine): [number, ToldStream][] {
  if (line.k !== 'open' || line.id === undefined) return [];
  const screen = screenIn(line.declared);
  return [[line.stream, { id: line.id, ...(screen && { screen }) }]];
}

function screenIn(declared: string | undefined): ScreenGeometry | null {
  if (declared === undefined) return null;
  try {
    return (JSON.parse(declared) as { readonly screen?: ScreenGeometry }).screen ?? null;
  } catch {
    return null;
  }
}

/** Up to where the parts of a recording count, and the frames there. */
function keptEnd(parts: readonly PartFile[]): KeptEnd | null {
  let after: PartEnd | null = null;
  for (const { path, part } of [...parts].reverse()) {
    if (after && part !== after.part) continue;
    const bytes = Math.min(statSync(path).size, after?.bytes ?? Number.POSITIVE_INFINITY);
    const file = new RandomAccessFile(path, new JoinedFiles([{ path, bytes }]));
    try {
      const { streams } = indexXdf(file);
      const lines = readLog(file, streams);
      const [first] = lines;
      const begins = lines.find(({ line }) => line?.k === 'part')?.line;
      const isEmpty = !streams.some(hasSamples);
      const { end, last, damaged } = keptFrames(file, streams);
      if (!isEmpty && end !== null) {
        // A part tells what it is one of.
        const { recording, run, begun_unix_s: unix_s } = aboutXdf(path)!;
        const begun = first?.line && unix_s !== null ? { t: first.line.t, unix_s } : null;
        return { last, damaged, begun, recording: recording!, run, path, end: { part, bytes: end } };
      }
      after = begins?.k === 'part' ? begins.after : null;
    } finally {
      file.close();
    }
  }
  return null;
}

function lastStamp(file: RandomAccessFile, stream: XdfStream): Seconds | null {
  const reader = new XdfSampleReader(file, stream, Math.max(0, stream.chunkOffsets.length - 1));
  let stamp: Seconds | null = null;
  while (reader.next()) stamp = reader.stamp;
  return stamp;
}
