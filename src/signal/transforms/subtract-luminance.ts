import { z } from 'zod';
import { chunkTransform } from '../../core/component.js';
import { ConfigurationError } from '../../core/errors.js';
import type { ChunkProcessor } from '../../core/processor.js';
import { type Chunk, channelOf, type StreamInfo } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';
import { lightAdaptedPupil_mm, type Viewing } from '../dsp/watson-yellott.js';
import { pupilChannels } from '../features/channels/eye-channels.js';

const params = z.strictObject({
  calibration_s: z
    .number()
    .positive()
    .default(30)
    .describe('how long the regression learns before the first pupil is given, s; masked until then'),
  half_life_s: z
    .number()
    .positive()
    .default(300)
    .describe('how long it takes to forget half of what was learnt, s'),
  field_deg2: z.number().positive().default(800).describe('area of the lit field, deg^2'),
  age_years: z.number().positive().max(120).default(28.58).describe("the person's age, years"),
  eyes: z
    .union([z.literal(1), z.literal(2)])
    .default(2)
    .describe('how many eyes see the light'),
});
type Params = z.infer<typeof params>;

/** Lags of the pupil behind the light that are tried, s. */
const LAGS_S = [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5] as const;
/** Time between points of the regression, s: what the pupil does is slower. */
const POINT_S = 0.05;
/** Luminance is remembered for the longest lag and a little more, s. */
const MEMORY_S = 0.6;
/**
 * How much the formula's own slope (1) counts where pupils are in mm, in squared mm: noise of 0.5 mm against doubt of 0.5
 * about the slope, and 20 points to each that is independent of those before.
 */
const SEED_WEIGHT = 20;
/** Squares of the formula's mm below which the light hasn't changed enough to tell a slope. */
const LEAST_SQUARES = 1e-6;
/** Points before a pupil counts as calibrated, as a share of what the time holds. */
const LEAST_SHARE = 0.5;

type LightMemoryState = { readonly times: readonly number[]; readonly sizes: readonly number[] };

/** Luminance as the formula's pupil, with the time since which it holds. */
class LightMemory implements Stateful<LightMemoryState> {
  readonly #times: number[] = [];
  readonly #sizes: number[] = [];

