import type { Seconds } from '../../../core/clock.js';
import {
  CLOCK_RESET_THRESHOLD_S,
  type ClockOffset,
} from '../../../signal/timebase/clock-offset-estimator.js';
import { onGrid, SessionTime } from '../../../signal/timebase/session-time.js';
import { type ClockEvent, type ClockOutput, StreamClock } from '../../../signal/timebase/stream-clock.js';
import type { RandomAccessFile } from '../files/random-access-file.js';
import { GapFinder } from '../gap-finder.js';
import { OFFSET_UNCERTAINTY_S, XdfArrivals } from './xdf-arrivals.js';
import type { XdfClock } from './xdf-clocks.js';
import type { XdfStream } from './xdf-index.js';
import { pieceLength, XdfStampReader, type XdfStamps } from './xdf-stamps.js';

/** A stream of the file, and what has to be known of it to place its samples. */
export interface XdfSource extends XdfClock {
  readonly isRegular: boolean;
  readonly givesZero: boolean;
}

/** Consecutive samples of a stream that are alike. */
export interface PlacedRun {
  readonly kind: 'samples';
  readonly samples: number;
  /** [samples] stamps, s; null where they are the sender's, on the session's grid. */
  readonly times: Float64Array | null;
  readonly first: Seconds;
  readonly last: Seconds;
  /** Whether samples are missing before the first of them. */
  readonly isGap: boolean;
  /** Rate in use, Hz; 0 = irregular, or not measured yet. */
  readonly rate_hz: number;
  readonly isMasked: boolean;
}

export type Placed = PlacedRun | ClockEvent;

/** Gives stamps to the samples of one stream, one after the other. */
export interface SampleStamps {
  /** Stamp of the next sample, which its sender stamped `raw`, s; the rest tells of that sample. */
  next(raw: Seconds): Seconds;
  /** Whether samples are missing before it. */
  readonly isGap: boolean;
  /** Rate in use, Hz; 0 = irregular, or not measured yet. */
  readonly rate_hz: number;
  /** Whether the rate is so far from what was declared that the sample can't be used. */
  readonly isMasked: boolean;
  /** What was found out since the sample before it. */
  readonly found: readonly ClockEvent[];
}

/** What the order of a file tells about when its samples arrived. */
export function arrivalsIn(file: RandomAccessFile, streams: readonly XdfStream[]): XdfArrivals {
  const arrivals = new XdfArrivals(streams);
  for (const [s, stream] of streams.entries()) {
    const reader = new XdfStampReader(file, stream, pieceLength(stream));
    for (let piece = reader.next(); piece; piece = reader.next()) arrivals.add(s, piece);
  }
  return arrivals;
}

/**
 * Brings the samples of all streams of a foreign XDF onto the session's clock, in the order of the file, as they would have come
 * live. What is read ahead for one whose next sample is far off is kept as runs.
 */
export class XdfPlacement {
  readonly session = new SessionTime();
  readonly #streams: readonly PlacedStream[];

