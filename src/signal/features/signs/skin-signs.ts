import type { Seconds } from '../../../core/clock.js';
import { type Chunk, channelOf, type StreamInfo } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import { channelsIn } from '../channels/channels-in.js';
import { LastSign, type LastSignState, LEAST_S, type Signs } from './signs.js';

/** Steps are between means over this time: sweat glands have nothing quicker. */
const STEP_S = 0.25;
/** Steps that weigh as much as all before them: half a minute with what lies further back. */
const FADE = 60;
const LEAST_STEPS = LEAST_S / STEP_S;

/** Autocorrelation is told up to this lag, steps. */
const LAGS = 4;

/**
 * Kurtosis of the steps from which responses stand out, if each step goes on as the one before did; kurtosis up to which they
 * are those of a random walk, if they go on neither as a measuring error nor as a smooth curve does, and don't swing.
 * `scripts/fit-physiological.mjs` shows where walks and people lie (docs/explanation/noise.md).
 */
const LEAST_KURTOSIS = 8;
const LEAST_GOING_ON = 0.1;
const WALK_KURTOSIS = 4.2;
const WALK_GOING_ON = [-0.25, 0.45] as const;
const WALK_LATER = 0.3;

/** What {@link SkinSigns} measures; NaN while there was too little. */
export interface SkinStatistics {
  /** 4th moment of the steps over the square of the 2nd. */
  readonly kurtosis: number;
  /** [4] Autocorrelation of the steps at lags of 1 to 4: -0.5, then 0 for a level with measuring errors; 0 to 0.25, then 0 for a random walk. */
  readonly goingOn: readonly number[];
}

type SkinSignsState = { readonly channels: readonly SkinWatchState[]; readonly last: LastSignState };

/**
 * What skin conductance says of itself: responses of sweat glands rise and fall over seconds and come now and then. A level
 * with measuring errors is a skin that doesn't respond as well as electrodes on a table: nothing can be said. A random walk
 * is neither.
 */
export class SkinSigns implements Signs, Stateful<SkinSignsState> {
  readonly #channels: readonly SkinWatch[];
  readonly #last = new LastSign();

  constructor(info: StreamInfo) {
    const every = Math.round(STEP_S * info.sfreq);
    this.#channels = every >= 1 ? channelsIn(info, ['uS']).map((c) => new SkinWatch(c, every)) : [];
  }

  push(chunk: Chunk): void {
    const { times } = chunk;
    for (const watch of this.#channels) {
      const samples = channelOf(chunk, watch.channel);
      for (let i = 0; i < times.length; i++) {
        if (!watch.push(samples[i], i === 0 && chunk.gapBefore)) continue;
        const { kurtosis, goingOn } = watch.statistics;
        if (kurtosis >= LEAST_KURTOSIS && goingOn[0] >= LEAST_GOING_ON) this.#last.seen(times[i]);
      }
    }
  }

  verdict(time: Seconds): number {
    if (this.#last.held(time)) return 1;
    return this.#channels.length > 0 && this.statistics.every(isWalk) ? 0 : Number.NaN;
  }

  get statistics(): readonly SkinStatistics[] {
    return this.#channels.map(({ statistics }) => statistics);
  }

  snapshot(): SkinSignsState {
    return { channels: this.#channels.map((watch) => watch.snapshot()), last: this.#last.snapshot() };
  }

  restore({ channels, last }: SkinSignsState): void {
    for (const [c, state] of channels.entries()) this.#channels[c].restore(state);
    this.#last.restore(last);
  }
}

function isWalk({ kurtosis, goingOn: [next, ...later] }: SkinStatistics): boolean {
  return (
    kurtosis <= WALK_KURTOSIS &&
    next >= WALK_GOING_ON[0] &&
    next <= WALK_GOING_ON[1] &&
    later.every((r) => Math.abs(r) <= WALK_LATER)
  );
}

type SkinWatchState = {
  readonly sum: number;
  readonly count: number;
  readonly level: number;
  readonly before: Float64Array;
  readonly steps: number;
  readonly mean: number;
  readonly second: number;
  readonly fourth: number;
  readonly products: Float64Array;
};

/** Fading moments of the steps of one channel. */
class SkinWatch implements Stateful<SkinWatchState> {
  #sum = 0;
  #count = 0;
  #level = Number.NaN;
  /** The last steps, newest first, without their mean. */
  readonly #before = new Float64Array(LAGS);
  #steps = 0;
  #mean = 0;
  #second = 0;
  #fourth = 0;
  readonly #products = new Float64Array(LAGS);

  constructor(
    readonly channel: number,
    readonly every: number,
  ) {}

  /** Whether a step is complete, and enough of them. */
  push(x: number, afterGap: boolean): boolean {
    if (afterGap || x - x !== 0) {
      this.#sum = 0;
      this.#count = 0;
      this.#level = Number.NaN;
      if (x - x !== 0) return false;
    }
    this.#sum += x;
    if (++this.#count < this.every) return false;
    const level = this.#sum / this.every;
    const step = level - this.#level;
    this.#level = level;
    this.#sum = 0;
    this.#count = 0;
    if (step - step !== 0) return false;
    this.#steps++;
    const weight = Math.max(1 / this.#steps, 1 / FADE);
    this.#mean += weight * (step - this.#mean);
    const from = step - this.#mean;
    const square = from * from;
    this.#second += weight * (square - this.#second);
    this.#fourth += weight * (square * square - this.#fourth);
    for (let lag = 0; lag < LAGS; lag++)
      this.#products[lag] += weight * (from * this.#before[lag] - this.#products[lag]);
    this.#before.copyWithin(1, 0);
    this.#before[0] = from;
    return this.#steps >= LEAST_STEPS;
  }

  snapshot(): SkinWatchState {
    return {
      sum: this.#sum,
      count: this.#count,
      level: this.#level,
      before: this.#before.slice(),
      steps: this.#steps,
      mean: this.#mean,
      second: this.#second,
      fourth: this.#fourth,
      products: this.#products.slice(),
    };
  }

  restore(state: SkinWatchState): void {
    this.#sum = state.sum;
    this.#count = state.count;
    this.#level = state.level;
    this.#before.set(state.before);
    this.#steps = state.steps;
    this.#mean = state.mean;
    this.#second = state.second;
    this.#fourth = state.fourth;
    this.#products.set(state.products);
  }

  get statistics(): SkinStatistics {
    const known = this.#steps >= LEAST_STEPS;
    return {
      kurtosis: known ? this.#fourth / (this.#second * this.#second) : Number.NaN,
      goingOn: Array.from(this.#products, (product) => (known ? product / this.#second : Number.NaN)),
    };
  }
}
