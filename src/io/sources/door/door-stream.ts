import { requireChunk } from '../../../core/border.js';
import type { Clock, Seconds, Timer } from '../../../core/clock.js';
import type { EventSink } from '../../../core/event.js';
import {
  type Chunk,
  type FramePlace,
  isMeasured,
  isRegular,
  type StreamInfo,
  type StreamMessage,
  sliceChunk,
} from '../../../core/signal.js';
import { type CanonicalStream, canonicalChunk } from '../../../signal/dialects/canonical-stream.js';
import { clockEvent } from '../../../signal/timebase/clock-events.js';
import type { ClockOffset } from '../../../signal/timebase/clock-offset-estimator.js';
import { staleLimit_s } from '../../../signal/timebase/stale-limit.js';
import type { StallWatch } from '../../../signal/timebase/stall-watch.js';
import {
  type ArrivedSamples,
  type ClockOutput,
  type LastSample,
  type PlacedSamples,
  StreamClock,
  type StreamClockOptions,
} from '../../../signal/timebase/stream-clock.js';
import type { SharedSession } from './shared-sessions.js';

/** How often a stream whose samples wait for an offset is looked at, s. */
const LOOK_S: Seconds = 0.1;

/** Samples as a device sent them. */
export interface RawSamples {
  /** [n * C] sample by sample, NaN = missing; empty where there is text. */
  readonly values: Float32Array | Float64Array;
  /** [n] markers' texts. */
  readonly text: readonly string[] | null;
  /** The frame that they came in, where its sender numbers frames. */
  readonly seq?: number;
}

/** Samples on their way, with their stamps as they came. */
type TakenSamples = RawSamples & { readonly stamps: ArrayLike<number> };

/** Whose clock made a stream's stamps. */
export type StampOrigin = Pick<StreamClockOptions, 'clock' | 'isGuessed' | 'isProbed'> & {
  /** What the clock counts from, as people know it. */
  readonly kind: string;
};

export interface DoorStreamOptions {
  readonly clock: Clock;
  readonly session: string;
  /** What the session's doors share. */
  readonly shared: SharedSession;
  /** Canonical streams that the declared one holds. */
  readonly parts: readonly CanonicalStream[];
  /** Whose clock made the stamps, of which the first is given. */
  readonly originOf: (stamp: Seconds) => StampOrigin;
  /** Knows what the machine slept, which arrivals count. Default: nothing. */
  readonly stall?: StallWatch | undefined;
  /** Whether we are late to look at what came. Default: never. */
  readonly isBehind?: () => boolean;
  /** Whether it takes the place of a stream that was lost: samples are missing before its first. Default: it doesn't. */
  readonly isSuccessor?: boolean;
  /** What its sender said of it, where that may go on after the daemon was started again. */
  readonly declared?: string;
  readonly emit: (message: StreamMessage) => void;
  readonly events: EventSink;
}

/**
 * One stream on its way through a door into its session: stamps onto the session's clock, canonical channels, chunks that
 * end at gaps, and an `open` anew where the rate turns out to be another one.
 */
export class DoorStream {
  readonly #options: DoorStreamOptions;
  /** Its last stamp that the session was given, on the session's clock. */
  #told: Seconds = Number.NEGATIVE_INFINITY;
  #parts: readonly CanonicalStream[];
  #clock: StreamClock<TakenSamples> | null = null;
  #origin: StampOrigin | null = null;
  #isOpen = false;
  #look: Timer | null = null;
  /** What the machine had slept when samples came last. */
  #slept_s: Seconds;
  /** What was measured of the sender's clock before its first samples. */
  #measured: (ClockOffset & { readonly uncertainty: Seconds })[] = [];
  /** Of those who wait until what came so far is in the session. */
  #waiting: (() => void)[] = [];

  constructor(options: DoorStreamOptions) {
    this.#options = options;
    this.#parts = options.parts;
    this.#slept_s = options.stall?.slept_s ?? 0;
  }

  /** Ids are unique in the session. */
  get infos(): readonly StreamInfo[] {
    return this.#parts.map(({ info }) => info);
  }

  /** Whether the session knows the stream. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Rate in use, Hz: stamps that are deduced follow it. 0 = irregular, or not measured yet. */
  get rate_hz(): number {
    return this.#clock?.rate_hz ?? this.#options.parts[0].info.sfreq;
  }

