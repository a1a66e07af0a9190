import type { Seconds } from '../../core/clock.js';
import type { Stateful } from '../../core/state.js';
import { ArrivalOffset, type ArrivalOffsetState } from './arrival-offset.js';
import {
  CLOCK_RESET_THRESHOLD_S,
  type ClockOffset,
  ClockOffsetEstimator,
  type ClockOffsetEstimatorState,
} from './clock-offset-estimator.js';
import { Drain, type DrainState } from './drain.js';
import { RateMeter, type RateMeterState } from './rate-meter.js';
import { ARRIVAL_CLOCK, onGrid, type SessionTime } from './session-time.js';
import { StaleLimit, type StaleLimitState } from './stale-limit.js';
import { StepPattern, type StepPatternState } from './step-pattern.js';

/** A new stream's samples wait so long for an offset, s: a backlog in its first message must not place it. */
const HELD_S: Seconds = 0.5;
/** While a backlog is drained they wait for its end, at most so long, s; what comes of it later is masked. */
const DRAINED_WITHIN_S: Seconds = 60;
/** Where a stream was placed, samples that come less late by so much tell that it was while a backlog was drained, s. */
const PLACED_LATE_S: Seconds = 0.25;
/** Those whose clock is probed wait so long for the first answer, s. */
const PROBED_WITHIN_S: Seconds = 2;
/** After the machine slept, samples wait so long until it is known whether their clock did, too, s. */
const AWAKE_WITHIN_S: Seconds = 3;
/** What arrives as late as before, or by the sleep later, is that within so much, s, and half the sleep. */
const SAME_LATENESS_S: Seconds = 1;
/** Samples that wait, at most; then the stream is placed by what has come. */
export const MAX_HELD_SAMPLES = 200_000;
/** So many samples that agree tell a clock. */
const AGREEING = 3;
/** Of a regular stream, so many of which none do tell that stamps are no use. */
const DISAGREEING = 10;

/** A stamp further ahead of its arrival, or a step further back, is no jitter, s. */
const BREAK_S: Seconds = 1;
/**
 * Right after a step up of more than that, a stamp that is so far ahead of its arrival, s: in a long chunk a stepped clock is ahead
 * by the step less the sample's age, and samples that are really missing leave none ahead.
 */
const LEAPT_AHEAD_S: Seconds = 0.25;
/** Steps within so much of what is expected go on where the last one was, s; of irregular streams, and as a share of a period. */
const STEADY_S: Seconds = 0.1;
const IRREGULAR_STEADY_S: Seconds = 1;
const STEADY_PERIODS = 0.5;
/** Off by the same for so long: the clock is another one, s. */
const RESET_AFTER_S: Seconds = 3;
const RESET_AFTER_SAMPLES = 3;
/** Never steady for so long: stamps say nothing, s. */
const UNSTEADY_S: Seconds = 6;
/** Stamps that don't move for so many samples and so long say nothing. */
const STILL_SAMPLES = 3;
const STILL_S: Seconds = 3;
const IRREGULAR_STILL_S: Seconds = 1;
/** Counted samples that fall behind their arrival by more than this tell that some are missing, s. */
const COUNTED_BEHIND_S: Seconds = 2;
/** Senders that name no clock share one where their stamps tell the same time to so much, s. */
const SAME_CLOCK_S: Seconds = 5;
/** Beyond this a double no longer tells samples apart, s. */
const LARGEST_STAMP_S = 1e11;
/** What comes before the stamp before it is put so much after that. */
const STEP_S: Seconds = 1e-6;
/** Outliers are told once in so long, with their number, s. */
const OUTLIERS_TOLD_EVERY_S: Seconds = 1;

export interface StreamClockOptions {
  readonly session: SessionTime;
  /** Declared rate, Hz; 0 = irregular, or not known. */
  readonly sfreq: number;
  /** A stream of rate 0 whose samples come regularly: its rate is measured. Default: whether a rate was declared. */
  readonly isRegular?: boolean;
  /** Names the clock that made the stamps: streams that name the same share it. */
  readonly clock: string;
  /** Whether the name was guessed: the stream shares that clock only if its arrivals say the same. */
  readonly isGuessed?: boolean;
  /** Offsets of the clock are measured ({@link StreamClock.measure}). */
  readonly isProbed?: boolean;
  /** Whether its samples may give the session its zero; markers don't. Default true. */
  readonly givesZero?: boolean;
  /** Silence after which an irregular stream is stale, s. */
  readonly irregularLimit_s?: Seconds;
}

/** Samples that came together. */
export interface ArrivedSamples<C> {
  /** [n] stamps by the sender's clock, s. */
  readonly stamps: ArrayLike<number>;
  /** When they came, on our clock, s. */
  readonly arrival: Seconds;
  /** What the samples hold; given back with their session stamps. Plain data, where the clock's state is to be stored. */
  readonly content: C;
  /** The sender or the transport says that samples before these are lost. */
  readonly gapBefore?: boolean;
  /** We were late to look: the arrival says nothing about the sender. */
  readonly behind?: boolean;
  /** The rate, Hz, by which stamps after the first were deduced; left out: the sender told each. */
  readonly deduced_hz?: number;
}

