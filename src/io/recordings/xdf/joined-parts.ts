import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { type FilePiece, JoinedFiles } from '../files/file-bytes.js';
import { RandomAccessFile } from '../files/random-access-file.js';
import { isSessionLog, joinedLog, type LoggedLine, type LogOfPart, readLog } from './logged-lines.js';
import type { PartEnd, SessionLogLine } from './session-log.js';
import { indexXdf, type XdfIndex, type XdfStream } from './xdf-index.js';
import type { PartFile } from './xdf-parts.js';

/** What a recording holds, whether in one file or in parts. */
export interface IndexedRecording {
  readonly file: RandomAccessFile;
  readonly streams: readonly XdfStream[];
  readonly lines: readonly LoggedLine<SessionLogLine | null>[];
  readonly problems: string[];
  /** By number of the part, how many chunks of each stream are in those before it. */
  readonly chunksBefore: ReadonlyMap<number, ReadonlyMap<number, number>>;
}

/** A part as far as it counts. */
interface CountedPart extends XdfIndex, FilePiece, LogOfPart {
  readonly part: number;
}

export function indexedFile(path: string): IndexedRecording {
  const file = new RandomAccessFile(path);
  try {
    const { streams, problems } = indexXdf(file);
    const lines = joinedLog([{ lines: readLog(file, streams), isBehindHole: false }]);
    return { file, streams, lines, problems, chunksBefore: new Map() };
  } catch (error) {
    file.close();
    throw error;
  }
}

/**
 * The parts of one recording, in order, as the one file that they would be. `path`: what the recording is called; `end`: where the last
 * that counts does; default: all of them.
 */
export function indexedParts(
  path: string,
  files: readonly PartFile[],
  end: PartEnd | null = null,
): IndexedRecording {
  const { parts, problems } = countedParts(files, end);
  const file = new RandomAccessFile(path, new JoinedFiles(parts));
  const streams = new Map<number, XdfStream>();
  const logs: LogOfPart[] = [];
  const chunksBefore = new Map<number, ReadonlyMap<number, number>>();
  let base = 0;
  for (const part of parts) {
    const named = (problem: string): string => `${basename(part.path)}: ${problem}`;
    problems.push(...part.problems.map(named));
    // Lines count the chunks of their part.
    const before = new Map([...streams].map(([id, { chunkOffsets }]) => [id, chunkOffsets.length]));
    if (part.isBehindHole)
      for (const { chunkOffsets, lostBefore } of streams.values())
        if (chunkOffsets.length > 0) lostBefore.add(chunkOffsets.length);
    for (const stream of part.streams) {
      const known = streams.get(stream.streamId);
      if (known && known.header !== stream.header)
        problems.push(
          named(`stream '${stream.name}' is described in another way than before; its samples are ignored`),
        );
      else streams.set(stream.streamId, known ? continued(known, stream, base) : moved(stream, base));
    }
    const { lines, isBehindHole } = part;
    const from = base;
    chunksBefore.set(part.part, before);
    logs.push({
      isBehindHole,
      lines: lines.map(({ line, stamp, place }) => ({
        line: line && counted(line, before),
        stamp,
        place: place + from,
      })),
    });
    base += part.bytes;
  }
  return { file, streams: [...streams.values()], lines: joinedLog(logs), problems, chunksBefore };
}

/**
 * The parts that count, each up to where it does, in order. A part tells which part it goes on from: parts between them hold only what
 * stands in it again.
 */
