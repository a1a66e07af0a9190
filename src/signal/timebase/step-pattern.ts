import type { Seconds } from '../../core/clock.js';
import type { Stateful } from '../../core/state.js';
import { SlidingLeast, type SlidingLeastState } from './sliding-least.js';

/** What a stream's steps look like is told by those of the last 10 s. */
const HISTORY_S: Seconds = 10;
/** A longer step counts as this in the history, so that an outage doesn't empty it, s. */
const STEP_COUNTS_S: Seconds = 1;
/** Steps of the history, at most: above 1.6 kHz it is shorter than 10 s. */
export const MAX_STEPS = 16_384;
/** The pattern is looked at anew after so much time, and after this share of the history: work stays bounded. */
const ANEW_AFTER_S: Seconds = 0.5;
const ANEW_AFTER_SHARE = 1 / 64;
const YOUNG_ANEW_AFTER_SHARE = 1 / 4;
/** Fewer steps are no pattern. */
const FEWEST_STEPS = 10;

/** Steps further off the median than this share of it end a packet, if they come regularly. */
const OFF_MEDIAN = 0.01;
const FEWEST_ENDS = 10;
/** Distances between ends are alike where they lie within this share of their median, and half of them have to. */
const ALIKE = 0.25;
const ALIKE_SHARE = 0.5;

/**
 * Lateness is what comes back within so many packets' time; what doesn't is loss. Longer, and a rate that is a little too low would
 * make up for losses, which then hide each other for good; the rate of few packets is less sure.
 */
const COMES_BACK_IN_PACKETS = 12;
const UNSURE_COMES_BACK_IN_PACKETS = 4;
const UNSURE_S: Seconds = 5;
/** And within so many samples: work stays bounded. */
const MAX_BACK_STEPS = 2048;
/** At least so much of it: after a loss, too, one packet is later than the next. */
const COMES_BACK_SHARE = 0.75;
/** The rate in use counts where what the steps say differs by no more. */
const LIKE = 0.05;
/** The greatest lateness of so long is remembered, s. */
const LATENESS_OF_S: Seconds = 60;
const LATENESS_FACTOR = 1.25;
/** A stream's first seconds have shown little of its lateness: the margin is greater by (1 + this / age). */
const YOUNG_FACTOR_S: Seconds = 1;
const YOUNGEST_S: Seconds = 0.1;
const YOUNG_S: Seconds = 2;
const YOUNG_MARGIN_S: Seconds = 0.025;
const MARGIN_PERIODS = 0.5;

/** A rate is measured over at least so many packet ends. */
const FEWEST_MEASURED = 8;

/** A rate as measured, Hz, and its standard error, Hz. */
export interface MeasuredRate {
  readonly rate_hz: number;
  readonly error_hz: number;
}

export type StepPatternState = {
  readonly steps: Float64Array;
  readonly span_s: Seconds;
  readonly age_s: Seconds;
  readonly since_s: Seconds;
  readonly since: number;
  readonly late: SlidingLeastState;
  readonly median_s: Seconds;
  readonly end_s: Seconds;
  readonly isPacketed: boolean;
  readonly packet: number;
  readonly isKnown: boolean;
  readonly period_s: Seconds;
  readonly back_s: Seconds;
  readonly margin_s: Seconds;
  readonly unsettled: number;
};

/**
 * What the steps between a regular stream's stamps look like: single samples or packets, how late they come, and so which
 * step means that samples are missing. Steps are looked at one by one, whatever the messages that they came in.
 *
 * A gap is a step above max(b, c) + max(0.5 period, J): b is the median step of the last 10 s, c the median of the steps that end a
 * packet (b where there are no packets), and J = 1.25 (1 + 1 s / age) times the greatest lateness of the last 60 s, at least 25 ms in
 * a stream's first 2 s. Late is a step as far as the steps after it make up for it; lost samples never come back.
 */