/** Samples `from` to `to` (exclusive) of what came together, with session stamps. */
export interface PlacedSamples<C> {
  readonly kind: 'samples';
  readonly content: C;
  readonly from: number;
  readonly to: number;
  /** [to - from] session stamps, s, not decreasing, on a grid of 1 us. */
  readonly times: Float64Array;
  /** Indices into `times` before which samples are missing. */
  readonly gaps: readonly number[];
  /** Indices into `times` of stamps that are predicted, as the sender's are off: no watermark follows them. */
  readonly predicted: readonly number[];
  readonly arrival: Seconds;
  /** Rate in use, Hz; 0 = irregular, or not measured yet. */
  readonly rate_hz: number;
  /** Whether the rate is so far from what was declared that the samples can't be used, or it isn't known when they were taken. */
  readonly isMasked: boolean;
}

/** The sample behind which a stream goes on: its stamps by its sender and in the session, s, and the rate in use there, Hz. */
export interface LastSample {
  readonly raw: Seconds;
  readonly last: Seconds;
  readonly rate_hz: number;
}

/** Something that the clock found out. */
export interface ClockEvent {
  readonly kind: 'event';
  readonly code: 'stamp-outlier' | 'clock-reset' | 'stamps-ignored' | 'rate-differs' | 'backlog-masked';
  readonly arrival: Seconds;
  /** Session stamp of the sample that showed it. */
  readonly time: Seconds;
  readonly details: Readonly<Record<string, number | string | null>>;
}

export type ClockOutput<C> = PlacedSamples<C> | ClockEvent;

/** How a stream's stamps get onto the session's clock. */
export type Placement = 'shared' | 'measured' | 'arrival';

interface Break {
  /** When it began, and when it was last unsteady. */
  began: Seconds;
  since: Seconds;
  /** Samples since then, and their least (arrival - stamp). */
  samples: number;
  least_s: Seconds;
  /** What the stamp would be, had the clock not broken. */
  expected: Seconds;
}

/** Stamps that are no use: samples are counted, or stamped by arrival. */
interface Counting {
  /** The count, as a time on our clock. */
  count_s: Seconds;
  /** Since when stamps have been steady again. */
  since: Seconds;
  first: Seconds;
  samples: number;
  least_s: Seconds;
}

/** The machine slept. */
interface Sleep {
  span_s: Seconds;
  /** How late samples came before. */
  readonly late_s: Seconds;
  /** Whether the sender's clock has been measured since; null where it wasn't before, which tells nothing. */
  isMeasured: boolean | null;
}

interface Held<C> {
  readonly stamps: Float64Array;
  readonly arrival: Seconds;
  readonly content: C;
  readonly gapBefore: boolean;
  readonly behind: boolean;
  readonly deduced_hz: number | null;
}

export type StreamClockState<C> = {
  readonly pattern: StepPatternState;
  readonly rate: RateMeterState;
  readonly stale: StaleLimitState;
  readonly offset: ArrivalOffsetState;
  readonly probes: ClockOffsetEstimatorState;
  readonly nextProbes: ClockOffsetEstimatorState | null;
  readonly placement: Placement | null;
  readonly gaveZero: boolean;
  readonly held: readonly Held<C>[];
  readonly drain: DrainState | null;
  readonly isDrainMasked: boolean;
  readonly broken: Readonly<Break> | null;
  readonly counting: Readonly<Counting> | null;
  readonly sleep: Readonly<Sleep> | null;
  readonly lastRaw: Seconds | null;
  readonly lastArrival: Seconds;
  readonly last: Seconds;
  readonly still: readonly [samples: number, since: Seconds];
  readonly deduced_hz: number | null;
  readonly outliers: readonly [untold: number, toldAt: Seconds];
};

/**
 * The clock of one stream: brings its stamps onto the session's clock, sample by sample and causally, and finds breaks, gaps,
 * and its rate. What it gives depends on stamps and arrivals alone, not on how samples are cut into messages.
 *
 * The rules stand in docs/explanation/clocks.md.
 */
export class StreamClock<C> implements Stateful<StreamClockState<C>> {
  readonly #options: StreamClockOptions;
  readonly #isRegular: boolean;
  readonly #pattern = new StepPattern();
  readonly #rate: RateMeter;
  readonly #stale: StaleLimit;
  readonly #offset = new ArrivalOffset();
  #probes = new ClockOffsetEstimator();
  /** Probes that say that the sender's clock is another one, which its stamps have to confirm. */
  #nextProbes: ClockOffsetEstimator | null = null;
  #placement: Placement | null = null;
  #gaveZero = false;
  #held: Held<C>[] = [];
  #heldSamples = 0;
  /** The backlog that a stream placed by arrivals may have begun with. */
  #drain: Drain | null = null;
  /** Whether its samples are told, though they can't be placed. */
  #isDrainMasked = false;
  #broken: Break | null = null;
  #counting: Counting | null = null;
  #sleep: Sleep | null = null;
  #lastRaw: Seconds | null = null;
  #lastArrival: Seconds = Number.NEGATIVE_INFINITY;
  #last: Seconds = Number.NEGATIVE_INFINITY;
  #still: [samples: number, since: Seconds] = [0, 0];
  /** The rate by which the newest stamps were deduced, Hz; null: they weren't. */
  #deduced_hz: number | null = null;
  #outliers: [untold: number, toldAt: Seconds] = [0, Number.NEGATIVE_INFINITY];

