import type { Seconds } from '../../core/clock.js';
import type { Stateful } from '../../core/state.js';
import type { MeasuredRate, StepPattern } from './step-pattern.js';

/** Off by more than this over the short span, a rate is used at once; s of samples, and a share. */
const SHORT_S: Seconds = 4.5;
const SHORT_OFF = 0.1;
/** A rate that came into use so is looked at again once all of the short span is of it: samples before the change are part of the first measurement. */
const AGAIN_OFF = 0.005;
/** Off by more than this over the long one, too. */
const LONG_S: Seconds = 59;
const LONG_OFF = 0.02;
/** Packet ends within so much become one point of the long measurement, s. */
const BUCKET_S: Seconds = 0.1;
/** Beyond this factor from what was declared, either way, nothing that was made for the declared rate fits. */
const UNUSABLE_FACTOR = 2.5;
/** A used rate has so many digits, Hz; below 20 Hz, 1 %. */
const RATE_STEP_HZ = 0.1;
const COARSE_BELOW_HZ = 20;
/** Whole rates are the rule: one that lies within so many standard errors is meant. */
const WHOLE_WITHIN_ERRORS = 2;

/** A rate that isn't the declared one, or is it again. */
export interface RateChange {
  readonly measured_hz: number;
  /** Rate in use from here on, Hz; null where the stream can't be used. */
  readonly used_hz: number | null;
}

export type RateMeterState = {
  readonly used_hz: number | null;
  readonly isUnusable: boolean;
  readonly n: number;
  readonly v: Seconds;
  readonly changedAt_s: Seconds;
  readonly isNew: boolean;
  readonly packeted: boolean;
  readonly ns: readonly number[];
  readonly vs: readonly Seconds[];
  readonly counts: readonly number[];
};

/**
 * A stream's rate: samples over time, from packet end to packet end, without gaps. More than 10 % off the rate in use over 5 s, or
 * 2 % over 60 s, it is used instead, rounded, and held; beyond a factor of 2.5 from the declared one the stream is unusable.
 */
export class RateMeter implements Stateful<RateMeterState> {
  readonly #declared_hz: number | null;
  #used_hz: number | null;
  #isUnusable = false;
  /** Samples, and the time that they took without what is odd, since the long measurement began. */
  #n = 0;
  #v: Seconds = 0;
  /** The pattern's age when the rate in use changed. */
  #changedAt_s: Seconds = 0;
  /** Whether the rate in use came from the short span, and wasn't looked at again since. */
  #isNew = false;
  #packeted = false;
  /** Means of the packet ends in buckets of time. */
  #ns: number[] = [];
  #vs: Seconds[] = [];
  #counts: number[] = [];

  /** `declared_hz`: 0 = not known. */
  constructor(declared_hz: number) {
    this.#declared_hz = declared_hz > 0 ? declared_hz : null;
    this.#used_hz = this.#declared_hz;
  }

  /** Rate in use, Hz; null where none was declared and none is measured yet. */
  get used_hz(): number | null {
    return this.#used_hz;
  }

  get period_s(): Seconds | null {
    return this.#used_hz === null ? null : 1 / this.#used_hz;
  }

  /** Whether the rate is so far off that the stream can't be used. */
  get isUnusable(): boolean {
    return this.#isUnusable;
  }

  /** Looks at what `pattern` has found out. Returns what changes from the next sample on. */
  look(pattern: StepPattern): RateChange | null {
    if (!pattern.isKnown) return null;
    if (pattern.isPacketed !== this.#packeted) {
      this.#packeted = pattern.isPacketed;
      this.#forget();
    }
    pattern.settle(this.period_s, (takes_s, isEnd) => {
      this.#n++;
      this.#v += takes_s;
      if (isEnd) this.#point();
    });
    return this.#decide(pattern);
  }

  /** What it measured tells nothing of the steps to come, whose pattern begins anew; the rate in use stays. */
  beginAnew(): void {
    this.#changedAt_s = 0;
    this.#forget();
  }

