import { type Chunk, channelOf, type StreamInfo, samplesIn } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import { fftPairOf } from '../../dsp/choose-fft-pair.js';
import type { FftPair } from '../../dsp/fft-pair.js';
import { hannWindow, nextPowerOfTwo } from '../../dsp/periodogram.js';
import { FadingMoments, type FadingMomentsState } from './fading-moments.js';
import { LEAST_S, type Signs } from './signs.js';

/** Half of each segment is the next one's. */
const SEGMENT_S = 2;
const HOP_S = SEGMENT_S / 2;
/** Segments that weigh as much as all before them: spectra over half a minute. */
const FADE = 15;
const LEAST_SEGMENTS = LEAST_S / HOP_S - 1;
/** Electrodes beyond these, spread over the montage, tell nothing that they don't: noise and rhythms are common to all. */
const MOST_CHANNELS = 16;
/** Neither drift and blinks' offsets below nor a filter's edge at 45 Hz above. */
const LOW_HZ = 1.75;
const BAND_HZ = 1.5;
const BANDS = 19;
const bands = Array.from({ length: BANDS }, (_, j) => ({
  low_hz: LOW_HZ + j * BAND_HZ,
  high_hz: LOW_HZ + (j + 1) * BAND_HZ,
}));
const SLOWEST_HZ = 2.2 * (LOW_HZ + BANDS * BAND_HZ);

/** What {@link EegSigns} measures; either is 1 on average in stationary noise, however coloured, and mixed over the channels. */
export interface EegStatistics {
  /** Mean square of what a parabola in ln frequency leaves of the ln spectrum, over its expectation. */
  readonly relief: number;
  /** Variance over time of the mean ln power of all bands, over its expectation. */
  readonly swing: number;
}

/**
 * Expectations in Gaussian noise of equal weights over n segments: n times the mean square, and the variance. Thresholds.
 * `scripts/fit-physiological.mjs` made them (docs/explanation/noise.md has its data, and those that it was tried on).
 */
const RELIEF = 0.467;
const SWING = 0.0382;
const LEAST_RELIEF = 1.9;
const LEAST_SWING = 2.5;

type EegSignsState = {
  readonly channels: readonly WatchedChannelState[];
  readonly held: number;
  readonly statistics: EegStatistics | null;
};

/**
 * Whether an EEG is one. Amplifiers and electrodes without a head give power that follows a power law, which filters and
 * white noise bend smoothly: a parabola in ln frequency, 2 to 30.5 Hz, fits their ln spectrum. A brain's has rhythms on it.
 * And the noise of a device is as strong in one second as in the next; blinks, muscles, movements and bursts of rhythms
 * make all bands of a head's EEG stronger and weaker together.
 */
export class EegSigns implements Signs, Stateful<EegSignsState> {
  readonly #channels: readonly WatchedChannel[];
  readonly #spectrum: SegmentSpectrum | null;
  readonly #segment: number;
  readonly #hop: number;
  #held = 0;
  /** As of the last segment. */
  #statistics: EegStatistics | null = null;

  constructor(info: StreamInfo) {
    this.#segment = samplesIn(SEGMENT_S, info.sfreq);
    this.#hop = samplesIn(HOP_S, info.sfreq);
    this.#spectrum = info.sfreq >= SLOWEST_HZ ? new SegmentSpectrum(this.#segment, info.sfreq) : null;
    const all = info.channels.length;
    const watched = Math.min(all, MOST_CHANNELS);
    this.#channels = Array.from(
      { length: watched },
      (_, i) => new WatchedChannel(Math.floor((i * all) / watched), this.#segment),
    );
  }