  constructor(options: StreamClockOptions) {
    this.#options = options;
    this.#isRegular = options.isRegular ?? options.sfreq > 0;
    this.#rate = new RateMeter(options.sfreq);
    this.#stale = new StaleLimit(options.sfreq, options.irregularLimit_s);
  }

  /** How stamps get onto the session's clock; null while the stream waits for that. */
  get placement(): Placement | null {
    return this.#placement;
  }

  /** Whether samples wait until it is known where they lie. */
  get isWaiting(): boolean {
    return this.#held.length > 0;
  }

  /** Whether they wait because the machine slept. */
  get isAwaking(): boolean {
    return this.isWaiting && this.#sleep !== null;
  }

  /** Rate in use, Hz: stamps that a door deduces follow it. 0 = irregular, or not measured yet. */
  get rate_hz(): number {
    return this.#rate.used_hz ?? 0;
  }

  /** Newest session stamp; -Infinity before. */
  get last(): Seconds {
    return this.#last;
  }

  /** Whether nothing has come for longer than {@link staleLimitAt}. */
  isStale(now: Seconds): boolean {
    return this.#stale.isStale(now);
  }

  /** Silence after which the stream is stale, s. */
  staleLimitAt(now: Seconds): Seconds {
    return this.#stale.limitAt(now);
  }

  /** A ping to the sender was answered after `trip_s`. */
  roundTrip(at: Seconds, trip_s: Seconds): void {
    this.#offset.roundTrip(at, trip_s);
  }

