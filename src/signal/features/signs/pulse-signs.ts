import type { Seconds } from '../../../core/clock.js';
import { type Chunk, channelOf, type StreamInfo, samplesIn } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import { designButterworthBandpass } from '../../dsp/butterworth-bandpass.js';
import { StreamingFilter, type StreamingFilterState } from '../../dsp/streaming-filter.js';
import { LastSign, type LastSignState, type Signs } from './signs.js';

/** What a pulse wave, or the outline of QRS complexes, consists of. */
const PULSE_HZ = [0.5, 8] as const;
const QRS_HZ = [5, 20] as const;
/** Highest edge of a filter, as a share of the rate. */
const HIGHEST_SHARE = 0.4;
const FILTER_ORDER = 2;
/** Enough for what is left above 0.5 Hz and below 8. */
const RATE_HZ = 32;
const SLOWEST_HZ = 12.5;
/** Rhythm is sought over this time, at most one beat of 180 and at least one of 40 a minute apart. */
const RHYTHM_S = 8;
const SHORTEST_S = 0.33;
const LONGEST_S = 1.5;
/** Strength is told over this time, every second, and compared over that one. */
const POWER_S = 2;
const COMPARED_S = 30;
const LEAST_POWERS = 7;

/**
 * Highest autocorrelation from which beats follow each other, and standard deviation of the ln power of 2 s beyond which a
 * signal has its moments. `scripts/fit-physiological.mjs` made them (docs/explanation/noise.md).
 */
const LEAST_RHYTHM = 0.47;
const LEAST_SWING = 0.55;

/** What {@link PulseSigns} measures in a channel, once a second. */
export interface PulseStatistics {
  /** Highest peak of the autocorrelation of the last 8 s between 0.33 and 1.5 s; NaN while they aren't all there. */
  readonly rhythm: number;
  /** Standard deviation of the ln power of 2 s over the last half minute; NaN below 7 values. */
  readonly swing: number;
}

type PulseSignsState = {
  readonly qrs: StreamingFilterState | null;
  readonly pulse: StreamingFilterState | null;
  readonly channels: readonly BeatWatchState[];
  readonly last: LastSignState;
  readonly count: number;
  readonly sinceLook: number;
};

/**
 * Whether a pulse wave (PPG) or an ECG shows beats, one like the next, or moves as a body does. A sensor on a table does
 * neither, though a beat detector finds beats in its noise, too. A worn one that moves may hide its beats: then its signal
 * is strong and weak by turns.
 */
export class PulseSigns implements Signs, Stateful<PulseSignsState> {
  readonly #qrs: StreamingFilter | null;
  readonly #pulse: StreamingFilter | null;
  readonly #every: number;
  readonly #rate: number;
  readonly #channels: readonly BeatWatch[];
  readonly #last = new LastSign();
  #count = 0;
  #sinceLook = 0;

  constructor(info: StreamInfo) {
    const { sfreq, type } = info;
    const filter = ([low_hz, high_hz]: readonly [number, number]) =>
      new StreamingFilter(
        info,
        designButterworthBandpass(FILTER_ORDER, low_hz, Math.min(high_hz, HIGHEST_SHARE * sfreq), sfreq),
        1 / low_hz,
      );
    const usable = sfreq >= SLOWEST_HZ;
    this.#qrs = usable && type === 'ECG' ? filter(QRS_HZ) : null;
    this.#pulse = usable ? filter(PULSE_HZ) : null;
    this.#every = Math.max(1, Math.floor(sfreq / RATE_HZ));
    this.#rate = sfreq / this.#every;
    this.#channels = info.channels.map(() => new BeatWatch(this.#rate));
  }

