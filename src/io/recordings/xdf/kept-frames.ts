import type { Seconds } from '../../../core/clock.js';
import { crc32 } from '../../../core/crc32.js';
import type { RandomAccessFile } from '../files/random-access-file.js';
import { type FramesLine, isFramesLine, parseFramesLine } from './frames-line.js';
import { isSessionLog } from './logged-lines.js';
import { readVariableInteger } from './xdf-format.js';
import type { XdfStream } from './xdf-index.js';
import { XdfSampleReader } from './xdf-sample-reader.js';

/** The last frame that a file holds of a stream. */
export interface KeptFrame {
  readonly seq: number;
  readonly raw: Seconds;
  readonly t: Seconds;
}

/** What a file whose writer was killed holds of the frames that senders were told of. */
export interface KeptFrames {
  /** By number of the stream. */
  readonly last: ReadonlyMap<number, KeptFrame>;
  /**
   * Up to where the file counts, bytes: to its end, or, where frames stand behind the last line that tells of any, to that line; null: it
   * has such frames and no such line.
   */
  readonly end: number | null;
  /** Numbers of streams of which frames before that don't read back whole, and how many. */
  readonly damaged: ReadonlyMap<number, number>;
}

/** Lines of frames that were written together. */
interface FramesGroup {
  readonly lines: readonly FramesLine[];
  /** Where the last of them ends. */
  readonly end: number;
}

/**
 * Reads back the frames that the lines of a file's log tell of. Each group of lines was on the disk before the next was written, so the
 * last one that reads back whole tells that the disk had taken all before it.
 */
export function keptFrames(file: RandomAccessFile, streams: readonly XdfStream[]): KeptFrames {
  const byNumber = new Map(streams.map((stream) => [stream.streamId, stream]));
  const groups = framesGroups(file, streams).map(({ lines, end }) => ({
    end,
    lines: lines.map((line) => ({ line, ...readBack(file, byNumber.get(line.stream), line) })),
  }));
  const whole = groups.findLastIndex(({ lines }) => lines.every(({ bad }) => bad === 0));
  const last = new Map<number, KeptFrame>();
  const damaged = new Map<number, number>();
  const chunks = new Map<number, number>();
  for (const { lines } of groups.slice(0, whole + 1))
    for (const { line, bad, next } of lines) {
      const { stream, seq, raw, t } = line;
      last.set(stream, { seq: seq[seq.length - 1], raw, t });
      chunks.set(stream, next);
      if (bad > 0) damaged.set(stream, (damaged.get(stream) ?? 0) + bad);
    }
  const isBehind = streams.some(
    ({ streamId, client, chunkOffsets }) =>
      client !== null && chunkOffsets.length > (chunks.get(streamId) ?? 0),
  );
  const end = isBehind ? (groups[whole]?.end ?? null) : file.size;
  return { last, end, damaged };
}

function framesGroups(file: RandomAccessFile, streams: readonly XdfStream[]): FramesGroup[] {
  const groups: FramesGroup[] = [];
  let lines: FramesLine[] = [];
  for (const log of streams.filter(isSessionLog)) {
    const reader = new XdfSampleReader(file, log);
    while (reader.next()) {
      const [text] = reader.texts();
      if (!isFramesLine(text)) continue;
      const line = parseFramesLine(text);
      if (line) lines.push(line);
      if (!line || line.more) continue;
      const { chunk } = reader;
      groups.push({ lines, end: log.chunkOffsets[chunk] + log.chunkLengths[chunk] });
      lines = [];
    }
  }
  return groups;
}

/** How many of a line's frames don't read back as they were written, and how many chunks of the stream end with the last of them. */
function readBack(
  file: RandomAccessFile,
  stream: XdfStream | undefined,
  { chunk, n, crc }: FramesLine,
): { readonly bad: number; readonly next: number } {
  let next = chunk - 1;
  let bad = 0;
  const { chunkOffsets = [], chunkLengths = [] } = stream ?? {};
  for (const [i, samples] of n.entries()) {
    let sum = 0;
    let left = samples;
    while (left > 0 && next < chunkOffsets.length) {
      const content = file.read(chunkOffsets[next], chunkLengths[next]);
      next++;
      const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
      left -= readVariableInteger(view, 0, content.length)?.value ?? samples + 1;
      sum = crc32(content, sum);
    }
    if (left !== 0 || sum !== crc[i]) bad++;
  }
  return { bad, next };
}