  /**
   * The sender's clock was measured: at `time` on it, ours is it and `offset`, give or take `uncertainty` s. An offset below that
   * is none. Arrivals count `slept_s` that the clock by which it was measured doesn't.
   */
  measure(
    { time, offset, uncertainty }: ClockOffset & { readonly uncertainty: Seconds },
    slept_s: Seconds = 0,
  ): void {
    const measured = { time, offset: slept_s + (Math.abs(offset) <= uncertainty ? 0 : offset) };
    if (this.#sleep?.isMeasured === false) this.#sleep.isMeasured = true;
    const isOther =
      this.#probes.started && !(Math.abs(measured.offset - this.#probes.at(time)) <= CLOCK_RESET_THRESHOLD_S);
    if (!isOther) {
      this.#probes.update(measured);
      this.#nextProbes = null;
    } else {
      this.#nextProbes ??= new ClockOffsetEstimator();
      this.#nextProbes.update(measured);
    }
    const isOurs = this.#placement === 'shared' && this.#options.session.clock === this.#options.clock;
    if (isOurs && !isOther && !this.#sleep) this.#options.session.measure(this.#probes.at(time));
  }

  /** The machine slept for `span_s`, which arrivals count: what comes waits until it is known whether the sender's clock did, too. */
  slept(span_s: Seconds): void {
    if (this.#placement === null || this.#counting) return;
    const late_s = this.#sleep?.late_s ?? this.#options.session.at(this.#lastArrival) - this.#last;
    const isMeasured = this.#probes.started ? false : null;
    this.#sleep = { span_s: (this.#sleep?.span_s ?? 0) + span_s, late_s, isMeasured };
  }

  /** Takes samples that came together; they are given at once, or once it is known how to place them. */
  take(arrived: ArrivedSamples<C>): ClockOutput<C>[] {
    const { content, gapBefore = false, behind = false, deduced_hz = null } = arrived;
    const arrival = Math.max(
      arrived.arrival,
      this.#lastArrival,
      this.#held.at(-1)?.arrival ?? arrived.arrival,
    );
    // Of a typed array `slice` is a plain copy, `from` goes through its iterator.
    const stamps =
      arrived.stamps instanceof Float64Array ? arrived.stamps.slice() : Float64Array.from(arrived.stamps);
    const held = { stamps, arrival, content, gapBefore, behind, deduced_hz };
    this.#stale.came(arrival, behind);
    const outputs: ClockOutput<C>[] = [];
    if (this.#placement === null) {
      this.#place(arrival, outputs);
      if (this.#placement === null) {
        this.#hold(held);
        if (this.#drain) for (const raw of stamps) this.#drain.came(arrival, raw);
        this.#place(arrival, outputs);
        return outputs;
      }
    }
    if (this.#sleep) {
      this.#hold(held);
      this.#awake(arrival, outputs);
    } else this.#process(held, outputs);
    return outputs;
  }

  /** Our clock has come to `now`: what waited long enough is given. */
  advance(now: Seconds): ClockOutput<C>[] {
    const outputs: ClockOutput<C>[] = [];
    if (this.#placement === null) this.#place(now, outputs);
    else this.#awake(now, outputs);
    return outputs;
  }

  /** The stream ends: what still waits is placed by what is known. */
  close(): ClockOutput<C>[] {
    return this.advance(Number.POSITIVE_INFINITY);
  }

  /**
   * Goes on where another daemon was with the stream: behind a sample whose sender stamped it `raw`, whose session stamp was `last`, and
   * before which it came at `rate_hz`. What comes is placed as that was.
   */
  goOn({ raw, last, rate_hz }: LastSample): void {
    const { session, clock } = this.#options;
    const arrival = session.ours(last);
    this.#placement = session.clock === clock && onGrid(raw) === last ? 'shared' : 'arrival';
    if (this.#placement === 'arrival') this.#offset.begin(arrival, arrival - raw);
    if (rate_hz > 0) this.#rate.restore({ ...this.#rate.snapshot(), used_hz: rate_hz });
    this.#stale.came(arrival);
    this.#lastRaw = raw;
    this.#lastArrival = arrival;
    this.#last = last;
  }

  snapshot(): StreamClockState<C> {
    return {
      pattern: this.#pattern.snapshot(),
      rate: this.#rate.snapshot(),
      stale: this.#stale.snapshot(),
      offset: this.#offset.snapshot(),
      probes: this.#probes.snapshot(),
      nextProbes: this.#nextProbes?.snapshot() ?? null,
      placement: this.#placement,
      gaveZero: this.#gaveZero,
      held: [...this.#held],
      drain: this.#drain?.snapshot() ?? null,
      isDrainMasked: this.#isDrainMasked,
      broken: this.#broken && { ...this.#broken },
      counting: this.#counting && { ...this.#counting },
      sleep: this.#sleep && { ...this.#sleep },
      lastRaw: this.#lastRaw,
      lastArrival: this.#lastArrival,
      last: this.#last,
      still: [...this.#still],
      deduced_hz: this.#deduced_hz,
      outliers: [...this.#outliers],
    };
  }

  restore(state: StreamClockState<C>): void {
    this.#pattern.restore(state.pattern);
    this.#rate.restore(state.rate);
    this.#stale.restore(state.stale);
    this.#offset.restore(state.offset);
    this.#probes.restore(state.probes);
    this.#nextProbes = null;
    if (state.nextProbes) {
      this.#nextProbes = new ClockOffsetEstimator();
      this.#nextProbes.restore(state.nextProbes);
    }
    this.#placement = state.placement;
    this.#gaveZero = state.gaveZero;
    this.#held = [];
    this.#heldSamples = 0;
    for (const held of state.held) this.#hold(held);
    this.#drain = state.drain && new Drain(state.drain);
    this.#isDrainMasked = state.isDrainMasked;
    this.#broken = state.broken && { ...state.broken };
    this.#counting = state.counting && { ...state.counting };
    this.#sleep = state.sleep && { ...state.sleep };
    this.#lastRaw = state.lastRaw;
    this.#lastArrival = state.lastArrival;
    this.#last = state.last;
    this.#still = [...state.still];
    this.#deduced_hz = state.deduced_hz;
    this.#outliers = [...state.outliers];
  }

  /** Time that one sample takes, s; 0 where that isn't known. */
  get #period_s(): Seconds {
    return this.#rate.period_s ?? (this.#pattern.isKnown ? this.#pattern.longest_s : 0);
  }

  /** Decides how the stream is placed, if that can be known at `now`, and gives what waited. */
  #place(now: Seconds, outputs: ClockOutput<C>[]): void {
    if (this.#held.length === 0) return;
    const { session, clock, isGuessed = false, isProbed = false, givesZero = true } = this.#options;
    const waited_s = now - this.#held[0].arrival;
    const anchor = this.#anchor();
    if (session.clock === null) {
      const isEnough = (givesZero && waited_s > HELD_S) || this.#isFull || now === Number.POSITIVE_INFINITY;
      if (givesZero && anchor) {
        session.begin(clock, onGrid(anchor.raw));
        this.#gaveZero = true;
      } else if (isEnough) session.begin(ARRIVAL_CLOCK, onGrid(this.#held[0].arrival));
      else return;
    }
    const isSame = session.clock === clock;
    this.#drain ??= anchor && this.#drainFrom(anchor);
    const isDrained = this.#drain?.isOver(now) === false && waited_s <= DRAINED_WITHIN_S;
    const least_s = this.#drain?.least_s ?? this.#leastHeld();
    if (isSame && (this.#gaveZero || !isGuessed)) this.#placement = 'shared';
    else if (isProbed && this.#probes.started) this.#placement = 'measured';
    else if ((waited_s > (isProbed ? PROBED_WITHIN_S : HELD_S) && !isDrained) || this.#isFull) {
      const isNear = Math.abs(session.at(least_s)) <= SAME_CLOCK_S;
      this.#placement = isSame && isNear ? 'shared' : 'arrival';
    } else return;
    // One that ends says nothing of what it would have sent.
    const until = Number.isFinite(now) ? now : this.#held[this.#held.length - 1].arrival;
    const isOver = this.#drain?.isOver(until) ?? true;
    if (this.#placement !== 'arrival' || isOver) this.#drain = null;
    this.#begin(anchor, least_s, outputs);
    this.#maskDrain(this.#held[0].arrival, outputs);
    this.#release(outputs);
  }

  get #isFull(): boolean {
    return this.#heldSamples > MAX_HELD_SAMPLES;
  }

  #hold(held: Held<C>): void {
    this.#held.push(held);
    this.#heldSamples += held.stamps.length;
  }

  #release(outputs: ClockOutput<C>[]): void {
    const held = this.#held;
    this.#held = [];
    this.#heldSamples = 0;
    for (const samples of held) this.#process(samples, outputs);
  }

  /** Gives what waited since the machine slept, if it can be known at `now` whether the sender's clock stood still meanwhile. */
  #awake(now: Seconds, outputs: ClockOutput<C>[]): void {
    if (!this.#sleep || !this.isWaiting) return;
    const { span_s, late_s, isMeasured } = this.#sleep;
    const same_s = Math.min(SAME_LATENESS_S, span_s / 2);
    const later_s = this.#leastLateness() - late_s;
    const isOver = now - this.#held[0].arrival > AWAKE_WITHIN_S || this.#isFull;
    const isProbed = this.#placement !== 'arrival' && isMeasured !== null;
    if (!isOver && !(isProbed ? isMeasured : later_s <= same_s)) return;
    this.#sleep = null;
    const wasShared = this.#placement === 'shared';
    if (isProbed && isMeasured) this.#adoptProbes(outputs);
    else if (Math.abs(later_s - span_s) <= same_s)
      this.#reset(this.#held[0].arrival, this.#leastHeld(), outputs);
    if (wasShared && this.#placement !== 'shared') this.#options.session.leave();
    this.#release(outputs);
  }

  /** The least that samples which wait came after their session stamps, s. */
  #leastLateness(): Seconds {
    let least_s = Number.POSITIVE_INFINITY;
    for (const { stamps, arrival } of this.#held)
      for (const raw of stamps)
        if (isPlausible(raw))
          least_s = Math.min(least_s, this.#options.session.at(arrival) - this.#mapped(raw));
    return least_s;
  }

  /** If probes told of another clock that samples which wait are on, it places them. */
  #adoptProbes(outputs: ClockOutput<C>[]): void {
    for (const { stamps, arrival } of this.#held)
      for (const raw of stamps)
        if (isPlausible(raw) && this.#isExplained(raw, arrival, outputs)) {
          this.#broken = null;
          return;
        }
  }

  #begin(anchor: Anchor | null, least_s: Seconds, outputs: ClockOutput<C>[]): void {
    const [{ arrival }] = this.#held;
    if (this.#placement === 'arrival') this.#offset.begin(arrival, least_s);
    if (this.#placement === 'shared' && this.#probes.started)
      this.#options.session.measure(this.#probes.at(this.#held[0].stamps[0]));
    if (this.#placement === 'shared' && anchor) this.#options.session.observe(arrival, arrival - least_s);
    if (!anchor) this.#ignoreUseless(arrival, outputs);
    if (!anchor || anchor.index === 0) return;
    // What lies before the first stamps that agree is judged by them.
    const before_s = this.#isRegular ? (anchor.index + 1) * this.#period_s : anchor.arrival - arrival;
    this.#lastRaw = anchor.raw - before_s;
    this.#lastArrival = arrival;
    const last = this.#mapped(this.#lastRaw);
    this.#last = this.#isRegular ? onGrid(last) : Number.NEGATIVE_INFINITY;
  }

  /** The first of samples that wait that agrees with the two after it. */
  #anchor(): Anchor | null {
    let before: Anchor | null = null;
    let first: Anchor | null = null;
    let agreeing = 0;
    let index = 0;
    for (const { stamps, arrival } of this.#held)
      for (const raw of stamps) {
        const isAgreeing =
          before !== null && this.#agree(raw - before.raw, arrival - before.arrival) && isPlausible(raw);
        before = { index: index++, raw, arrival };
        if (!isAgreeing) {
          first = before;
          agreeing = 1;
        } else if (++agreeing === AGREEING && raw > first!.raw) return first;
      }
    return null;
  }

  #agree(step_s: Seconds, arrivalStep_s: Seconds): boolean {
    if (!this.#isRegular) return step_s >= 0 && Math.abs(step_s - arrivalStep_s) <= IRREGULAR_STEADY_S;
    const { period_s } = this.#rate;
    return period_s === null
      ? step_s >= 0 && step_s <= BREAK_S
      : Math.abs(step_s - period_s) <= this.#steady_s(period_s);
  }

  /** Where none agree: stamps that don't move, and those of which many tell different times, say nothing. */
  #ignoreUseless(arrival: Seconds, outputs: ClockOutput<C>[]): void {
    const samples = this.#held.reduce((sum, { stamps }) => sum + stamps.length, 0);
    if (this.#isStill()) this.#ignoreStamps(arrival, "they don't move", outputs);
    else if (this.#isRegular && samples >= DISAGREEING)
      this.#ignoreStamps(arrival, "they don't go on steadily", outputs);
  }

  /** Whether none of at least three stamps that wait, or of those of half a second, moves. */
  #isStill(): boolean {
    let samples = 0;
    const [first] = this.#held[0].stamps;
    for (const { stamps } of this.#held)
      for (const raw of stamps) {
        if (raw !== first) return false;
        samples++;
      }
    return samples >= STILL_SAMPLES;
  }

  /** The least (arrival - stamp) of samples that wait. */
  #leastHeld(): Seconds {
    let least_s = Number.POSITIVE_INFINITY;
    for (const { stamps, arrival } of this.#held)
      for (const raw of stamps) if (isPlausible(raw)) least_s = Math.min(least_s, arrival - raw);
    return Number.isFinite(least_s) ? least_s : 0;
  }

  /** How late those samples come that wait from `anchor` on. */
  #drainFrom(anchor: Anchor): Drain {
    const drain = Drain.from(anchor.arrival, anchor.raw);
    let index = 0;
    for (const { stamps, arrival } of this.#held)
      for (const raw of stamps) if (index++ > anchor.index) drain.came(arrival, raw);
    return drain;
  }

  /**
   * Follows a backlog of which too much came for samples to wait, or that a stream turns out to have begun with. What is told of it
   * meanwhile is masked, as nothing tells when it was measured.
   */
  #watchDrain(
    raw: Seconds,
    arrival: Seconds,
    pause_s: Seconds,
    fallen_s: Seconds,
    outputs: ClockOutput<C>[],
  ): void {
    if (this.#drain?.isOver(arrival) && !(this.#isDrainMasked && this.#mapped(raw) < this.#last))
      this.#endDrain();
    if (this.#drain) this.#drain.came(arrival, raw);
    else if (fallen_s > 0) this.#drain = Drain.from(arrival, raw, fallen_s, pause_s);
    this.#maskDrain(arrival, outputs);
  }

  #maskDrain(arrival: Seconds, outputs: ClockOutput<C>[]): void {
    const fallen_s = this.#drain?.fallen_s ?? 0;
    if (this.#isDrainMasked || fallen_s <= PLACED_LATE_S) return;
    this.#isDrainMasked = true;
    const time = Number.isFinite(this.#last) ? this.#last : onGrid(this.#options.session.at(arrival));
    const details = { fallen_s };
    outputs.push({ kind: 'event', code: 'backlog-masked', arrival, time, details });
  }

  #endDrain(): void {
    this.#drain = null;
    this.#isDrainMasked = false;
  }

  #process(
    { stamps, arrival, content, gapBefore, behind, deduced_hz }: Held<C>,
    outputs: ClockOutput<C>[],
  ): void {
    this.#deduce(deduced_hz);
    const times = new Float64Array(stamps.length);
    let gaps: number[] = [];
    let predicted: number[] = [];
    let from = 0;
    const piece = (to: number, rate_hz: number, isUnusable: boolean, isDrainMasked: boolean): void => {
      if (to === from) return;
      const isMasked = isUnusable || isDrainMasked;
      const placed = { times: times.slice(from, to), gaps, predicted, arrival, rate_hz, isMasked };
      outputs.push({ kind: 'samples', content, from, to, ...placed });
      [from, gaps, predicted] = [to, [], []];
    };
    for (let i = 0; i < stamps.length; i++) {
      const isToldGap = gapBefore && i === 0;
      const [rate_hz, isUnusable, wasDrainMasked] = [
        this.rate_hz,
        this.#rate.isUnusable,
        this.#isDrainMasked,
      ];
      const sample = this.#next(stamps[i], arrival, behind, outputs);
      if (wasDrainMasked !== this.#isDrainMasked) piece(i, rate_hz, isUnusable, wasDrainMasked);
      times[i] = sample.time;
      if (sample.isGap || isToldGap) gaps.push(i - from);
      if (sample.isPredicted) predicted.push(i - from);
      if (!sample.rateChange) continue;
      piece(i + 1, rate_hz, isUnusable, this.#isDrainMasked);
      outputs.push(sample.rateChange);
    }
    piece(stamps.length, this.rate_hz, this.#rate.isUnusable, this.#isDrainMasked);
  }

  /** Steps that were deduced by another rate tell nothing of those to come, which would be taken for samples that come twice or are missing. */
  #deduce(deduced_hz: number | null): void {
    if (deduced_hz !== null && this.#deduced_hz !== null && deduced_hz !== this.#deduced_hz) {
      this.#pattern.restore(new StepPattern().snapshot());
      this.#rate.beginAnew();
    }
    this.#deduced_hz = deduced_hz;
  }

  #next(stamp: Seconds, arrival: Seconds, behind: boolean, outputs: ClockOutput<C>[]): NextSample {
    const raw = isPlausible(stamp) ? stamp : Number.NaN;
    const before = this.#lastRaw;
    const step_s = before === null ? 0 : raw - before;
    const arrivalStep_s = before === null ? 0 : arrival - this.#lastArrival;
    this.#lastRaw = raw;
    this.#lastArrival = arrival;
    if (!behind) this.#watchStill(step_s, arrival, before === null, outputs);
    if (this.#counting)
      return this.#count(this.#counting, raw, step_s, arrivalStep_s, arrival, behind, outputs);

    const expected_s = this.#isRegular ? this.#period_s : arrivalStep_s;
    const off_s = step_s - expected_s;
    const isSteady = Math.abs(off_s) <= this.#steady_s(expected_s);
    let isJump = false;
    if (!this.#broken) {
      const ahead_s = this.#mapped(raw) - this.#options.session.at(arrival);
      const isBack = this.#isRegular ? !(step_s >= -BREAK_S) : !(step_s >= 0 || off_s >= -BREAK_S);
      const most_s = off_s > BREAK_S ? LEAPT_AHEAD_S : BREAK_S;
      if (isBack || !(ahead_s <= most_s)) {
        // Without a step of its own the clock itself runs ahead.
        const isCreeping = before === null ? Number.isFinite(ahead_s) : isSteady;
        const expected = isCreeping ? raw - ahead_s : (before ?? arrival) + expected_s;
        this.#broken = {
          ...{ began: arrival, since: arrival, samples: 0, least_s: Number.POSITIVE_INFINITY },
          expected,
        };
        this.#tellOutlier(isCreeping ? ahead_s : off_s, arrival, outputs);
        isJump = true;
      }
    } else if (isSteady) this.#broken.expected += step_s;
    else {
      this.#broken.expected += expected_s;
      this.#broken.since = arrival;
      this.#broken.samples = 0;
      this.#broken.least_s = Number.POSITIVE_INFINITY;
      isJump = true;
    }

    let isPredicted = this.#broken !== null;
    if (this.#broken) {
      const wasJump = isJump;
      if (this.#isExplained(raw, arrival, outputs) || this.#isUndone(this.#broken, raw, expected_s)) {
        this.#broken = null;
        isPredicted = false;
        isJump = true;
      }
      if (this.#broken) {
        const time = this.#stamped(this.#predict(step_s, wasJump, arrival));
        const change = wasJump || !this.#isRegular ? null : this.#measureRate(step_s, arrival, behind);
        this.#endBreak(this.#broken, raw, arrival, behind, outputs);
        return { time, isGap: false, isPredicted, rateChange: change };
      }
    }
    if (!behind) {
      if (this.#placement === 'arrival')
        this.#watchDrain(raw, arrival, arrivalStep_s, this.#offset.observe(arrival, raw), outputs);
      else if (this.#placement === 'shared') this.#options.session.observe(arrival, raw);
    }
    const last = this.#last;
    const time = this.#stamped(this.#mapped(raw));
    const counts = this.#isRegular && before !== null && !isJump;
    const isGap =
      (counts && this.#pattern.isGap(step_s, this.#rate.period_s)) ||
      this.#isLeap(time - last, step_s, expected_s);
    const change = counts ? this.#measureRate(step_s, arrival, behind) : null;
    return { time, isGap, isPredicted, rateChange: change };
  }

  #measureRate(step_s: Seconds, arrival: Seconds, behind: boolean): ClockEvent | null {
    const isDue = this.#pattern.push(step_s, this.#rate.period_s);
    const change = isDue && !behind ? this.#rate.look(this.#pattern) : null;
    if (!change) return null;
    const { measured_hz, used_hz } = change;
    const details = { measured_hz, used_hz, declared_hz: this.#options.sfreq };
    return { kind: 'event', code: 'rate-differs', arrival, time: this.#last, details };
  }

  /** Whether the session's stamps leap ahead where the sender's don't: another clock goes on much later than the one before ended. */
  #isLeap(sessionStep_s: Seconds, step_s: Seconds, expected_s: Seconds): boolean {
    const steady_s = this.#steady_s(expected_s);
    return (
      this.#isRegular &&
      Number.isFinite(sessionStep_s) &&
      sessionStep_s - expected_s > steady_s &&
      sessionStep_s - step_s > steady_s
    );
  }

  /** The raw stamp on the session's clock. */
  #mapped(raw: Seconds): Seconds {
    const { session } = this.#options;
    switch (this.#placement) {
      case 'measured':
        return session.at(raw + this.#probes.at(raw));
      case 'arrival':
        return session.at(raw + (this.#offset.offset_s ?? 0));
      default:
        return raw;
    }
  }

  /** Onto the grid, and never backwards. */
  #stamped(time: Seconds): Seconds {
    const placed = onGrid(time);
    this.#last = placed >= this.#last ? placed : onGrid(this.#last + STEP_S);
    return this.#last;
  }

  #predict(step_s: Seconds, isJump: boolean, arrival: Seconds): Seconds {
    if (!this.#isRegular || this.#last === Number.NEGATIVE_INFINITY) return this.#options.session.at(arrival);
    return this.#last + (isJump ? this.#period_s : step_s);
  }

  #steady_s(expected_s: Seconds): Seconds {
    return this.#isRegular ? Math.max(STEADY_S, STEADY_PERIODS * expected_s) : IRREGULAR_STEADY_S;
  }

  #isUndone({ expected }: Break, raw: Seconds, expected_s: Seconds): boolean {
    return Math.abs(raw - expected) <= this.#steady_s(expected_s);
  }

  /** Whether probes told of another clock, and this stamp is on it. */
  #isExplained(raw: Seconds, arrival: Seconds, outputs: ClockOutput<C>[]): boolean {
    if (this.#placement === 'arrival' || !this.#nextProbes || !Number.isFinite(raw)) return false;
    const time = this.#options.session.at(raw + this.#nextProbes.at(raw));
    const ahead_s = time - this.#options.session.at(arrival);
    if (!(ahead_s <= BREAK_S && time >= this.#last - BREAK_S)) return false;
    this.#probes = this.#nextProbes;
    this.#nextProbes = null;
    this.#endDrain();
    this.#placement = 'measured';
    const details = { how: 'measured', offset_s: this.#probes.at(raw) };
    outputs.push({ kind: 'event', code: 'clock-reset', arrival, time: onGrid(time), details });
    return true;
  }

  #endBreak(broken: Break, raw: Seconds, arrival: Seconds, behind: boolean, outputs: ClockOutput<C>[]): void {
    if (behind) {
      broken.began = arrival;
      broken.since = arrival;
      broken.samples = 0;
      broken.least_s = Number.POSITIVE_INFINITY;
      return;
    }
    broken.samples++;
    if (Number.isFinite(raw)) broken.least_s = Math.min(broken.least_s, arrival - raw);
    if (broken.samples >= RESET_AFTER_SAMPLES && arrival - broken.since >= RESET_AFTER_S)
      this.#reset(arrival, broken.least_s, outputs);
    else if (arrival - broken.began >= UNSTEADY_S && arrival - broken.since < RESET_AFTER_S)
      this.#ignoreStamps(arrival, "they don't go on steadily", outputs);
  }

  /** The sender's clock is another one, which is placed by its arrivals. */
  #reset(arrival: Seconds, least_s: Seconds, outputs: ClockOutput<C>[]): void {
    this.#broken = null;
    this.#counting = null;
    this.#endDrain();
    this.#placement = 'arrival';
    this.#offset.begin(arrival, least_s);
    const details = { how: 'arrival', offset_s: least_s };
    outputs.push({ kind: 'event', code: 'clock-reset', arrival, time: this.#last, details });
  }

  #ignoreStamps(arrival: Seconds, reason: string, outputs: ClockOutput<C>[]): void {
    this.#broken = null;
    this.#endDrain();
    this.#placement = 'arrival';
    this.#offset.begin(arrival, 0);
    this.#counting = {
      ...{ count_s: arrival - this.#period_s, since: arrival, first: Number.NaN, samples: 0 },
      least_s: Number.POSITIVE_INFINITY,
    };
    const time = Math.max(this.#last, onGrid(this.#options.session.at(arrival)));
    outputs.push({ kind: 'event', code: 'stamps-ignored', arrival, time, details: { reason } });
  }

  #watchStill(step_s: Seconds, arrival: Seconds, isFirst: boolean, outputs: ClockOutput<C>[]): void {
    if (isFirst || step_s !== 0) {
      this.#still[0] = 1;
      this.#still[1] = arrival;
      return;
    }
    this.#still[0]++;
    const [samples, since] = this.#still;
    const isStill = this.#isRegular
      ? samples >= STILL_SAMPLES && arrival - since >= STILL_S
      : arrival - since >= IRREGULAR_STILL_S;
    if (isStill && !this.#counting) this.#ignoreStamps(arrival, "they don't move", outputs);
  }

  #count(
    counting: Counting,
    raw: Seconds,
    step_s: Seconds,
    arrivalStep_s: Seconds,
    arrival: Seconds,
    behind: boolean,
    outputs: ClockOutput<C>[],
  ): NextSample {
    const { session } = this.#options;
    let isGap = false;
    let time: Seconds;
    if (this.#isRegular) {
      counting.count_s += this.#period_s;
      const behind_s = arrival - counting.count_s - (this.#offset.offset_s ?? 0);
      if (this.#period_s === 0 || behind_s > COUNTED_BEHIND_S) {
        counting.count_s += behind_s;
        isGap = this.#period_s > 0;
      }
      if (!behind) this.#offset.observe(arrival, counting.count_s);
      time = this.#stamped(session.at(counting.count_s + (this.#offset.offset_s ?? 0)));
    } else time = this.#stamped(session.at(arrival));
    if (!behind) this.#watchReturn(counting, raw, step_s, arrivalStep_s, arrival, outputs);
    return { time, isGap, isPredicted: false, rateChange: null };
  }

  /** Stamps that keep up with their arrivals are of use again. */
  #watchReturn(
    counting: Counting,
    raw: Seconds,
    step_s: Seconds,
    arrivalStep_s: Seconds,
    arrival: Seconds,
    outputs: ClockOutput<C>[],
  ): void {
    const expected_s = this.#isRegular ? this.#period_s : arrivalStep_s;
    if (step_s === 0 || !(Math.abs(step_s - expected_s) <= this.#steady_s(expected_s))) {
      counting.since = arrival;
      counting.first = raw;
      counting.samples = 0;
      counting.least_s = Number.POSITIVE_INFINITY;
      return;
    }
    counting.samples++;
    counting.least_s = Math.min(counting.least_s, arrival - raw);
    const took_s = arrival - counting.since;
    if (counting.samples < RESET_AFTER_SAMPLES || took_s < UNSTEADY_S) return;
    if (Math.abs(raw - counting.first - took_s) <= COUNTED_BEHIND_S)
      this.#reset(arrival, counting.least_s, outputs);
  }

  #tellOutlier(off_s: Seconds, arrival: Seconds, outputs: ClockOutput<C>[]): void {
    this.#outliers[0]++;
    if (arrival - this.#outliers[1] < OUTLIERS_TOLD_EVERY_S) return;
    const details = { off_s: Number.isFinite(off_s) ? off_s : null, count: this.#outliers[0] };
    const time = Number.isFinite(this.#last) ? this.#last : onGrid(this.#options.session.at(arrival));
    outputs.push({ kind: 'event', code: 'stamp-outlier', arrival, time, details });
    this.#outliers = [0, arrival];
  }
}

interface Anchor {
  /** Samples that wait before it. */
  readonly index: number;
  readonly raw: Seconds;
  readonly arrival: Seconds;
}

interface NextSample {
  readonly time: Seconds;
  readonly isGap: boolean;
  readonly isPredicted: boolean;
  /** The rate is another one from the next sample on. */
  readonly rateChange: ClockEvent | null;
}

function isPlausible(stamp: Seconds): boolean {
  return Math.abs(stamp) <= LARGEST_STAMP_S;
}