  push(chunk: Chunk): void {
    if (!this.#pulse || chunk.times.length === 0) return;
    const outlined = this.#qrs ? rectified(this.#qrs.process(chunk)) : chunk;
    const filtered = this.#pulse.process(outlined);
    const rows = this.#channels.map((_, c) => channelOf(filtered, c));
    const raw = this.#channels.map((_, c) => channelOf(chunk, c));
    const look = samplesIn(1, this.#rate);
    for (let i = 0; i < chunk.times.length; i++) {
      if (raw.some((row) => row[i] - row[i] === 0)) this.#last.began(chunk.times[i]);
      if (this.#count++ % this.#every !== 0) continue;
      for (const [c, channel] of this.#channels.entries()) channel.push(rows[c][i], raw[c][i]);
      if (++this.#sinceLook < look) continue;
      this.#sinceLook = 0;
      this.#look(chunk.times[i]);
    }
  }

  verdict(time: Seconds): number {
    return this.#last.verdict(time);
  }

  /** Of each channel, as of the last full second. */
  get statistics(): readonly PulseStatistics[] {
    return this.#channels.map(({ rhythm, swing }) => ({ rhythm, swing }));
  }

  snapshot(): PulseSignsState {
    return {
      qrs: this.#qrs?.snapshot() ?? null,
      pulse: this.#pulse?.snapshot() ?? null,
      channels: this.#channels.map((channel) => channel.snapshot()),
      last: this.#last.snapshot(),
      count: this.#count,
      sinceLook: this.#sinceLook,
    };
  }

  restore({ qrs, pulse, channels, last, count, sinceLook }: PulseSignsState): void {
    if (qrs) this.#qrs?.restore(qrs);
    if (pulse) this.#pulse?.restore(pulse);
    for (const [c, state] of channels.entries()) this.#channels[c].restore(state);
    this.#last.restore(last);
    this.#count = count;
    this.#sinceLook = sinceLook;
  }

  #look(time: Seconds): void {
    for (const channel of this.#channels) {
      channel.look();
      if (channel.rhythm >= LEAST_RHYTHM || channel.swing >= LEAST_SWING) this.#last.seen(time);
    }
  }
}

function rectified(chunk: Chunk): Chunk {
  return { ...chunk, data: chunk.data.map(Math.abs) };
}

type BeatWatchState = {
  readonly rhythm: number;
  readonly swing: number;
  readonly samples: Float64Array;
  readonly strengths: readonly number[];
  readonly raw: number;
  readonly still: number;
};

/** The last seconds of one channel's filtered signal. */
class BeatWatch implements Stateful<BeatWatchState> {
  rhythm = Number.NaN;
  swing = Number.NaN;
  readonly #samples: Float64Array;
  readonly #power: number;
  readonly #lags: readonly [shortest: number, longest: number];
  /** ln power of the last 2 s, second by second. */
  readonly #strengths: number[] = [];
  readonly #centred: Float64Array;
  #raw = Number.NaN;
  /** Samples for which the raw one has stayed the same. */
  #still = 0;

  constructor(rate: number) {
    this.#samples = new Float64Array(samplesIn(RHYTHM_S, rate)).fill(Number.NaN);
    this.#centred = new Float64Array(this.#samples.length);
    this.#power = samplesIn(POWER_S, rate);
    this.#lags = [samplesIn(SHORTEST_S, rate), Math.floor(LONGEST_S * rate)];
  }

  push(filtered: number, raw: number): void {
    this.#samples.copyWithin(0, 1);
    this.#samples[this.#samples.length - 1] = filtered;
    this.#still = raw === this.#raw ? this.#still + 1 : 0;
    this.#raw = raw;
  }

  look(): void {
    // A filter's decay, once nothing moves any more, swings through all powers.
    const isStill = this.#still >= this.#power;
    this.rhythm = isStill ? Number.NaN : this.#rhythm();
    let power = 0;
    for (let i = this.#samples.length - this.#power; i < this.#samples.length; i++)
      power += this.#samples[i] * this.#samples[i];
    this.#strengths.push(power > 0 && !isStill ? Math.log(power) : Number.NaN);
    if (this.#strengths.length > COMPARED_S) this.#strengths.shift();
    this.swing = deviationOf(this.#strengths);
  }

  snapshot(): BeatWatchState {
    return {
      rhythm: this.rhythm,
      swing: this.swing,
      samples: this.#samples.slice(),
      strengths: [...this.#strengths],
      raw: this.#raw,
      still: this.#still,
    };
  }

  restore({ rhythm, swing, samples, strengths, raw, still }: BeatWatchState): void {
    this.rhythm = rhythm;
    this.swing = swing;
    this.#samples.set(samples);
    this.#strengths.push(...strengths);
    this.#raw = raw;
    this.#still = still;
  }

  /** NaN where a sample is missing or nothing moves; -1 where the autocorrelation has no peak. */
  #rhythm(): number {
    const x = this.#centred;
    const n = x.length;
    let sum = 0;
    for (let i = 0; i < n; i++) sum += this.#samples[i];
    const mean = sum / n;
    let square = 0;
    for (let i = 0; i < n; i++) {
      x[i] = this.#samples[i] - mean;
      square += x[i] * x[i];
    }
    if (!(square > 0)) return Number.NaN;
    const [shortest, longest] = this.#lags;
    let highest = -1;
    // Squares of the earlier and of the later part, which overlap.
    let earlier = square;
    let later = square;
    let before = Number.NaN;
    let at = Number.NaN;
    for (let lag = 1; lag <= longest; lag++) {
      earlier -= x[n - lag] * x[n - lag];
      later -= x[lag - 1] * x[lag - 1];
      if (lag < shortest) continue;
      let product = 0;
      for (let i = lag; i < n; i++) product += x[i] * x[i - lag];
      const r = product / Math.sqrt(earlier * later);
      if (at >= before && at >= r && at > highest) highest = at;
      before = at;
      at = r;
    }
    return highest;
  }
}

/** Standard deviation of the finite ones; NaN where they are few. */
function deviationOf(values: readonly number[]): number {
  let n = 0;
  let mean = 0;
  let spread = 0;
  for (const x of values) {
    if (x - x !== 0) continue;
    n++;
    const from = x - mean;
    mean += from / n;
    spread += from * (x - mean);
  }
  return n < LEAST_POWERS ? Number.NaN : Math.sqrt(spread / (n - 1));
}
