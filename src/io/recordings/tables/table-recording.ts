import type { Seconds } from '../../../core/clock.js';
import { InputError } from '../../../core/errors.js';
import { type Chunk, isRegular, type StreamInfo, type StreamMessage } from '../../../core/signal.js';
import { type CanonicalStream, canonicalStreams } from '../../../signal/dialects/canonical-stream.js';
import type { RawChannel, RawStreamDeclaration } from '../../../signal/dialects/raw-stream.js';
import { isSimulatedMark, SIMULATED_COLUMN } from '../../../signal/dialects/simulated-mark.js';
import { streamTypeNamed } from '../../../signal/dialects/stream-type.js';
import { clockEvent } from '../../../signal/timebase/clock-events.js';
import type { RateChange } from '../../../signal/timebase/rate-meter.js';
import { onGrid } from '../../../signal/timebase/session-time.js';
import { ChunkBuilder } from '../chunk-builder.js';
import { stemOf } from '../files/stem.js';
import { GapFinder } from '../gap-finder.js';
import { stampOf } from '../merge.js';
import { ProblemCounts } from '../problem-counts.js';
import { estimateRate, meanRate } from '../rate-estimate.js';
import type { ReadOptions, RecordedStream, Recording } from '../recording.js';
import { StreamSurvey } from '../stream-survey.js';
import { isEmpty, numberIn } from './delimited-text.js';

type Cells = readonly string[];

export interface TableChannel extends RawChannel {
  /** The channel's value in a row, in `unit`; NaN where it is missing. */
  value(cells: Cells): number;
  /** Columns that it is read from, to tell cells that hold no number. */
  readonly columns: readonly number[];
}

export interface SampledColumns extends Omit<RawStreamDeclaration, 'sfreq' | 'text'> {
  readonly channels: readonly TableChannel[];
  /** Whether the row holds a sample of some of the channels. */
  holds(cells: Cells, channels: readonly TableChannel[]): boolean;
}

export interface MarkerColumns {
  readonly marks: StreamInfo;
  /** Starts a pass over the rows; gives the texts of each row's markers. */
  begin(): (cells: Cells, time: Seconds) => readonly string[];
}

/** What the rows of a table mean. */
export interface TableLayout {
  readonly format: string;
  /** Columns, as the head names them. One called `simulated` that says so in any row marks every stream. */
  readonly names: readonly string[];
  /** In order of the recording's streams. */
  readonly streams: readonly (SampledColumns | MarkerColumns)[];
  /** The rows below the head. */
  rows(problems: ProblemCounts): AsyncIterable<Cells>;
  /** Stamp of a row, s; NaN where it has none. */
  time(cells: Cells): Seconds;
  /** Wall-clock time of the stamps' zero, s since 1970, where it is known. */
  zeroUnix(first: Seconds): number | null;
  /** What is left out because the layout says so, counted once a row. */
  note?(cells: Cells, problems: ProblemCounts): void;
}

/** A channel that is one column's number. */
export function columnChannel(column: number, channel: RawChannel): TableChannel {
  return { ...channel, columns: [column], value: (cells) => numberIn(cells[column]) };
}

/** A stream of text that a table's rows give. */
export function markerStream(id: string, name: string, label: string): StreamInfo {
  return {
    id,
    name,
    type: 'Markers',
    sourceId: '',
    sfreq: 0,
    channels: [{ label, unit: '', type: 'Markers' }],
  };
}

/** Rows from which rates are estimated: they tell them apart, and the first pass stays short. */
const RATE_ROWS = 50_000;
/** Those at the start, whose rate counts where it is another one than that of all, by more than this share. */
const START_ROWS = 2000;
const OTHER_SHARE = 0.02;

interface Part {
  readonly kind: 'samples';
  readonly info: StreamInfo;
  readonly canonical: CanonicalStream;
  readonly channels: readonly TableChannel[];
  holds(cells: Cells): boolean;
}

interface MarkerPart {
  readonly kind: 'markers';
  readonly info: StreamInfo;
  readonly columns: MarkerColumns;
}

/** A recording that is a table: a row for each moment, read row by row. */
export class TableRecording implements Recording {
  readonly format: string;
  readonly stem: string;

  private constructor(
    readonly path: string,
    private readonly layout: TableLayout,
    private readonly parts: readonly (Part | MarkerPart)[],
    readonly streams: readonly RecordedStream[],
    readonly problems: readonly string[],
    readonly zero_unix_s: number | null,
  ) {
    this.format = layout.format;
    this.stem = stemOf(path);
  }