function countedParts(
  files: readonly PartFile[],
  end: PartEnd | null,
): { parts: readonly CountedPart[]; problems: string[] } {
  const problems: string[] = [];
  const parts: CountedPart[] = [];
  // What the part behind goes on from; null: nothing tells.
  let after = end;
  const first = files.filter(({ part }, i) => files.findIndex((other) => other.part === part) === i);
  for (const copy of files.filter((file) => !first.includes(file)))
    problems.push(`${basename(copy.path)} is part ${copy.part} once more; it isn't read`);
  for (const { path, part } of first.reverse()) {
    const behind = parts[0];
    if (after && part > after.part) continue;
    const until: PartEnd | null = after?.part === part ? after : null;
    const size = statSync(path).size;
    const counted = countedPart(path, part, Math.min(size, until?.bytes ?? size));
    const begins = counted.lines.find(({ line }) => line?.k === 'part')?.line;
    // Its disk failed before it took anything, or whoever wrote it ended.
    if (!until && part > 1 && !begins && !counted.streams.some(hasSamples)) continue;
    if (behind) {
      const isMissing = after ? !until : behind.part > part + 1;
      if (isMissing) problems.unshift(missingBetween(part, after?.part ?? behind.part - 1));
      const isCut = until !== null && size < until.bytes;
      if (isCut) problems.unshift(`${basename(path)}: ${until.bytes - size} bytes at its end are missing`);
      parts[0] = { ...behind, isBehindHole: isMissing || isCut };
    }
    parts.unshift(counted);
    after = begins?.k === 'part' ? begins.after : null;
  }
  if (after || (parts.length > 0 && parts[0].part > 1))
    problems.unshift(`what was before part ${parts[0].part} is missing; the recording begins with that`);
  return { parts, problems };
}

/** A line whose chunks are counted from the beginning of the recording. `before`: by stream, how many were before its part. */
function counted(line: SessionLogLine, before: ReadonlyMap<number, number>): SessionLogLine {
  if (line.k === 'anew' && line.stream !== null)
    return { ...line, chunk: line.chunk + (before.get(line.stream) ?? 0) };
  if (line.k !== 'dropped') return line;
  return { ...line, chunk: line.chunk.map((chunk) => chunk + (before.get(line.stream) ?? 0)) };
}

function missingBetween(part: number, last: number): string {
  return last === part + 1
    ? `part ${last} is missing: its streams have a gap there`
    : `parts ${part + 1} to ${last} are missing: their streams have a gap there`;
}

function countedPart(path: string, part: number, bytes: number): CountedPart {
  const file = new RandomAccessFile(path, new JoinedFiles([{ path, bytes }]));
  try {
    const index = indexXdf(file);
    return { ...index, ...{ path, part, bytes, isBehindHole: false }, lines: readLog(file, index.streams) };
  } finally {
    file.close();
  }
}

/** Whether it has any that aren't the log's. */
export function hasSamples(stream: XdfStream): boolean {
  return stream.chunkOffsets.length > 0 && !isSessionLog(stream);
}

/** A stream whose part begins at `base`. */
function moved(stream: XdfStream, base: number): XdfStream {
  const by = (places: readonly number[]): number[] => places.map((place) => place + base);
  return {
    ...stream,
    chunkOffsets: by(stream.chunkOffsets),
    clockOffsetsAt: by(stream.clockOffsetsAt),
  };
}

/** A stream that goes on in a part that begins at `base`. */
function continued(known: XdfStream, stream: XdfStream, base: number): XdfStream {
  const [before, next] = [known, moved(stream, base)];
  const { kept, again } = notedAgain(before, next);
  return {
    ...before,
    hasFooter: next.hasFooter,
    clockOffsets: before.clockOffsets.slice(0, kept).concat(next.clockOffsets.slice(again)),
    clockOffsetsAt: before.clockOffsetsAt.slice(0, kept).concat(next.clockOffsetsAt.slice(again)),
    chunkOffsets: before.chunkOffsets.concat(next.chunkOffsets),
    chunkLengths: before.chunkLengths.concat(next.chunkLengths),
  };
}

/** How many notes of the clock count before a part, and how many at its beginning don't. */
function notedAgain(before: XdfStream, next: XdfStream): { kept: number; again: number } {
  const [first] = next.clockOffsets;
  // What a part notes of its session's own clock at its ends measures nothing, and is no gap.
  if (before.isMapped && before.session === '') {
    const end = before.chunkOffsets.at(-1) ?? Number.POSITIVE_INFINITY;
    const kept = before.clockOffsetsAt.filter((at) => at < end).length;
    return { kept, again: next.clockOffsetsAt[0] < next.chunkOffsets[0] ? 1 : 0 };
  }
  const last = before.clockOffsets.at(-1);
  const isAgain = last !== undefined && first?.time === last.time && first.offset === last.offset;
  return { kept: before.clockOffsets.length, again: isAgain ? 1 : 0 };
}
