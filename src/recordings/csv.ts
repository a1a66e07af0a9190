import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import type { Seconds } from '../core/clock.js';
import { InputError } from '../core/errors.js';
import type { Chunk, StreamMessage } from '../core/signal.js';
import { type CanonicalStream, canonicalStreams } from '../dialects/canonical-stream.js';
import { streamTypeNamed } from '../dialects/stream-type.js';
import { ChunkBuilder } from './chunk-builder.js';
import { type DataMessage, stampOf } from './merge.js';
import { estimateRate } from './rate-estimate.js';
import type { ReadOptions, RecordedStream, Recording, RecordingFormat } from './recording.js';
import { stemOf } from './stem.js';
import { StreamSurvey } from './stream-survey.js';

/**
 * Plain CSV (RFC 4180): a `time` column in seconds and columns `<Type>.<label>[<unit>]`, one stream a type. An empty
 * cell is a missing sample; a row without any cell of a type holds no sample of that stream.
 */
export const csv: RecordingFormat = {
  name: 'CSV',
  recognise(path, head) {
    if (!head) return 0;
    const [line] = Buffer.from(head).toString('utf8').split(/\r?\n/, 1);
    const names = line
      .replace(/^\uFEFF/, '')
      .split(',')
      .map((name) => name.trim().replace(/^"|"$/g, ''));
    if (names.includes('time') && names.some((name) => columnName.test(name))) return 2;
    return /\.csv$/i.test(path) ? 1 : 0;
  },
  open: (path) => CsvRecording.open(path),
};

const columnName = /^([A-Za-z][\w-]*)\.([^[\]]*?)\s*(?:\[([^\]]*)\])?$/;

/** Rows from which rates are estimated: they tell them apart, and the first pass stays short. */
const RATE_ROWS = 50_000;

interface Columns {
  readonly canonical: CanonicalStream;
  /** Column of each channel. */
  readonly columns: readonly number[];
  readonly isMarkers: boolean;
}

interface Header {
  readonly time: number;
  readonly width: number;
  readonly streams: readonly Columns[];
}

class CsvRecording implements Recording {
  readonly format = 'CSV';
  readonly stem: string;
  readonly zero_unix_s: number | null;

  private constructor(
    readonly path: string,
    private readonly header: Header,
    readonly streams: readonly RecordedStream[],
    readonly problems: readonly string[],
    isUnix: boolean,
  ) {
    this.stem = stemOf(path);
    this.zero_unix_s = isUnix ? 0 : null;
  }

  static async open(path: string): Promise<CsvRecording> {
    const header = await readHeader(path);
    const problems = new Problems();
    const surveys = header.streams.map(() => new StreamSurvey());
    const breaks = header.streams.map(({ canonical }) => new BreakFinder(canonical.info.sfreq));
    for await (const { time, cells } of rows(path, header, problems)) {
      for (const [s, { columns, isMarkers }] of header.streams.entries()) {
        if (columns.every((column) => isEmpty(cells[column]))) continue;
        surveys[s].add(time, breaks[s].isGap(time) ? 'gap' : 'none');
        if (isMarkers) continue;
        for (const column of columns)
          if (!isEmpty(cells[column]) && Number.isNaN(numberIn(cells[column])))
            problems.count('cells that are no number; masked');
      }
    }
    const streams = header.streams.map(({ canonical }, s) => surveys[s].result(canonical.info));
    if (!streams.some((stream) => stream.samples > 0))
      throw new InputError('recording-empty', `${path}: no readable sample in it; it has no row with values`);
    const first = Math.min(...streams.map((stream) => stream.first ?? Number.POSITIVE_INFINITY));
    return new CsvRecording(path, header, streams, problems.lines(), first > 1e9);
  }

  async *messages(options: ReadOptions): AsyncGenerator<StreamMessage> {
    const { streams } = this.header;
    for (const { canonical } of streams) canonical.notes.forEach(options.events);
    for (const { canonical } of streams) yield { kind: 'open', info: canonical.info };
    const builders = streams.map(({ canonical }) => new ChunkBuilder(canonical.info, options.chunk));
    const breaks = streams.map(({ canonical }) => new BreakFinder(canonical.info.sfreq));
    const waiting = new WaitingMessages();
    for await (const { time, cells } of rows(this.path, this.header, new Problems())) {
      for (const [s, { canonical, columns, isMarkers }] of streams.entries()) {
        if (columns.every((column) => isEmpty(cells[column]))) continue;
        if (isMarkers) {
          const texts = columns.map((column) => cells[column] ?? '');
          const value = texts.length === 1 ? texts[0] : JSON.stringify(texts);
          waiting.add({ kind: 'marker', marker: { stream: canonical.info.id, time, value } });
          continue;
        }
        const builder = builders[s];
        waiting.addChunk(builder.begin(time, breaks[s].isGap(time)));
        for (let c = 0; c < columns.length; c++)
          builder.set(c, numberIn(cells[columns[c]]) * canonical.scale[c] + canonical.offset[c]);
      }
      yield* waiting.until(Math.min(...builders.map((builder) => builder.first)));
    }
    for (const builder of builders) waiting.addChunk(builder.end());
    yield* waiting.until(Number.POSITIVE_INFINITY);
    for (const { canonical } of streams) yield { kind: 'close', id: canonical.info.id };
  }

  async close(): Promise<void> {}
}