  /** `arrivals`: null leaves stamps as their senders made them, and finds gaps alone. */
  constructor(file: RandomAccessFile, sources: readonly XdfSource[], arrivals: XdfArrivals | null) {
    this.#streams = sources.map((source, s) =>
      arrivals
        ? new ClockedStream(file, source, arrivals.isStill(s), arrivals.arrivalsOf(s), this.session)
        : new RawStream(file, source),
    );
  }

  /** What comes of stream `s`, in order. To be asked for before anything is read of any stream. */
  of(s: number): () => Placed | null {
    const queue = new PlacedQueue();
    this.#streams[s].told.push((placed) => queue.push(placed));
    return () => {
      while (queue.isEmpty && this.#step()) {}
      return queue.shift();
    };
  }

  /** All that comes, each as soon as it is known; then what was wrong with the samples, one line each. */
  run(each: (s: number, placed: Placed) => void): string[] {
    for (const [s, { told }] of this.#streams.entries()) told.push((placed) => each(s, placed));
    while (this.#step()) {}
    return this.#streams.flatMap(({ problems }) => problems);
  }

  /** Places the next piece of the file; false at the end, when nothing waits any more. */
  #step(): boolean {
    let first: PlacedStream | null = null;
    for (const stream of this.#streams)
      if (stream.place < (first?.place ?? Number.POSITIVE_INFINITY)) first = stream;
    if (!first) {
      const open = this.#streams.filter(({ isClosed }) => !isClosed);
      for (const stream of open) stream.close();
      return open.length > 0;
    }
    const now = first.take();
    for (const stream of this.#streams) if (stream !== first) stream.advance(now);
    return true;
  }
}

/** The stamps of a stream's samples as {@link XdfPlacement.of} gives them. */
export class PlacedStamps implements SampleStamps {
  isGap = false;
  found: ClockEvent[] = [];
  readonly #placed: () => Placed | null;
  readonly #isRaw: boolean;
  #run: PlacedRun | null = null;
  #i = 0;

  /** `isRaw`: where nothing else was decided, stamps are the sender's to the last bit, and not on the session's grid. */
  constructor(placed: () => Placed | null, isRaw: boolean) {
    this.#placed = placed;
    this.#isRaw = isRaw;
  }

  get rate_hz(): number {
    return this.#run?.rate_hz ?? 0;
  }

  get isMasked(): boolean {
    return this.#run?.isMasked ?? false;
  }

  next(raw: Seconds): Seconds {
    if (this.found.length > 0) this.found = [];
    this.isGap = false;
    if (!this.#run || this.#i === this.#run.samples) {
      this.#run = this.#nextRun();
      this.#i = 0;
      this.isGap = this.#run.isGap;
    }
    const time = this.#run.times ? this.#run.times[this.#i] : this.#isRaw ? raw : onGrid(raw);
    this.#i++;
    return time;
  }

  #nextRun(): PlacedRun {
    for (;;) {
      const placed = this.#placed();
      if (!placed) throw new Error('more samples than were placed');
      if (placed.kind === 'samples') return placed;
      this.found.push(placed);
    }
  }
}

/** Stamps and runs that are kept of a file at most, so that memory doesn't grow with it. */
const MOST_KEPT = 1 << 20;

/** What {@link XdfPlacement.run} gave, to be read as often as wanted without placing anything again. */
export class KeptPlacement {
  readonly #queues: readonly PlacedQueue[];
  #isWhole = true;

  constructor(streams: number) {
    this.#queues = Array.from({ length: streams }, () => new PlacedQueue());
  }

  /** Whether it was little enough to be kept. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  add(s: number, placed: Placed): void {
    if (!this.#isWhole) return;
    this.#queues[s].push(placed);
    this.#isWhole = this.#queues.reduce((sum, { size }) => sum + size, 0) <= MOST_KEPT;
    if (!this.#isWhole) for (const queue of this.#queues) queue.clear();
  }

  /** What came of stream `s`, in order. */
  of(s: number): () => Placed | null {
    return this.#queues[s].reader();
  }
}

/** Plain runs become one as long as nobody asks for them. */
class PlacedQueue {
  #items: Placed[] = [];
  #next = 0;
  #size = 0;

  /** Runs and stamps in it. */
  get size(): number {
    return this.#size;
  }

  get isEmpty(): boolean {
    return this.#next === this.#items.length;
  }

  push(placed: Placed): void {
    const last = this.isEmpty ? undefined : this.#items[this.#items.length - 1];
    if (last?.kind === 'samples' && placed.kind === 'samples' && isContinued(last, placed))
      this.#items[this.#items.length - 1] = {
        ...last,
        samples: last.samples + placed.samples,
        last: placed.last,
      };
    else {
      this.#items.push(placed);
      this.#size += 1 + (placed.kind === 'samples' ? (placed.times?.length ?? 0) : 0);
    }
  }

  /** Reads all of it, and leaves it as it is. */
  reader(): () => Placed | null {
    let next = 0;
    return () => this.#items[next++] ?? null;
  }

  clear(): void {
    this.#items = [];
    this.#next = 0;
    this.#size = 0;
  }

  shift(): Placed | null {
    if (this.isEmpty) return null;
    const placed = this.#items[this.#next++];
    if (this.isEmpty) this.clear();
    return placed;
  }
}

function isContinued(last: PlacedRun, next: PlacedRun): boolean {
  const isPlain = !last.times && !next.times && !next.isGap;
  return isPlain && last.rate_hz === next.rate_hz && last.isMasked === next.isMasked;
}

abstract class PlacedStream {
  readonly told: ((placed: Placed) => void)[] = [];
  isClosed = false;
  readonly #reader: XdfStampReader;
  readonly #name: string;
  #piece: XdfStamps | null;
  #samples = 0;

  constructor(file: RandomAccessFile, { stream }: XdfSource, most: number) {
    this.#name = stream.name;
    this.#reader = new XdfStampReader(file, stream, most);
    this.#piece = this.#reader.next();
  }

  /** Where its next piece stands; infinite at the end. */
  get place(): number {
    return this.#piece?.place ?? Number.POSITIVE_INFINITY;
  }

  /** What was wrong with its samples so far, one line each. */
  get problems(): readonly string[] {
    const { problems, written } = this.#reader;
    if (written > 0 || this.#samples < 2) return problems;
    return [...problems, `stream '${this.#name}': no sample has a stamp; they follow from its rate`];
  }

  /** Places the next piece; returns how far time has come. */
  take(): Seconds {
    const piece = this.#piece!;
    this.#samples += piece.stamps.length;
    this.#piece = this.#reader.next();
    return this.takePiece(piece);
  }

  /** Time has come to `now`. */
  abstract advance(now: Seconds): void;
  abstract close(): void;
  protected abstract takePiece(piece: XdfStamps): Seconds;

  protected tell(placed: Placed): void {
    for (const take of this.told) take(placed);
  }

  /** Tells samples as runs that begin at gaps. `stamps`: what they are where nothing was decided, s. */
  protected tellRuns(
    times: Float64Array,
    stamps: (i: number) => Seconds,
    gaps: readonly number[],
    use: Pick<PlacedRun, 'rate_hz' | 'isMasked'>,
  ): void {
    const edges = [0, ...gaps.filter((at) => at > 0), times.length];
    for (let k = 0; k + 1 < edges.length; k++) {
      const [from, to] = [edges[k], edges[k + 1]];
      let isOwn = true;
      for (let i = from; i < to && isOwn; i++) isOwn = times[i] === stamps(i);
      this.tell({
        ...{ kind: 'samples', samples: to - from, ...use, isGap: k > 0 || gaps[0] === 0 },
        ...{ first: times[from], last: times[to - 1], times: isOwn ? null : times.slice(from, to) },
      });
    }
  }
}

/** A stream whose stamps come onto the session's clock. */
class ClockedStream extends PlacedStream {
  readonly #stream: XdfStream;
  readonly #isProbed: boolean;
  readonly #arrivalAt: (place: number) => Seconds;
  readonly #clock: StreamClock<Float64Array>;
  #offset = 0;

  constructor(
    file: RandomAccessFile,
    source: XdfSource,
    isStill: boolean,
    arrivalAt: (place: number) => Seconds,
    session: SessionTime,
  ) {
    // Stamps that never move don't tell how the samples of a piece lie: each arrives by itself.
    super(file, source, isStill ? 1 : pieceLength(source.stream));
    const { stream, clock, isGuessed, isProbed, isRegular, givesZero } = source;
    this.#stream = stream;
    this.#isProbed = isProbed;
    this.#arrivalAt = arrivalAt;
    this.#clock = new StreamClock({
      ...{ session, clock, isGuessed, isProbed, isRegular, givesZero, sfreq: stream.sfreq },
    });
    if (!isProbed) return;
    this.#offset = firstSteady(stream);
    this.#measure(this.#offset);
  }

  protected takePiece({ place, stamps }: XdfStamps): Seconds {
    while (this.#isProbed && this.#stream.clockOffsetsAt[this.#offset] < place) this.#measure(this.#offset++);
    const arrival = this.#arrivalAt(place);
    this.#give(this.#clock.take({ stamps, arrival, content: stamps }));
    return arrival;
  }

  advance(now: Seconds): void {
    if (this.#clock.placement === null) this.#give(this.#clock.advance(now));
  }

  close(): void {
    this.isClosed = true;
    this.#give(this.#clock.close());
  }

  /**
   * Tells the clock of measurement `i` and, where the next one is of another clock, of that: an inlet waits for it before it delivers. A
   * stream without measurements is on the recorder's clock.
   */
  #measure(i: number): void {
    const { clockOffsets } = this.#stream;
    const told = clockOffsets.length > 0 ? clockOffsets.slice(i, i + 2) : [{ time: 0, offset: 0 }];
    const isOther = told.length > 1 && isOtherClock(told[0], told[1]);
    for (const offset of isOther ? told : told.slice(0, 1))
      this.#clock.measure({ ...offset, uncertainty: OFFSET_UNCERTAINTY_S });
  }

  #give(outputs: readonly ClockOutput<Float64Array>[]): void {
    for (const output of outputs) {
      if (output.kind === 'event') this.tell(output);
      else {
        const { content, from, times, gaps, rate_hz, isMasked } = output;
        this.tellRuns(times, (i) => onGrid(content[from + i]), gaps, { rate_hz, isMasked });
      }
    }
  }
}