  /** Reads the table twice, its start for the rates and all of it for the survey. */
  static async open(path: string, layout: TableLayout): Promise<TableRecording> {
    let parts = await partsOf(layout);
    const problems = new ProblemCounts();
    const surveys = parts.map(() => new StreamSurvey());
    const breaks = parts.map(({ info }) => new GapFinder(info.sfreq));
    const markers = parts.map((part) => (part.kind === 'markers' ? part.columns.begin() : null));
    const marks = layout.names.flatMap((name, c) => (name.toLowerCase() === SIMULATED_COLUMN ? [c] : []));
    let isSimulated = false;
    for await (const { time, cells } of timedRows(layout, problems)) {
      layout.note?.(cells, problems);
      isSimulated ||= marks.some((column) => isSimulatedMark(cells[column] ?? ''));
      for (const [p, part] of parts.entries()) {
        if (part.kind === 'markers') {
          for (const _ of markers[p]!(cells, time)) surveys[p].add(time);
          continue;
        }
        if (!part.holds(cells)) continue;
        surveys[p].add(time, breaks[p].isGap(time) ? 'gap' : 'none');
        breaks[p].takeRateChange();
        for (const { columns } of part.channels)
          for (const column of columns)
            if (!isEmpty(cells[column]) && Number.isNaN(numberIn(cells[column])))
              problems.count('cells that are no number; masked');
      }
    }
    if (isSimulated) parts = parts.map((part) => ({ ...part, info: { ...part.info, simulated: true } }));
    const streams = parts.map(({ info }, p) => surveys[p].result(info));
    if (!streams.some((stream) => stream.samples > 0))
      throw new InputError('recording-empty', `${path}: no readable sample in it; it has no row with values`);
    const first = Math.min(...streams.map((stream) => stream.first ?? Number.POSITIVE_INFINITY));
    return new TableRecording(path, layout, parts, streams, problems.lines(), layout.zeroUnix(first));
  }

  async *messages(options: ReadOptions): AsyncGenerator<StreamMessage> {
    const { parts } = this;
    for (const part of parts) if (part.kind === 'samples') part.canonical.notes.forEach(options.events);
    for (const { info } of parts) yield { kind: 'open', info };
    const passes = parts.map((part) =>
      part.kind === 'markers' ? new MarkerPass(part) : new SamplePass(part, options),
    );
    const waiting = new WaitingMessages();
    for await (const { time, cells } of timedRows(this.layout, new ProblemCounts())) {
      for (const pass of passes) pass.take(cells, time, waiting);
      let first = Number.POSITIVE_INFINITY;
      for (const pass of passes) first = Math.min(first, pass.first);
      yield* waiting.until(first);
    }
    for (const pass of passes) pass.end(waiting);
    yield* waiting.until(Number.POSITIVE_INFINITY);
    for (const { info } of parts) yield { kind: 'close', id: info.id };
  }

  async close(): Promise<void> {}
}

class SamplePass {
  readonly #breaks: GapFinder;
  #info: StreamInfo;
  #builder: ChunkBuilder;

  constructor(
    private readonly part: Part,
    private readonly options: ReadOptions,
  ) {
    this.#info = part.info;
    this.#builder = new ChunkBuilder(part.info, options.chunk);
    this.#breaks = new GapFinder(part.info.sfreq);
  }

  /** First stamp that no message holds yet. */
  get first(): Seconds {
    return this.#builder.first;
  }