  snapshot(): RateMeterState {
    return {
      used_hz: this.#used_hz,
      isUnusable: this.#isUnusable,
      n: this.#n,
      v: this.#v,
      changedAt_s: this.#changedAt_s,
      isNew: this.#isNew,
      packeted: this.#packeted,
      ns: [...this.#ns],
      vs: [...this.#vs],
      counts: [...this.#counts],
    };
  }

  restore(state: RateMeterState): void {
    this.#used_hz = state.used_hz;
    this.#isUnusable = state.isUnusable;
    this.#n = state.n;
    this.#v = state.v;
    this.#changedAt_s = state.changedAt_s;
    this.#isNew = state.isNew;
    this.#packeted = state.packeted;
    this.#ns = [...state.ns];
    this.#vs = [...state.vs];
    this.#counts = [...state.counts];
  }

  #decide(pattern: StepPattern): RateChange | null {
    const sinceChange_s = pattern.age_s - this.#changedAt_s;
    if (sinceChange_s < SHORT_S) return null;
    const short = pattern.rateOver(SHORT_S, this.period_s);
    if (short) {
      const unusable = this.#isFarOff(short.rate_hz);
      if (unusable !== this.#isUnusable) {
        this.#isUnusable = unusable;
        if (unusable) return { measured_hz: short.rate_hz, used_hz: null };
        return this.#use(short, SHORT_OFF, pattern);
      }
      if (unusable) return null;
      const isNew = this.#isNew;
      this.#isNew = false;
      if (this.#isOff(short.rate_hz, isNew ? AGAIN_OFF : SHORT_OFF)) {
        this.#isNew = !isNew;
        return this.#use(short, SHORT_OFF, pattern);
      }
    }
    const long = sinceChange_s < LONG_S ? null : this.#long();
    if (!long) return null;
    const isHome =
      this.#declared_hz !== null &&
      this.#used_hz !== this.#declared_hz &&
      Math.abs(long.rate_hz / this.#declared_hz - 1) < LONG_OFF / 2;
    return isHome || this.#isOff(long.rate_hz, LONG_OFF) ? this.#use(long, LONG_OFF, pattern) : null;
  }

  #isFarOff(rate_hz: number): boolean {
    if (this.#declared_hz === null) return false;
    const ratio = rate_hz / this.#declared_hz;
    return ratio > UNUSABLE_FACTOR || ratio < 1 / UNUSABLE_FACTOR;
  }

  #isOff(rate_hz: number, share: number): boolean {
    return this.#used_hz === null || Math.abs(rate_hz / this.#used_hz - 1) > share;
  }

  #use(measured: MeasuredRate, share: number, { age_s }: StepPattern): RateChange | null {
    const { rate_hz } = measured;
    const isDeclared = this.#declared_hz !== null && Math.abs(rate_hz / this.#declared_hz - 1) < share / 2;
    this.#used_hz = isDeclared ? this.#declared_hz : rounded(measured);
    this.#changedAt_s = age_s;
    this.#forget();
    return { measured_hz: rate_hz, used_hz: this.#used_hz };
  }

  #forget(): void {
    this.#n = 0;
    this.#v = 0;
    this.#ns = [];
    this.#vs = [];
    this.#counts = [];
  }

  #point(): void {
    const last = this.#vs.length - 1;
    if (last >= 0 && this.#v - this.#vs[last] < BUCKET_S) {
      const count = ++this.#counts[last];
      this.#ns[last] += (this.#n - this.#ns[last]) / count;
      this.#vs[last] += (this.#v - this.#vs[last]) / count;
      return;
    }
    this.#ns.push(this.#n);
    this.#vs.push(this.#v);
    this.#counts.push(1);
    while (this.#vs.length > 1 && this.#vs[1] <= this.#v - LONG_S) {
      this.#ns.shift();
      this.#vs.shift();
      this.#counts.shift();
    }
  }

  #long(): MeasuredRate | null {
    const [ns, vs, counts] = [this.#ns, this.#vs, this.#counts];
    const points = vs.length;
    if (points < 3 || vs[points - 1] - vs[0] < LONG_S - 1) return null;
    let [w, n, v] = [0, 0, 0];
    for (let i = 0; i < points; i++) {
      w += counts[i];
      n += counts[i] * ns[i];
      v += counts[i] * vs[i];
    }
    let [nn, nv, vv] = [0, 0, 0];
    for (let i = 0; i < points; i++) {
      const dn = ns[i] - n / w;
      const dv = vs[i] - v / w;
      nn += counts[i] * dn * dn;
      nv += counts[i] * dn * dv;
      vv += counts[i] * dv * dv;
    }
    const period_s = nv / nn;
    if (!(period_s > 0)) return null;
    const rate_hz = 1 / period_s;
    const residual = Math.max(0, vv - period_s * nv) / (points - 2);
    return { rate_hz, error_hz: rate_hz * rate_hz * Math.sqrt(residual / nn) };
  }
}

function rounded({ rate_hz, error_hz }: MeasuredRate): number {
  if (rate_hz < COARSE_BELOW_HZ) {
    const step = 10 ** (Math.floor(Math.log10(rate_hz)) - 1);
    const coarse = Math.round(rate_hz / step) * step;
    return Math.abs(coarse / rate_hz - 1) <= 0.01 ? coarse : Number(rate_hz.toPrecision(3));
  }
  const whole = Math.round(rate_hz);
  if (Math.abs(rate_hz - whole) <= Math.max(RATE_STEP_HZ / 2, WHOLE_WITHIN_ERRORS * error_hz)) return whole;
  return Math.round(rate_hz / RATE_STEP_HZ) / (1 / RATE_STEP_HZ);
}