/** The first measurement that the next one is near: a lone one is a slow answer. */
function firstSteady({ clockOffsets }: XdfStream): number {
  const first = clockOffsets.findIndex((offset, i) => i > 0 && !isOtherClock(clockOffsets[i - 1], offset));
  return Math.max(0, first - 1);
}

function isOtherClock(a: ClockOffset, b: ClockOffset): boolean {
  return Math.abs(a.offset - b.offset) > CLOCK_RESET_THRESHOLD_S;
}

/** A stream whose stamps stay as they are: only gaps are looked for. */
class RawStream extends PlacedStream {
  readonly #gaps: GapFinder;
  readonly #sfreq: number;
  #last: Seconds = Number.NEGATIVE_INFINITY;

  constructor(file: RandomAccessFile, source: XdfSource) {
    super(file, source, pieceLength(source.stream));
    this.#sfreq = source.stream.sfreq;
    this.#gaps = new GapFinder(this.#sfreq);
  }

  protected takePiece({ stamps }: XdfStamps): Seconds {
    const gaps: number[] = [];
    const times = stamps.map((stamp, i) => {
      const isGap = this.#gaps.isGap(stamp);
      if (isGap) gaps.push(i);
      // Within a chunk stamps don't run backwards.
      this.#last = isGap ? stamp : Math.max(stamp, this.#last);
      return this.#last;
    });
    this.tellRuns(times, (i) => stamps[i], gaps, { rate_hz: this.#sfreq, isMasked: false });
    return times[times.length - 1];
  }

  advance(): void {}

  close(): void {
    this.isClosed = true;
  }
}