  take(cells: Cells, time: Seconds, waiting: WaitingMessages): void {
    const { channels, canonical, holds } = this.part;
    if (!holds(cells)) return;
    const isMasked = this.#breaks.isUnusable;
    waiting.addChunk(this.#builder.begin(time, this.#breaks.isGap(time)));
    for (let c = 0; c < channels.length; c++) {
      const value = channels[c].value(cells) * canonical.scale[c] + canonical.offset[c];
      this.#builder.set(c, isMasked ? Number.NaN : value);
    }
    const change = this.#breaks.takeRateChange();
    if (change) this.#goOn(change, time, waiting);
  }

  /** The stream, as it is described from the next sample on. */
  #goOn({ measured_hz, used_hz }: RateChange, time: Seconds, waiting: WaitingMessages): void {
    const { info } = this.part;
    const details = { measured_hz, used_hz, declared_hz: info.sfreq };
    this.options.events(
      clockEvent({ kind: 'event', code: 'rate-differs', arrival: time, time, details }, info),
    );
    if (used_hz === null || used_hz === this.#info.sfreq) return;
    this.end(waiting);
    this.#info = { ...this.#info, sfreq: used_hz };
    this.#builder = new ChunkBuilder(this.#info, this.options.chunk);
    waiting.add({ kind: 'open', info: this.#info }, time);
  }

  end(waiting: WaitingMessages): void {
    waiting.addChunk(this.#builder.end());
  }
}

class MarkerPass {
  readonly first = Number.POSITIVE_INFINITY;
  readonly #texts: (cells: Cells, time: Seconds) => readonly string[];

  constructor(private readonly part: MarkerPart) {
    this.#texts = part.columns.begin();
  }

  take(cells: Cells, time: Seconds, waiting: WaitingMessages): void {
    for (const value of this.#texts(cells, time))
      waiting.add({ kind: 'marker', marker: { stream: this.part.info.id, time, value } });
  }

  end(): void {}
}

/** Messages whose turn comes when no stream can give an earlier one any more. */
class WaitingMessages {
  #messages: { readonly message: StreamMessage; readonly at: Seconds }[] = [];

  /** `at`: its stamp, where it carries none itself. */
  add(message: StreamMessage, at: Seconds = stampOf(message)): void {
    let place = this.#messages.length;
    while (place > 0 && this.#messages[place - 1].at > at) place--;
    this.#messages.splice(place, 0, { message, at });
  }

  addChunk(chunk: Chunk | null): void {
    if (chunk) this.add({ kind: 'chunk', chunk });
  }

  *until(time: Seconds): Generator<StreamMessage> {
    let ready = 0;
    while (ready < this.#messages.length && this.#messages[ready].at <= time) ready++;
    for (const { message } of this.#messages.splice(0, ready)) yield message;
  }
}

/** The canonical streams that the layout's columns make, with their rates. */
async function partsOf(layout: TableLayout): Promise<(Part | MarkerPart)[]> {
  const stamps = layout.streams.map((): Seconds[] => []);
  let seen = 0;
  for await (const cells of layout.rows(new ProblemCounts())) {
    if (++seen > RATE_ROWS) break;
    const time = layout.time(cells);
    if (Number.isNaN(time)) continue;
    for (const [s, stream] of layout.streams.entries())
      if (!('marks' in stream) && stream.holds(cells, stream.channels)) stamps[s].push(time);
  }
  return layout.streams.flatMap((stream, s): (Part | MarkerPart)[] => {
    if ('marks' in stream) return [{ kind: 'markers', info: stream.marks, columns: stream }];
    return canonicalStreams({ ...stream, sfreq: rateOf(stream.type, stamps[s]) }).map((canonical) => {
      const channels = [...canonical.keep].map((index) => stream.channels[index]);
      const holds = (cells: Cells) => stream.holds(cells, channels);
      return { kind: 'samples', info: canonical.info, canonical, channels, holds };
    });
  });
}

/** Hz, with which a stream begins; 0 = irregular. */
function rateOf(type: string, stamps: readonly Seconds[]): number {
  const rate = rateOfAll(type, stamps);
  const start = rate === 0 ? 0 : rateOfAll(type, stamps.slice(0, START_ROWS));
  return start > 0 && Math.abs(start / rate - 1) > OTHER_SHARE ? start : rate;
}

/** Hz; 0 = irregular. What sensors sample regularly has a rate, however its stamps jitter. */
function rateOfAll(type: string, stamps: readonly Seconds[]): number {
  const rate = estimateRate(stamps);
  return rate > 0 || !isRegular({ type: streamTypeNamed(type) ?? 'Other', sfreq: 0 })
    ? rate
    : meanRate(stamps);
}

/** Rows with a usable time, in order. */
async function* timedRows(
  layout: TableLayout,
  problems: ProblemCounts,
): AsyncGenerator<{ time: Seconds; cells: Cells }> {
  let last = Number.NEGATIVE_INFINITY;
  for await (const cells of layout.rows(problems)) {
    const time = onGrid(layout.time(cells));
    if (Number.isNaN(time)) problems.count('rows without a time; left out');
    else if (time < last) problems.count('rows whose time runs backwards; left out');
    else {
      if (cells.length < layout.names.length)
        problems.count('rows that end early; their last cells are missing');
      last = time;
      yield { time, cells };
    }
  }
}