  push(time: number, size: number): void {
    this.#times.push(time);
    this.#sizes.push(size);
    if (this.#times[0] >= time - 2 * MEMORY_S) return;
    const kept = this.#times.findIndex((t) => t >= time - MEMORY_S);
    this.#times.splice(0, kept);
    this.#sizes.splice(0, kept);
  }

  clear(): void {
    this.#times.length = 0;
    this.#sizes.length = 0;
  }

  /** What held at `time`; NaN before the first. */
  at(time: number): number {
    let i = this.#times.length - 1;
    while (i >= 0 && this.#times[i] > time + 1e-9) i--;
    return i < 0 ? Number.NaN : this.#sizes[i];
  }

  snapshot(): LightMemoryState {
    return { times: [...this.#times], sizes: [...this.#sizes] };
  }

  restore({ times, sizes }: LightMemoryState): void {
    this.#times.push(...times);
    this.#sizes.push(...sizes);
  }
}

type LagSumsState = {
  readonly weight: number;
  readonly light: number;
  readonly pupil: number;
  readonly lightSquares: number;
  readonly products: number;
};

/** Weighted sums of one pupil against the light at one lag. */
class LagSums implements Stateful<LagSumsState> {
  weight = 0;
  light = 0;
  pupil = 0;
  lightSquares = 0;
  products = 0;

  add(light: number, pupil: number, keep: number): void {
    this.weight = keep * this.weight + 1;
    this.light = keep * this.light + light;
    this.pupil = keep * this.pupil + pupil;
    this.lightSquares = keep * this.lightSquares + light * light;
    this.products = keep * this.products + light * pupil;
  }

  /** About the means. */
  get spread(): number {
    return Math.max(0, this.lightSquares - (this.light * this.light) / this.weight);
  }

  get shared(): number {
    return this.products - (this.light * this.pupil) / this.weight;
  }

  snapshot(): LagSumsState {
    const { weight, light, pupil, lightSquares, products } = this;
    return { weight, light, pupil, lightSquares, products };
  }

  restore(state: LagSumsState): void {
    Object.assign(this, state);
  }
}

type PupilRegressionState = {
  readonly sums: readonly LagSumsState[];
  readonly points: number;
  readonly lag: number;
  readonly level: number;
};

/** The regression of one pupil channel. */
class PupilRegression implements Stateful<PupilRegressionState> {
  readonly #sums = LAGS_S.map(() => new LagSums());
  #points = 0;
  #lag = -1;
  /** The formula's pupil that the corrected one refers to. */
  #level = Number.NaN;

  constructor(readonly seed: number) {}

  learn(pupil: number, light: readonly number[], keep: number): void {
    if (light.some((size) => size - size !== 0)) return;
    this.#points++;
    for (const [l, sums] of this.#sums.entries()) sums.add(light[l], pupil, keep);
  }

  /** Chooses the lag that explains most and the light that corrected sizes refer to. */
  calibrate(points: number): void {
    if (this.#lag >= 0 || this.#points < points) return;
    let most = -1;
    for (const [l, sums] of this.#sums.entries()) {
      const explained = sums.spread > LEAST_SQUARES ? (sums.shared * sums.shared) / sums.spread : 0;
      if (explained <= most) continue;
      most = explained;
      this.#lag = l;
    }
    const { light, weight } = this.#sums[this.#lag];
    this.#level = light / weight;
  }

  /** The size without what the light did to it; NaN before it is calibrated. */
  correct(pupil: number, light: (lag: number) => number): number {
    if (this.#lag < 0) return Number.NaN;
    const sums = this.#sums[this.#lag];
    const spread = sums.spread + this.seed;
    const slope = spread > LEAST_SQUARES ? (sums.shared + this.seed) / spread : 0;
    return pupil - slope * (light(this.#lag) - this.#level);
  }

  snapshot(): PupilRegressionState {
    const sums = this.#sums.map((own) => own.snapshot());
    return { sums, points: this.#points, lag: this.#lag, level: this.#level };
  }

  restore({ sums, points, lag, level }: PupilRegressionState): void {
    for (const [l, own] of sums.entries()) this.#sums[l].restore(own);
    this.#points = points;
    this.#lag = lag;
    this.#level = level;
  }
}

type SubtractLuminanceState = {
  readonly memory: LightMemoryState;
  readonly pupils: readonly PupilRegressionState[];
  readonly begin: number;
  readonly nextPoint: number;
};

class SubtractLuminance implements ChunkProcessor, Stateful<SubtractLuminanceState> {
  readonly #viewing: Viewing;
  readonly #memory = new LightMemory();
  #light = -1;
  #pupils: readonly { channel: number; regression: PupilRegression }[] = [];
  #begin = Number.NaN;
  #nextPoint = Number.NaN;

  constructor(readonly params: Params) {
    const { field_deg2, age_years, eyes } = params;
    this.#viewing = { field_deg2, age_years, eyes };
  }

  reset(info: StreamInfo): StreamInfo {
    this.#light = info.channels.findIndex(({ label }) => /luminance/i.test(label));
    if (this.#light < 0)
      throw new ConfigurationError(
        'luminance-missing',
        `subtract-luminance needs a channel 'luminance' (cd/m2) beside the pupil, which stream ${info.name} has not; send it with the gaze, or leave the transform out`,
      );
    const { channels = [], unit = '' } = pupilChannels(info) ?? {};
    this.#pupils = channels.map((channel) => ({
      channel,
      regression: new PupilRegression(unit === 'mm' ? SEED_WEIGHT : 0),
    }));
    this.#memory.clear();
    this.#begin = Number.NaN;
    return info;
  }

  process(chunk: Chunk, emit: (chunk: Chunk) => void): void {
    const { times } = chunk;
    const data = chunk.data.slice();
    const out = { ...chunk, data };
    const luminance = channelOf(chunk, this.#light);
    const { calibration_s, half_life_s } = this.params;
    const keep = Math.exp((-Math.LN2 * POINT_S) / half_life_s);
    const points = (LEAST_SHARE * calibration_s) / POINT_S;
    if (chunk.gapBefore && times.length > 0) {
      this.#memory.clear();
      this.#nextPoint = times[0];
      // A clock that was set back begins anew.
      this.#begin = Math.min(this.#begin, times[0]);
    }
    for (let i = 0; i < times.length; i++) {
      const time = times[i];
      if (Number.isNaN(this.#begin)) this.#begin = this.#nextPoint = time;
      if (luminance[i] >= 0 && luminance[i] < Number.POSITIVE_INFINITY)
        this.#memory.push(time, lightAdaptedPupil_mm(luminance[i], this.#viewing));
      const light = (lag: number) => this.#memory.at(time - LAGS_S[lag]);
      const isPoint = time >= this.#nextPoint - 1e-9;
      if (isPoint) {
        const steps = Math.floor((time - this.#nextPoint) / POINT_S + 1e-9) + 1;
        this.#nextPoint += steps * POINT_S;
      }
      const lags = isPoint ? LAGS_S.map((_, l) => light(l)) : [];
      for (const { channel, regression } of this.#pupils) {
        const at = channel * times.length + i;
        const size = chunk.data[at];
        const seen = size > 0 && size < Number.POSITIVE_INFINITY;
        if (seen && isPoint) regression.learn(size, lags, keep);
        if (time - this.#begin >= calibration_s - 1e-9) regression.calibrate(points);
        data[at] = seen ? regression.correct(size, light) : Number.NaN;
      }
    }
    emit(out);
  }

  snapshot(): SubtractLuminanceState {
    return {
      memory: this.#memory.snapshot(),
      pupils: this.#pupils.map(({ regression }) => regression.snapshot()),
      begin: this.#begin,
      nextPoint: this.#nextPoint,
    };
  }

  restore({ memory, pupils, begin, nextPoint }: SubtractLuminanceState): void {
    this.#memory.restore(memory);
    for (const [i, regression] of pupils.entries()) this.#pupils[i].regression.restore(regression);
    this.#begin = begin;
    this.#nextPoint = nextPoint;
  }
}

export const subtractLuminance = chunkTransform<Params>({
  type: 'subtract-luminance',
  summary:
    "Takes out of the pupil what light did to it: a regression on the size that Watson & Yellott's formula (2012) gives for the stream's channel `luminance` 0.2 to 0.5 s earlier. It learns for calibration_s, with the formula's own slope as its seed where pupils are in mm, chooses the lag that explains most, and goes on learning. Sizes then refer to the mean light of the calibration.",
  params,
  state: 1,
  facts: (_, upstream) => upstream,
  create: (p) => new SubtractLuminance(p),
});
