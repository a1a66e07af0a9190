import type { Seconds } from '../../../core/clock.js';
import type { RandomAccessFile } from '../files/random-access-file.js';
import { isFramesLine } from './frames-line.js';
import { parseSessionLogLine, type SessionLogLine } from './session-log.js';
import { SESSION_LOG } from './xdf-format.js';
import type { XdfStream } from './xdf-index.js';
import { XdfSampleReader } from './xdf-sample-reader.js';

/** A line of a session's log (null: it can't be read), its stamp, and where it stands in the file. */
export interface LoggedLine<Line extends SessionLogLine | null> {
  readonly line: Line;
  readonly stamp: Seconds;
  readonly place: number;
}

export function isSessionLog({ name, format }: XdfStream): boolean {
  return name === SESSION_LOG && format === 'string';
}

/** The lines of a file's session logs. */
export function readLog(
  file: RandomAccessFile,
  streams: readonly XdfStream[],
): LoggedLine<SessionLogLine | null>[] {
  const lines: LoggedLine<SessionLogLine | null>[] = [];
  for (const source of streams.filter(isSessionLog)) {
    const reader = new XdfSampleReader(file, source);
    while (reader.next()) {
      const [text] = reader.texts();
      if (isFramesLine(text)) continue;
      const line = parseSessionLogLine(text);
      lines.push({ line, stamp: reader.stamp, place: source.chunkOffsets[reader.chunk] });
    }
  }
  return lines;
}

/** The lines of one part of a recording. */
export interface LogOfPart {
  readonly lines: readonly LoggedLine<SessionLogLine | null>[];
  /** Whether something is missing between the part before it and this one. */
  readonly isBehindHole: boolean;
}

/**
 * The log of a recording as one file would hold it, of those of its parts: of what a part says again stands only what isn't known from
 * the parts before it.
 */
export function joinedLog(parts: readonly LogOfPart[]): LoggedLine<SessionLogLine | null>[] {
  const told = new ToldState();
  const joined: LoggedLine<SessionLogLine | null>[] = [];
  for (const { lines, isBehindHole } of parts)
    for (let i = 0; i < lines.length; i++) {
      const { line, stamp, place } = lines[i];
      if (line?.k !== 'part') {
        if (line) told.take(line);
        joined.push(lines[i]);
        continue;
      }
      const restated = restatedBehind(lines, i, line.restates);
      i += restated.length;
      const isWhole = restated.length === line.restates;
      for (const news of told.unknownOf(restated, line.t, { isWhole, isBehindHole })) {
        told.take(news);
        joined.push({ line: news, stamp, place });
      }
    }
  return joined;
}

function restatedBehind(lines: LogOfPart['lines'], at: number, most: number): RestatedLine[] {
  const restated: RestatedLine[] = [];
  for (let i = at + 1; i < lines.length && restated.length < most; i++) {
    const { line } = lines[i];
    if (!line || !isRestated(line)) break;
    restated.push(line);
  }
  return restated;
}

type RestatedLine = Extract<SessionLogLine, { k: 'zero' | 'open' | 'bind' | 'stale' }>;

function isRestated(line: SessionLogLine): line is RestatedLine {
  return line.k === 'zero' || line.k === 'open' || line.k === 'bind' || line.k === 'stale';
}

/** What a log has told so far, and still holds. Streams by their numbers. */
class ToldState {
  #zero: Seconds | null = null;
  readonly #open = new Set<number>();
  readonly #stale = new Set<number>();
  /** By source, the stream that feeds it. */
  readonly #bound = new Map<string, number>();

  take(line: SessionLogLine): void {
    switch (line.k) {
      case 'zero':
        this.#zero = line.zero;
        break;
      case 'open':
        this.#open.add(line.stream);
        break;
      case 'bind':
        this.#bound.set(line.source, line.stream);
        break;
      case 'stale':
        if (line.stale) this.#stale.add(line.stream);
        else this.#stale.delete(line.stream);
        break;
      case 'close':
        this.#open.delete(line.stream);
        this.#stale.delete(line.stream);
        for (const [source, stream] of this.#bound) if (stream === line.stream) this.#bound.delete(source);
    }
  }

  /**
   * What `restated` tells beyond this. `isWhole`: what it leaves out doesn't hold any more; `isBehindHole`: streams that it leaves out
   * were lost where nothing is known.
   */
  unknownOf(
    restated: readonly RestatedLine[],
    t: Seconds,
    { isWhole, isBehindHole }: { readonly isWhole: boolean; readonly isBehindHole: boolean },
  ): SessionLogLine[] {
    const news: SessionLogLine[] = restated.filter((line) => !this.#knows(line));
    if (!isWhole) return news;
    const of = (k: 'open' | 'stale'): Set<number> =>
      new Set(restated.flatMap((line) => (line.k === k ? [line.stream] : [])));
    const [open, stale] = [of('open'), of('stale')];
    const back = [...this.#stale].filter((stream) => open.has(stream) && !stale.has(stream));
    const lost = isBehindHole ? [...this.#open].filter((stream) => !open.has(stream)) : [];
    return [
      ...lost.map((stream): SessionLogLine => ({ k: 'close', t, stream, cut: true })),
      ...news,
      ...back.map((stream): SessionLogLine => ({ k: 'stale', t, stream, stale: false })),
    ];
  }

  #knows(line: RestatedLine): boolean {
    if (line.k === 'zero') return this.#zero === line.zero;
    if (line.k === 'open') return this.#open.has(line.stream);
    if (line.k === 'bind') return this.#bound.get(line.source) === line.stream;
    return this.#stale.has(line.stream) === line.stale;
  }
}