  push(chunk: Chunk): void {
    if (!this.#spectrum) return;
    if (chunk.gapBefore) this.#held = 0;
    const n = chunk.times.length;
    for (let at = 0; at < n; ) {
      const taken = Math.min(n - at, this.#segment - this.#held);
      for (const { channel, samples } of this.#channels)
        samples.set(channelOf(chunk, channel).subarray(at, at + taken), this.#held);
      this.#held += taken;
      at += taken;
      if (this.#held === this.#segment) this.#close(this.#spectrum);
    }
  }

  /** Means over the watched channels that had enough signal; null where none had. */
  get statistics(): EegStatistics | null {
    return this.#statistics;
  }

  #measure(): EegStatistics | null {
    const known = this.#channels.filter(({ loudness }) => loudness.n >= LEAST_SEGMENTS);
    if (known.length === 0) return null;
    let relief = 0;
    let swing = 0;
    for (const channel of known) {
      relief += channel.relief / RELIEF / known.length;
      swing += channel.loudness.variance / SWING / known.length;
    }
    return { relief, swing };
  }

  verdict(): number {
    const statistics = this.#statistics;
    if (!statistics) return Number.NaN;
    return statistics.relief >= LEAST_RELIEF || statistics.swing >= LEAST_SWING ? 1 : 0;
  }

  snapshot(): EegSignsState {
    return {
      channels: this.#channels.map((channel) => channel.snapshot()),
      held: this.#held,
      statistics: this.#statistics,
    };
  }

  restore({ channels, held, statistics }: EegSignsState): void {
    for (const [c, state] of channels.entries()) this.#channels[c].restore(state);
    this.#held = held;
    this.#statistics = statistics;
  }

  /** A segment is full: takes its spectra, of two channels at once, and keeps its later part. */
  #close(spectrum: SegmentSpectrum): void {
    const channels = this.#channels;
    for (let c = 0; c < channels.length; c += 2) {
      const second = Math.min(c + 1, channels.length - 1);
      const [one, other] = spectrum.of(channels[c].samples, channels[second].samples);
      channels[c].push(one);
      if (second > c) channels[second].push(other);
    }
    for (const { samples } of channels) samples.copyWithin(0, this.#hop);
    this.#held = this.#segment - this.#hop;
    this.#statistics = this.#measure();
  }
}

/** Bins `from` to `to` (exclusive) count by `share`. */
interface BinRun {
  readonly from: number;
  readonly to: number;
  readonly share: number;
}

/**
 * Power of segments in the bands, of two at once: Hann, without their means. A bin at a band's edge counts by its part within, so
 * that the powers vary alike whatever the rate.
 */
class SegmentSpectrum {
  readonly #fft: FftPair;
  readonly #window: Float64Array;
  readonly #centred: readonly [Float64Array, Float64Array];
  readonly #powers: readonly [Float64Array, Float64Array] = [
    new Float64Array(BANDS),
    new Float64Array(BANDS),
  ];
  /** Of each band: runs of bins, and how much of them. */
  readonly #parts: readonly (readonly BinRun[])[];

  constructor(length: number, sfreq: number) {
    const size = nextPowerOfTwo(length);
    this.#fft = fftPairOf(size);
    this.#window = hannWindow(length);
    this.#centred = [new Float64Array(length), new Float64Array(length)];
    const bin_hz = sfreq / size;
    this.#parts = bands.map(({ low_hz, high_hz }) => {
      // A bin reaches half a bin to either side.
      const [low, high] = [low_hz / bin_hz + 0.5, high_hz / bin_hz + 0.5];
      const [from, to] = [Math.ceil(low), Math.floor(high)];
      const runs = [
        { from: from - 1, to: from, share: from - low },
        { from, to, share: 1 },
        { from: to, to: to + 1, share: high - to },
      ];
      return runs.filter(({ share }) => share > 0);
    });
  }

  /** [bands] of each, up to a factor; NaN where a sample is missing. They hold until the next call. */
  of(first: Float64Array, second: Float64Array): readonly [Float64Array, Float64Array] {
    centre(first, this.#centred[0]);
    centre(second, this.#centred[1]);
    this.#fft.transform(this.#window, ...this.#centred);
    const [one, other] = this.#powers;
    for (const [j, parts] of this.#parts.entries()) {
      one[j] = 0;
      other[j] = 0;
      for (const { from, to, share } of parts) {
        const power = this.#fft.power(from, to);
        one[j] += share * power[0];
        other[j] += share * power[1];
      }
    }
    return this.#powers;
  }
}

/** Without its mean: a segment that isn't all there stays incomplete. */
function centre(samples: Float64Array, out: Float64Array): void {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i];
  const mean = sum / samples.length;
  for (let i = 0; i < samples.length; i++) out[i] = samples[i] - mean;
}

type WatchedChannelState = {
  readonly samples: Float64Array;
  readonly loudness: FadingMomentsState;
  readonly power: Float64Array;
};

class WatchedChannel implements Stateful<WatchedChannelState> {
  /** [segment] */
  readonly samples: Float64Array;
  /** Mean ln power of all bands, segment by segment. */
  readonly loudness = new FadingMoments(1 / FADE);
  readonly #power = new Float64Array(BANDS);

  constructor(
    readonly channel: number,
    length: number,
  ) {
    this.samples = new Float64Array(length);
  }

  push(powers: Float64Array): void {
    let loudness = 0;
    for (let j = 0; j < BANDS; j++) loudness += Math.log(powers[j]) / BANDS;
    // A missing sample, or silence.
    if (loudness - loudness !== 0) return;
    this.loudness.push(loudness);
    const weight = Math.max(1 / this.loudness.n, 1 / FADE);
    for (let j = 0; j < BANDS; j++) this.#power[j] += weight * (powers[j] - this.#power[j]);
  }

  snapshot(): WatchedChannelState {
    return {
      samples: this.samples.slice(),
      loudness: this.loudness.snapshot(),
      power: this.#power.slice(),
    };
  }

  restore({ samples, loudness, power }: WatchedChannelState): void {
    this.samples.set(samples);
    this.loudness.restore(loudness);
    this.#power.set(power);
  }

  /** Mean square of what a parabola leaves of the ln spectrum, over the sum of the segments' squared weights. */
  get relief(): number {
    let square = 0;
    const logs = this.#power.map(Math.log);
    for (const x of logs) square += x * x;
    for (const axis of parabola) {
      let along = 0;
      for (let j = 0; j < BANDS; j++) along += axis[j] * logs[j];
      square -= along * along;
    }
    return square / BANDS / this.loudness.share;
  }
}

/** Orthonormal basis of the parabolas in ln frequency over the bands (Gram-Schmidt). */
const parabola: readonly Float64Array[] = (() => {
  const ln = bands.map(({ low_hz, high_hz }) => Math.log((low_hz + high_hz) / 2));
  const middle = ln.reduce((sum, x) => sum + x, 0) / BANDS;
  const axes: Float64Array[] = [];
  for (let power = 0; power < 3; power++) {
    const axis = Float64Array.from(ln, (x) =>
      power === 0 ? 1 : power === 1 ? x - middle : (x - middle) * (x - middle),
    );
    for (const earlier of axes) {
      const along = axis.reduce((sum, x, j) => sum + x * earlier[j], 0);
      for (let j = 0; j < BANDS; j++) axis[j] -= along * earlier[j];
    }
    const size = Math.sqrt(axis.reduce((sum, x) => sum + x * x, 0));
    axes.push(axis.map((x) => x / size));
  }
  return axes;
})();