  /** How long after its stamp, by the session's time, the newest sample came if it comes now, s; Infinity before any. */
  get lateness_s(): Seconds {
    const { shared } = this.#options;
    return this.#now() - shared.time.ours(this.#clock?.last ?? Number.NEGATIVE_INFINITY);
  }

  /** Whether nothing has come for longer than its sender ever pauses; false before the first sample. */
  get isSilent(): boolean {
    return this.#clock?.isStale(this.#now()) ?? false;
  }

  /** Resolves once all that was taken is in the session; null where it is. */
  get settled(): Promise<void> | null {
    if (!this.#look) return null;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Goes on with a stream that the session knows from the daemon before: behind its last sample, as it was described then. */
  goOn(infos: readonly StreamInfo[], last: LastSample): void {
    this.#parts = this.#parts.map((part, i) => {
      const { sfreq, aligned } = infos[i];
      return { ...part, info: { ...part.info, sfreq, ...(aligned && { aligned }) } };
    });
    this.#isOpen = true;
    this.#begin(last.raw).goOn(last);
  }

  /** The sender's clock was measured. */
  measure(offset: ClockOffset & { readonly uncertainty: Seconds }): void {
    this.#noteSleep();
    if (this.#clock) this.#clock.measure(offset, this.#slept_s);
    else this.#measured = [offset];
  }

  /** A ping to the sender was answered after `trip_s`. */
  roundTrip(trip_s: Seconds): void {
    this.#clock?.roundTrip(this.#now(), trip_s);
  }

  /**
   * Takes samples in; they go on at once, or when it is known where on the session's clock they lie. `deduced_hz`: the rate by which
   * stamps after the first were deduced.
   */
  take(stamps: ArrayLike<number>, content: RawSamples, gapBefore: boolean, deduced_hz?: number): void {
    if (stamps.length === 0) return;
    this.#noteSleep();
    const { clock, isBehind, isSuccessor = false } = this.#options;
    const isMissing = gapBefore || (isSuccessor && this.#clock === null);
    const stream = this.#clock ?? this.#begin(stamps[0]);
    const { values, text, seq } = content;
    const arrived: ArrivedSamples<TakenSamples> = {
      content: { values, text, stamps, ...(seq !== undefined && { seq }) },
      ...{ stamps, gapBefore: isMissing, arrival: this.#now() },
      behind: isBehind?.() ?? false,
      ...(deduced_hz !== undefined && { deduced_hz }),
    };
    this.#give(stream.take(arrived));
    if (stream.isWaiting) this.#look ??= clock.every(LOOK_S, () => this.#give(stream.advance(this.#now())));
  }

  /** The stream ends, after what still waits. */
  close(how: 'closed' | 'cut'): void {
    if (this.#clock) this.#give(this.#clock.close());
    this.#settle();
    if (this.#isOpen)
      for (const { id } of this.infos)
        this.#options.emit({ kind: 'close', id, ...(how === 'cut' && { cut: true }) });
    this.#isOpen = false;
  }

  /** Ends without a word. */
  stop(): void {
    this.#settle();
  }

  #now(): Seconds {
    const { clock, stall } = this.#options;
    return stall?.now() ?? clock.now();
  }

  #noteSleep(): void {
    const slept_s = this.#options.stall?.slept_s ?? 0;
    if (slept_s === this.#slept_s) return;
    this.#clock?.slept(slept_s - this.#slept_s);
    this.#measured = [];
    this.#slept_s = slept_s;
  }

  #begin(first: Seconds): StreamClock<TakenSamples> {
    const { shared, parts, originOf } = this.#options;
    const [{ info }] = parts;
    this.#origin = originOf(first);
    const { clock, isGuessed = false, isProbed = false } = this.#origin;
    const stream = new StreamClock<TakenSamples>({
      ...{ session: shared.time, clock, isGuessed, isProbed, sfreq: info.sfreq },
      isRegular: isRegular(info),
      irregularLimit_s: staleLimit_s({ type: info.type, sfreq: 0 }),
      givesZero: isMeasured(info),
    });
    for (const offset of this.#measured.splice(0)) stream.measure(offset, this.#slept_s);
    this.#clock = stream;
    return stream;
  }

  #give(outputs: readonly ClockOutput<TakenSamples>[]): void {
    for (const output of outputs) {
      if (output.kind === 'samples') {
        this.#open(output);
        this.#samples(output);
      } else {
        const { session, shared } = this.#options;
        const { zero } = shared.time;
        const { time: stamp, ...event } = clockEvent(output, this.#parts[0].info);
        this.#options.events({ ...event, session, ...(zero !== null && { time: stamp! - zero }) });
      }
    }
    if (!this.#clock?.isWaiting) this.#settle();
    else if (this.#clock.isAwaking) this.#options.shared.awaits(this, true);
  }

  #settle(): void {
    this.#options.shared.awaits(this, false);
    this.#look?.cancel();
    this.#look = null;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Announces the stream, as it is from here on. */
  #open({ rate_hz }: PlacedSamples<TakenSamples>): void {
    const isFirst = !this.#isOpen;
    if (!isFirst && this.#parts[0].info.sfreq === rate_hz) return;
    const { emit, shared, session, events, declared } = this.#options;
    const aligned =
      this.#clock!.placement === 'arrival' && shared.time.clock !== this.#origin!.clock ? 'assumed' : 'clock';
    this.#parts = this.#parts.map((part) => ({
      ...part,
      info: { ...part.info, sfreq: rate_hz, aligned: isFirst ? aligned : part.info.aligned! },
    }));
    this.#isOpen = true;
    if (isFirst && aligned === 'assumed') {
      const [{ info }] = this.#parts;
      const { kind } = this.#origin!;
      events({
        code: 'stream-assumed-aligned',
        level: 'warn',
        message: `stream '${info.name}' (${info.type}): its clock (${kind}) is not the session's; its samples are placed by when they arrive`,
        session,
        stream: info.id,
        details: { clock: kind },
      });
    }
    for (const info of this.infos) emit({ kind: 'open', info, ...(declared !== undefined && { declared }) });
    const zero = shared.takeZero();
    const { clock } = shared.time;
    if (zero !== null) emit({ kind: 'zero', time: zero, ...(clock !== null && { clock }) });
  }

  #samples(placed: PlacedSamples<TakenSamples>): void {
    const { content, from, to, times } = placed;
    if (content.text) {
      const { id } = this.#parts[0].info;
      for (let i = from; i < to; i++)
        this.#options.emit({
          kind: 'marker',
          marker: { stream: id, time: times[i - from], value: content.text[i] },
          ...frameOf(content, i, 1),
        });
      return;
    }
    for (const part of this.#parts) {
      let at = from;
      for (const chunk of chunksOf(part, placed)) {
        const samples = chunk.times.length;
        requireChunk(chunk, at === from ? this.#told : chunk.times[0]);
        this.#options.emit({ kind: 'chunk', chunk, ...frameOf(content, at, samples) });
        at += samples;
      }
    }
    this.#told = times[times.length - 1] ?? this.#told;
  }
}

/** Where so many samples from `from` on stand in the frame that they came in. */
function frameOf({ seq, stamps }: TakenSamples, from: number, samples: number): { frame?: FramePlace } {
  if (seq === undefined) return {};
  return { frame: { seq, from, samples: stamps.length, raw: stamps[from + samples - 1] } };
}

/** Placed samples as chunks that span no gap, infinite values and all of a stream that can't be used missing. */
function chunksOf(part: CanonicalStream, placed: PlacedSamples<TakenSamples>): Chunk[] {
  const { content, from, to, times, gaps, isMasked } = placed;
  const values = content.values.subarray(from * part.rawChannels, to * part.rawChannels);
  const whole = canonicalChunk(part, values, 'samples', times, gaps[0] === 0);
  for (let i = 0; i < whole.data.length; i++)
    if (isMasked || !Number.isFinite(whole.data[i])) whole.data[i] = Number.NaN;
  const edges = [0, ...gaps.filter((at) => at > 0), times.length];
  return edges.slice(1).map((end, k) => {
    const chunk = sliceChunk(whole, edges[k], end);
    return k === 0 ? chunk : { ...chunk, gapBefore: true };
  });
}