/** Messages whose turn comes when no stream can give an earlier one any more. */
class WaitingMessages {
  #messages: DataMessage[] = [];

  add(message: DataMessage): void {
    let at = this.#messages.length;
    while (at > 0 && stampOf(this.#messages[at - 1]) > stampOf(message)) at--;
    this.#messages.splice(at, 0, message);
  }

  addChunk(chunk: Chunk | null): void {
    if (chunk) this.add({ kind: 'chunk', chunk });
  }

  *until(time: Seconds): Generator<DataMessage> {
    let ready = 0;
    while (ready < this.#messages.length && stampOf(this.#messages[ready]) <= time) ready++;
    if (ready > 0) yield* this.#messages.splice(0, ready);
  }
}

/** Stamps of a file are exact: more than half an interval beyond the expected one is a gap. */
class BreakFinder {
  #last: Seconds | null = null;
  readonly #limit: Seconds;

  constructor(sfreq: number) {
    this.#limit = sfreq > 0 ? 1.5 / sfreq : Number.POSITIVE_INFINITY;
  }

  isGap(time: Seconds): boolean {
    const isGap = this.#last !== null && time - this.#last > this.#limit;
    this.#last = time;
    return isGap;
  }
}

/** Counts of what was wrong, so that a bad column doesn't give a line for each of its rows. */
class Problems {
  readonly #counts = new Map<string, number>();

  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  lines(): string[] {
    return [...this.#counts].map(([what, n]) => `${n} ${what}`);
  }
}

async function readHeader(path: string): Promise<Header> {
  const wrong = (why: string) =>
    new InputError(
      'recording-unrecognised',
      `${path}: ${why}; a CSV needs a 'time' column in seconds and columns like 'EEG.Fp1[uV]'`,
    );
  let names: string[] | null = null;
  let time = -1;
  let groups: { type: string; columns: number[]; labels: string[]; units: string[] }[] = [];
  let stamps: Seconds[][] = [];
  let seen = 0;
  for await (const cells of records(path, new Problems())) {
    if (names === null) {
      names = cells.map((name) => name.trim());
      time = names.indexOf('time');
      groups = groupColumns(names);
      stamps = groups.map(() => []);
      if (time < 0) throw wrong("no 'time' column");
      if (groups.length === 0) throw wrong('no column that names a type and a label');
      continue;
    }
    if (++seen > RATE_ROWS) break;
    const stamp = numberIn(cells[time]);
    if (Number.isNaN(stamp)) continue;
    for (const [g, { columns }] of groups.entries())
      if (columns.some((column) => !isEmpty(cells[column]))) stamps[g].push(stamp);
  }
  if (names === null) throw wrong('no header line');
  const stem = stemOf(path);
  const streams = groups.flatMap(({ type, columns, labels, units }, g) => {
    const channels = labels.map((label, c) => ({ label, unit: units[c], type: '' }));
    const declared = { id: `${stem}/${type}`, name: stem, type, sourceId: '', channels };
    const isMarkers = streamTypeNamed(type) === 'Markers';
    const sfreq = isMarkers ? 0 : estimateRate(stamps[g]);
    return canonicalStreams({ ...declared, sfreq }).map((canonical) => ({
      canonical,
      columns: [...canonical.keep].map((index) => columns[index]),
      isMarkers,
    }));
  });
  return { time, width: names.length, streams };
}

function groupColumns(names: readonly string[]) {
  const groups = new Map<string, { type: string; columns: number[]; labels: string[]; units: string[] }>();
  for (const [column, name] of names.entries()) {
    const parts = columnName.exec(name);
    if (!parts) continue;
    const [, type, label, unit = ''] = parts;
    const group = groups.get(type) ?? { type, columns: [], labels: [], units: [] };
    group.columns.push(column);
    group.labels.push(label);
    group.units.push(unit);
    groups.set(type, group);
  }
  return [...groups.values()];
}

/** Rows with a usable time, in order. */
async function* rows(
  path: string,
  header: Header,
  problems: Problems,
): AsyncGenerator<{ time: Seconds; cells: readonly string[] }> {
  let isHeader = true;
  let last = Number.NEGATIVE_INFINITY;
  for await (const cells of records(path, problems)) {
    if (isHeader) {
      isHeader = false;
      continue;
    }
    const time = numberIn(cells[header.time]);
    if (Number.isNaN(time)) problems.count('rows without a time; left out');
    else if (time < last) problems.count('rows whose time runs backwards; left out');
    else {
      if (cells.length < header.width) problems.count('rows that end early; their last cells are missing');
      last = time;
      yield { time, cells };
    }
  }
}

async function* records(path: string, problems: Problems): AsyncGenerator<readonly string[]> {
  const file = createReadStream(path);
  const parser = file.pipe(
    parse({ bom: true, relax_column_count: true, relax_quotes: true, skip_empty_lines: true }),
  );
  file.on('error', (error) => parser.destroy(error));
  try {
    for await (const record of parser) yield record as string[];
  } catch (error) {
    // A file that was cut inside quotes ends here; the rows before it stand.
    if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('CSV_'))
      throw error;
    problems.count(`places where the CSV can't be read on (${error.message.split('\n', 1)[0]})`);
  } finally {
    file.destroy();
  }
}

function isEmpty(cell: string | undefined): boolean {
  return cell === undefined || cell.trim() === '';
}

function numberIn(cell: string | undefined): number {
  return isEmpty(cell) ? Number.NaN : Number(cell);
}