export class StepPattern implements Stateful<StepPatternState> {
  /** The history lies between `#start` and `#start + #length`. */
  #steps = new Float64Array(64);
  #start = 0;
  #length = 0;
  #span_s: Seconds = 0;
  #age_s: Seconds = 0;
  #since_s: Seconds = 0;
  #since = 0;
  /** Negated lateness. */
  readonly #late = new SlidingLeast(LATENESS_OF_S);
  /** Median step. */
  #median_s: Seconds = 0;
  /** Median step at a packet's end; the median step where there are no packets. */
  #end_s: Seconds = 0;
  #isPacketed = false;
  /** Samples a packet. */
  #packet = 1;
  /** Whether enough steps were seen to know a pattern. */
  #isKnown = false;
  /** Time a sample takes by the steps alone, whatever rate was declared. */
  #period_s: Seconds = 0;
  /** The same, to measure lateness against. */
  #back_s: Seconds = 0;
  #margin_s: Seconds = 0;
  /** Newest steps that {@link settle} hasn't given yet. */
  #unsettled = 0;

  /** The step that samples of which none is missing take at most by design, s: that at a packet's end, or the median. */
  get longest_s(): Seconds {
    return Math.max(this.#median_s, this.#end_s);
  }

  /** Time that all steps so far took; of a long one a second counts. */
  get age_s(): Seconds {
    return this.#age_s;
  }

  /** The step at a packet's end, or the median, s. */
  get end_s(): Seconds {
    return this.#end_s;
  }

  get isPacketed(): boolean {
    return this.#isPacketed;
  }

  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Whether samples are missing where a step of `step_s` is seen. `period_s`: 1 / rate in use; null where it isn't known. */
  isGap(step_s: Seconds, period_s: Seconds | null): boolean {
    if (!(step_s > this.#mostUsual_s(period_s))) return false;
    if (!this.#isKnown) return true;
    // What came back since the last look tells of lateness that this step may show again.
    this.#findLateness(this.#history, this.#since);
    return step_s > this.#mostUsual_s(period_s);
  }

  /** Whether a sample that comes after a step of `step_s` is the first after a packet's end. */
  isEnd(step_s: Seconds): boolean {
    return !this.#isPacketed || Math.abs(step_s - this.#median_s) > OFF_MEDIAN * Math.abs(this.#median_s);
  }

  /** Takes a step. `period_s`: 1 / rate in use; null where it isn't known. True where the pattern was looked at anew. */
  push(step_s: Seconds, period_s: Seconds | null): boolean {
    const counts_s = Math.min(step_s, STEP_COUNTS_S);
    this.#append(step_s);
    this.#unsettled++;
    this.#span_s += counts_s;
    this.#age_s += Math.max(0, counts_s);
    this.#since_s += Math.abs(counts_s);
    this.#since++;
    let drop = 0;
    while (this.#span_s > HISTORY_S && this.#length - drop > FEWEST_STEPS)
      this.#span_s -= Math.min(this.#steps[this.#start + drop++], STEP_COUNTS_S);
    this.#drop(drop);
    const isYoung = this.#age_s < YOUNG_S;
    const isDue =
      isYoung || !this.#isKnown
        ? this.#since >= Math.max(2, this.#length * YOUNG_ANEW_AFTER_SHARE)
        : this.#since_s >= ANEW_AFTER_S && this.#since >= this.#length * ANEW_AFTER_SHARE;
    if (isDue && this.#length >= FEWEST_STEPS) this.#look(period_s);
    return isDue;
  }

  /**
   * Gives each step once, in order, as soon as it is clear whether it was late or samples are missing: the time that it took, s, and
   * whether a packet ended before it.
   */
  settle(period_s: Seconds | null, each: (takes_s: Seconds, isEnd: boolean) => void): void {
    const steps = this.#history;
    const to = this.#unsettledFrom(steps, 0);
    const [least_s, most_s] = [this.#leastUsual_s(period_s), this.#mostUsual_s(period_s)];
    for (let i = this.#length - Math.min(this.#unsettled, this.#length); i < to; i++)
      each(this.#takes(steps, i, least_s, most_s), this.isEnd(steps[i]));
    this.#unsettled = Math.min(this.#unsettled, this.#length - to);
  }

  /**
   * The rate over the newest `span_s`, s, from packet end to packet end, without what is odd: a line through the ends' stamps by
   * their number. Null where the history is too short.
   */
  rateOver(span_s: Seconds, period_s: Seconds | null): MeasuredRate | null {
    const steps = this.#history;
    const fit = new EndsFit();
    const [least_s, most_s] = [this.#leastUsual_s(period_s), this.#mostUsual_s(period_s)];
    let v = 0;
    let n = 0;
    for (let i = this.#length - 1; i >= 0 && v < span_s; i--) {
      if (this.isEnd(steps[i])) fit.add(n, v);
      v += this.#takes(steps, i, least_s, most_s);
      n++;
    }
    return v < span_s ? null : fit.rate();
  }

  snapshot(): StepPatternState {
    return {
      steps: this.#history.slice(),
      span_s: this.#span_s,
      age_s: this.#age_s,
      since_s: this.#since_s,
      since: this.#since,
      late: this.#late.snapshot(),
      median_s: this.#median_s,
      end_s: this.#end_s,
      isPacketed: this.#isPacketed,
      packet: this.#packet,
      isKnown: this.#isKnown,
      period_s: this.#period_s,
      back_s: this.#back_s,
      margin_s: this.#margin_s,
      unsettled: this.#unsettled,
    };
  }

  restore(state: StepPatternState): void {
    this.#steps = new Float64Array(Math.max(64, 2 * state.steps.length));
    this.#steps.set(state.steps);
    this.#start = 0;
    this.#length = state.steps.length;
    this.#span_s = state.span_s;
    this.#age_s = state.age_s;
    this.#since_s = state.since_s;
    this.#since = state.since;
    this.#late.restore(state.late);
    this.#median_s = state.median_s;
    this.#end_s = state.end_s;
    this.#isPacketed = state.isPacketed;
    this.#packet = state.packet;
    this.#isKnown = state.isKnown;
    this.#period_s = state.period_s;
    this.#back_s = state.back_s;
    this.#margin_s = state.margin_s;
    this.#unsettled = state.unsettled;
  }

  #longest(period_s: Seconds | null): Seconds {
    return this.#isKnown ? this.longest_s : (period_s ?? 0);
  }

  #margin(period_s: Seconds | null): Seconds {
    const young_s = this.#age_s < YOUNG_S ? YOUNG_MARGIN_S : 0;
    return Math.max(MARGIN_PERIODS * (period_s ?? this.#period_s), this.#margin_s, young_s);
  }

  get #history(): Float64Array {
    return this.#steps.subarray(this.#start, this.#start + this.#length);
  }

  #append(step_s: Seconds): void {
    if (this.#length === MAX_STEPS) {
      const oldest = this.#length >> 4;
      for (let i = 0; i < oldest; i++) this.#span_s -= Math.min(this.#steps[this.#start + i], STEP_COUNTS_S);
      this.#drop(oldest);
    }
    if (this.#start + this.#length === this.#steps.length) {
      const isHalfFree = this.#start >= this.#steps.length / 2;
      const steps = isHalfFree ? this.#steps : new Float64Array(2 * this.#steps.length);
      steps.set(this.#history);
      this.#steps = steps;
      this.#start = 0;
    }
    this.#steps[this.#start + this.#length++] = step_s;
  }

  #drop(count: number): void {
    this.#start += count;
    this.#length -= count;
  }

  #look(period_s: Seconds | null): void {
    let sinceLook = this.#since;
    this.#since_s = 0;
    this.#since = 0;
    this.#isKnown = true;
    const steps = this.#history;
    this.#median_s = medianOf(steps);
    const ends: number[] = [];
    for (let i = 0; i < steps.length; i++)
      if (Math.abs(steps[i] - this.#median_s) > OFF_MEDIAN * Math.abs(this.#median_s)) ends.push(i);
    const wasPacketed = this.#isPacketed;
    this.#findPackets(steps, ends);
    this.#back_s = this.#periodFor(period_s);
    if (this.#isPacketed !== wasPacketed) {
      // What was late by another pattern need not be by this one: losses that came regularly for a second look like packets.
      this.#late.clear();
      sinceLook = steps.length;
    }
    this.#findLateness(steps, sinceLook);
  }

  #findPackets(steps: Float64Array, ends: readonly number[]): void {
    this.#isPacketed = false;
    this.#packet = 1;
    this.#end_s = this.#median_s;
    this.#period_s = this.#median_s;
    if (ends.length < FEWEST_ENDS) return;
    const distances = Float64Array.from({ length: ends.length - 1 }, (_, i) => ends[i + 1] - ends[i]);
    const typical = medianOf(distances);
    const isAlike = (distance: number) => Math.abs(distance - typical) <= ALIKE * typical;
    const alike = distances.reduce((count, distance) => count + (isAlike(distance) ? 1 : 0), 0);
    // One sample alone is no packet: its stamps jitter.
    if (typical < 2 || alike < ALIKE_SHARE * distances.length) return;
    this.#isPacketed = true;
    this.#packet = typical;
    this.#end_s = medianOf(Float64Array.from(ends, (i) => steps[i]));
    const periods: number[] = [];
    for (let k = 0; k < distances.length; k++) {
      if (!isAlike(distances[k])) continue;
      let packet_s = 0;
      for (let i = ends[k] + 1; i <= ends[k + 1]; i++) packet_s += steps[i];
      periods.push(packet_s / distances[k]);
    }
    this.#period_s = Math.max(0, centreOf(Float64Array.from(periods)));
  }

  /** The time a sample takes, to measure lateness against: by the rate in use, if most packets or all steps together say nearly the same. */
  #periodFor(period_s: Seconds | null): Seconds {
    if (period_s === null) return this.#period_s;
    const isLike = (measured_s: Seconds) => Math.abs(period_s / measured_s - 1) <= LIKE;
    return isLike(this.#period_s) || isLike(this.#span_s / this.#length) ? period_s : this.#period_s;
  }

  #findLateness(steps: Float64Array, sinceLook: number): void {
    const longest_s = this.longest_s;
    let greatest_s = 0;
    for (let i = this.#unsettledFrom(steps, sinceLook); i < steps.length; i++) {
      const excess_s = steps[i] - longest_s;
      if (excess_s <= Math.max(greatest_s, OFF_MEDIAN * this.#back_s)) continue;
      if (this.#comesBack(steps, i)) greatest_s = excess_s;
    }
    this.#late.push(this.#age_s, -greatest_s);
    this.#margin_s =
      LATENESS_FACTOR *
      (1 + YOUNG_FACTOR_S / Math.max(this.#age_s, YOUNGEST_S)) *
      Math.max(0, -this.#late.least);
  }

  /** Index of the first step that the newest steps may still make up for, or that came after the last look. */
  #unsettledFrom(steps: Float64Array, sinceLook: number): number {
    const span_s = this.#backSpan_s;
    let first = steps.length;
    for (let after_s = 0; first > 0 && (after_s <= span_s || first > steps.length - sinceLook); )
      after_s += Math.abs(steps[--first]);
    return first;
  }

  get #backSpan_s(): Seconds {
    const isUnsure = this.#isPacketed && this.#age_s < UNSURE_S;
    const packets = isUnsure ? UNSURE_COMES_BACK_IN_PACKETS : COMES_BACK_IN_PACKETS;
    return packets * this.#packet * this.#back_s;
  }

  /** Whether the steps after step `at` make up for what it is too long: it was late, and nothing is lost. */
  #comesBack(steps: Float64Array, at: number): boolean {
    return this.#isMadeUp(steps, at, COMES_BACK_SHARE * (steps[at] - this.longest_s), -1);
  }

  /** Whether the steps after step `at` are together `enough_s` longer (`sign` 1) or shorter (-1) than their samples take. */
  #isMadeUp(steps: Float64Array, at: number, enough_s: Seconds, sign: 1 | -1): boolean {
    const span_s = this.#backSpan_s;
    const to = Math.min(steps.length, at + 1 + MAX_BACK_STEPS);
    let sum_s = 0;
    let after_s = 0;
    for (let i = at + 1; i < to && after_s <= span_s; i++) {
      sum_s += steps[i] - this.#back_s;
      if (sign * sum_s >= enough_s) return true;
      after_s += Math.abs(steps[i]);
    }
    return false;
  }

  /** A longer step means that samples are missing. */
  #mostUsual_s(period_s: Seconds | null): Seconds {
    if (!this.#isKnown && period_s === null) return Number.POSITIVE_INFINITY;
    return this.#longest(period_s) + this.#margin(period_s);
  }

  /** A shorter step may mean that samples come twice. */
  #leastUsual_s(period_s: Seconds | null): Seconds {
    if (!this.#isKnown) return Number.NEGATIVE_INFINITY;
    return Math.min(this.#median_s, this.#end_s) - this.#margin(period_s);
  }

  /**
   * What step `at` says about time: itself, or where samples are missing before it, or come twice, what such a step takes. Neither is
   * so where the steps after it make up for it.
   */
  #takes(steps: Float64Array, at: number, least_s: Seconds, most_s: Seconds): Seconds {
    const step_s = steps[at];
    if (step_s > most_s) return this.#comesBack(steps, at) ? step_s : this.#end_s;
    if (!(step_s < least_s)) return step_s;
    const shortest_s = Math.min(this.#median_s, this.#end_s);
    return this.#isMadeUp(steps, at, COMES_BACK_SHARE * (shortest_s - step_s), 1) ? step_s : this.#end_s;
  }
}

/** The line through packet ends, stamps by their number; numbers and stamps count back from the newest. */
class EndsFit {
  #count = 0;
  #n = 0;
  #v = 0;
  #nn = 0;
  #nv = 0;
  #vv = 0;

  add(n: number, v: Seconds): void {
    this.#count++;
    this.#n += n;
    this.#v += v;
    this.#nn += n * n;
    this.#nv += n * v;
    this.#vv += v * v;
  }

  rate(): MeasuredRate | null {
    const count = this.#count;
    if (count < FEWEST_MEASURED) return null;
    const nn = this.#nn - (this.#n * this.#n) / count;
    const nv = this.#nv - (this.#n * this.#v) / count;
    const vv = this.#vv - (this.#v * this.#v) / count;
    const period_s = nv / nn;
    if (!(period_s > 0)) return null;
    const residual = Math.max(0, vv - period_s * nv) / (count - 2);
    const rate_hz = 1 / period_s;
    return { rate_hz, error_hz: rate_hz * rate_hz * Math.sqrt(residual / nn) };
  }
}

/**
 * Mean of those within half of the median: the jitter of packets that follow each other cancels, which a median doesn't know, and a
 * packet before which one is lost takes twice as long.
 */
function centreOf(values: Float64Array): number {
  const median = medianOf(values);
  let [sum, count] = [0, 0];
  for (const value of values)
    if (Math.abs(value - median) <= median / 2) {
      sum += value;
      count++;
    }
  return count === 0 ? median : sum / count;
}

/** 0 of none. */
function medianOf(values: Float64Array): number {
  const { length } = values;
  if (length === 0) return 0;
  const ranked = values.slice();
  const middle = length >> 1;
  rank(ranked, middle);
  if (length % 2 === 1) return ranked[middle];
  let below = ranked[0];
  for (let i = 1; i < middle; i++) if (ranked[i] > below) below = ranked[i];
  return (below + ranked[middle]) / 2;
}

/** Puts the value there that stands at `at` when sorted, no greater ones before it and no lesser ones after it (Hoare's find). */
function rank(values: Float64Array, at: number): void {
  let [from, to] = [0, values.length - 1];
  while (from < to) {
    const pivot = values[(from + to) >> 1];
    let [i, j] = [from, to];
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const swapped = values[i];
      values[i++] = values[j];
      values[j--] = swapped;
    }
    if (at <= j) to = j;
    else if (at >= i) from = i;
    else return;
  }
}
