import type { Seconds } from '../../../core/clock.js';
import { type Chunk, channelOf, type StreamInfo } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import { gazeChannels, pupilChannels } from '../channels/eye-channels.js';
import { LastSign, type LastSignState, type Signs } from './signs.js';

/** Time whose past weighs as much as all before it, s. */
const FADE_S = 10;
/** Measured steps before anything is told, s of samples and at least so many. */
const LEAST_SPAN_S = 3;
const LEAST_STEPS = 50;

/**
 * Kurtosis of a gaze's steps from which fixations and saccades alternate (any filtered Gaussian noise: 3), and the part of a
 * pupil's variance that lies between neighbouring samples below which it is one (white noise: 1).
 * `scripts/fit-physiological.mjs` made them (docs/explanation/noise.md).
 */
const LEAST_KURTOSIS = 6.5;
const MOST_ROUGHNESS = 0.53;

/** What {@link GazeSigns} measures; NaN while there was too little, or nothing moved. */
export interface GazeStatistics {
  /** Highest of the gaze's coordinates: 4th moment of the steps from sample to sample over the square of the 2nd. */
  readonly kurtosis: number;
  /** Lowest of the pupils: mean square of the steps over twice the variance (von Neumann's ratio, halved). */
  readonly roughness: number;
}

type GazeSignsState = {
  readonly positions: readonly StepWatchState[];
  readonly pupils: readonly StepWatchState[];
  readonly last: LastSignState;
};

/**
 * Whether a gaze is one: an eye stands nearly still and jumps. Noise of a tracker that sees no eye goes as far in one step
 * as in the next. A pupil, which is all that some trackers give, changes smoothly.
 */
export class GazeSigns implements Signs, Stateful<GazeSignsState> {
  readonly #positions: readonly StepWatch[];
  readonly #pupils: readonly StepWatch[];
  readonly #last = new LastSign();

  constructor(info: StreamInfo) {
    const pairs = gazeChannels(info)?.pairs ?? [];
    this.#positions = pairs.flatMap(({ x, y }) => [new StepWatch(x), new StepWatch(y)]);
    this.#pupils = (pupilChannels(info)?.channels ?? []).map((c) => new StepWatch(c));
  }

  push(chunk: Chunk): void {
    for (const watch of this.#positions) this.#watch(chunk, watch, () => watch.kurtosis >= LEAST_KURTOSIS);
    for (const watch of this.#pupils) this.#watch(chunk, watch, () => watch.roughness <= MOST_ROUGHNESS);
  }

  verdict(time: Seconds): number {
    return this.#last.verdict(time);
  }

  get statistics(): GazeStatistics {
    const known = (values: number[]) => values.filter((x) => x - x === 0);
    return {
      kurtosis: Math.max(Number.NEGATIVE_INFINITY, ...known(this.#positions.map(({ kurtosis }) => kurtosis))),
      roughness: Math.min(Number.POSITIVE_INFINITY, ...known(this.#pupils.map(({ roughness }) => roughness))),
    };
  }

  snapshot(): GazeSignsState {
    return {
      positions: this.#positions.map((watch) => watch.snapshot()),
      pupils: this.#pupils.map((watch) => watch.snapshot()),
      last: this.#last.snapshot(),
    };
  }

  restore({ positions, pupils, last }: GazeSignsState): void {
    for (const [i, state] of positions.entries()) this.#positions[i].restore(state);
    for (const [i, state] of pupils.entries()) this.#pupils[i].restore(state);
    this.#last.restore(last);
  }

  #watch(chunk: Chunk, watch: StepWatch, isSign: () => boolean): void {
    const { times, gapBefore } = chunk;
    const samples = channelOf(chunk, watch.channel);
    for (let i = 0; i < times.length; i++) {
      if (samples[i] - samples[i] === 0) this.#last.began(times[i]);
      if (watch.push(samples[i], times[i], i === 0 && gapBefore) && isSign()) this.#last.seen(times[i]);
    }
  }
}

type StepWatchState = {
  readonly before: number;
  readonly stamp: number;
  readonly steps: number;
  readonly span: number;
  readonly mean: number;
  readonly variance: number;
  readonly second: number;
  readonly fourth: number;
};

/** Fading moments of one channel and of its steps between neighbouring measured samples. */
class StepWatch implements Stateful<StepWatchState> {
  #before = Number.NaN;
  #stamp = 0;
  #steps = 0;
  #span = 0;
  #mean = 0;
  #variance = 0;
  #second = 0;
  #fourth = 0;

  constructor(readonly channel: number) {}

  /** Whether there is a step, and enough of them. */
  push(x: number, time: Seconds, afterGap: boolean): boolean {
    const step = x - this.#before;
    const span = time - this.#stamp;
    this.#before = x;
    this.#stamp = time;
    if (afterGap || step - step !== 0) return false;
    if (this.#steps === 0) this.#mean = x;
    this.#steps++;
    this.#span += span;
    const weight = Math.min(1, Math.max(1 / this.#steps, span / FADE_S));
    const square = step * step;
    const from = x - this.#mean;
    this.#mean += weight * from;
    this.#variance = (1 - weight) * (this.#variance + weight * from * from);
    this.#second += weight * (square - this.#second);
    this.#fourth += weight * (square * square - this.#fourth);
    return this.#steps >= LEAST_STEPS && this.#span >= LEAST_SPAN_S;
  }

  get kurtosis(): number {
    return this.#steps >= LEAST_STEPS ? this.#fourth / (this.#second * this.#second) : Number.NaN;
  }

  get roughness(): number {
    return this.#steps >= LEAST_STEPS ? this.#second / (2 * this.#variance) : Number.NaN;
  }

  snapshot(): StepWatchState {
    return {
      before: this.#before,
      stamp: this.#stamp,
      steps: this.#steps,
      span: this.#span,
      mean: this.#mean,
      variance: this.#variance,
      second: this.#second,
      fourth: this.#fourth,
    };
  }

  restore(state: StepWatchState): void {
    this.#before = state.before;
    this.#stamp = state.stamp;
    this.#steps = state.steps;
    this.#span = state.span;
    this.#mean = state.mean;
    this.#variance = state.variance;
    this.#second = state.second;
    this.#fourth = state.fourth;
  }
}
