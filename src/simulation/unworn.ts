import FFT from 'fft.js';
import type { Seconds } from '../core/clock.js';
import { Random } from '../core/random.js';
import type { Channel, StreamInfo, StreamMessage, StreamType } from '../core/signal.js';
import { designButterworthBandpass } from '../signal/dsp/butterworth-bandpass.js';
import { nextPowerOfTwo } from '../signal/dsp/periodogram.js';
import { SosFilter } from '../signal/dsp/sos-filter.js';
import { eyeChannels } from './eye.js';
import { scalpPosition } from './scalp-position.js';
import { sine } from './sine.js';

/** What a sensor gives while nobody wears it. */
export interface UnwornStream {
  readonly info: StreamInfo;
  /** [C][n] */
  readonly rows: readonly Float64Array[];
}

interface Common {
  readonly seed: number | string;
  readonly duration_s: Seconds;
}

/** Electrodes whose noise comes from everywhere: each for itself, the nearer the more alike, or mixed at random. */
export const headMixings = ['independent', 'near', 'random'] as const;
export type HeadMixing = (typeof headMixings)[number];

export interface UnwornHeadOptions extends Common {
  readonly labels: readonly string[];
  readonly sfreq: number;
  /** Power falls as 1 / f to this: 0 is white. */
  readonly exponent: number;
  readonly mixing: HeadMixing;
  /** Root mean square of each electrode, before any filter. */
  readonly rms_uv: number;
  /** Through a filter from 0.5 to 45 Hz, as recordings are. */
  readonly filtered: boolean;
  /** Amplitude of mains at 50 Hz; default none. */
  readonly mains_uv?: number;
}

/** A headset without a head. */
export function unwornHead(options: UnwornHeadOptions): UnwornStream {
  const { labels, sfreq, exponent, mixing, rms_uv, filtered, mains_uv = 0 } = options;
  const random = new Random(options.seed, 'unworn-head');
  const n = Math.round(options.duration_s * sfreq);
  const sources = powerLaws(random, labels.length, n, exponent);
  const rows = mixed(sources, mixing, labels, random).map((row) => {
    const uv = scaled(row, rms_uv);
    const phase = random.uniform();
    for (let k = 0; mains_uv > 0 && k < n; k++) uv[k] += mains_uv * sine((50 * k) / sfreq + phase);
    return filtered ? bandpassed(uv, 0.5, 45, sfreq) : uv;
  });
  return { info: infoOf('EEG', sfreq, electrodes(labels)), rows };
}

export interface UnwornEyesOptions extends Common {
  readonly sfreq: number;
  /** What the tracker gives: no number, one number, or another number each time. */
  readonly gives: 'nothing' | 'constant' | 'white';
}

/** An eye tracker without eyes. */
export function unwornEyes({ seed, duration_s, sfreq, gives }: UnwornEyesOptions): UnwornStream {
  const random = new Random(seed, 'unworn-eyes');
  const n = Math.round(duration_s * sfreq);
  const rows = eyeChannels.map(({ type }) => {
    const [middle, spread] = type === 'pupil' ? [3.5, 0.3] : [0, 5];
    const still = middle + spread * random.gaussian();
    return Float64Array.from({ length: n }, () => {
      if (gives === 'nothing') return Number.NaN;
      return gives === 'constant' ? still : middle + spread * random.gaussian();
    });
  });
  return { info: infoOf('Gaze', sfreq, eyeChannels), rows };
}

export interface UnwornWristOptions extends Common {
  /** In the room's air, or on a mug that cools: skin conductance walks at random, and the pulse is noise of 0.5 to 8 Hz. */
  readonly on: 'table' | 'mug';
}

/** Rates of an Empatica E4. */
const PPG_HZ = 64;
const SLOW_HZ = 4;

/** A wristband without a wrist: pulse, skin conductance and skin temperature. */
export function unwornWrist({ seed, duration_s, on }: UnwornWristOptions): UnwornStream[] {
  const random = new Random(seed, 'unworn-wrist');
  const white = (n: number) => Float64Array.from({ length: n }, () => random.gaussian());
  const slow = Math.round(duration_s * SLOW_HZ);
  const light = white(Math.round(duration_s * PPG_HZ));
  const room_degc = random.between(20, 25);
  const mug_degc = random.between(38, 44);
  let walk_us = random.between(1, 5);
  const step_us = random.between(0.005, 0.05);
  const eda = white(slow).map((x) => {
    if (on === 'table') return 0.02 + 0.002 * x;
    walk_us = Math.abs(walk_us + step_us * x);
    return walk_us;
  });
  const temp = white(slow).map((x, k) => {
    const left = on === 'mug' ? (mug_degc - room_degc) * Math.exp(-k / SLOW_HZ / 1200) : 0;
    return room_degc + left + 0.02 * x;
  });
  const one = (label: string, unit: string): Channel[] => [{ label, unit, type: label }];
  return [
    {
      info: infoOf('PPG', PPG_HZ, one('BVP', '')),
      rows: [on === 'mug' ? scaled(bandpassed(light, 0.5, 8, PPG_HZ), 30) : light],
    },
    { info: infoOf('EDA', SLOW_HZ, one('EDA', 'uS')), rows: [eda] },
    { info: infoOf('TEMP', SLOW_HZ, one('TEMP', 'degC')), rows: [temp] },
  ];
}

/** The streams as messages, second by second. */
export function* unwornMessages(streams: readonly UnwornStream[]): Generator<StreamMessage> {
  for (const { info } of streams) yield { kind: 'open', info };
  const seconds = Math.max(...streams.map(({ info, rows }) => Math.ceil(rows[0].length / info.sfreq)));
  for (let second = 0; second < seconds; second++)
    for (const { info, rows } of streams) {
      const from = second * info.sfreq;
      const n = Math.min(info.sfreq, rows[0].length - from);
      if (n <= 0) continue;
      const data = new Float64Array(rows.length * n);
      for (const [c, row] of rows.entries()) data.set(row.subarray(from, from + n), c * n);
      const times = Float64Array.from({ length: n }, (_, k) => (from + k) / info.sfreq);
      yield { kind: 'chunk', chunk: { info, data, times, gapBefore: false } };
    }
  for (const { info } of streams) yield { kind: 'close', id: info.id };
}

function infoOf(type: StreamType, sfreq: number, channels: readonly Channel[]): StreamInfo {
  const id = type.toLowerCase();
  return { id, name: `unworn ${type}`, type, sourceId: `unworn-${id}`, sfreq, channels, simulated: true };
}

function electrodes(labels: readonly string[]): Channel[] {
  return labels.map((label) => ({ label, unit: 'uV', type: 'EEG' }));
}

/**
 * `count` Gaussian noises of `n` samples whose power falls as 1 / f to `exponent`, made from their spectra, two at once: the
 * real and the imaginary part of a complex noise.
 */
function powerLaws(random: Random, count: number, n: number, exponent: number): Float64Array[] {
  if (exponent === 0)
    return Array.from({ length: count }, () => Float64Array.from({ length: n }, () => random.gaussian()));
  const size = nextPowerOfTwo(n + 1);
  const fft = new FFT(size);
  const amplitudes = Float64Array.from({ length: size }, (_, k) =>
    k === 0 ? 0 : Math.exp((-exponent / 2) * Math.log(Math.min(k, size - k))),
  );
  const signal = fft.createComplexArray();
  const noises: Float64Array[] = [];
  while (noises.length < count) {
    const spectrum = Array.from({ length: 2 * size }, (_, i) => amplitudes[i >> 1] * random.gaussian());
    fft.inverseTransform(signal, spectrum);
    for (const part of [0, 1]) noises.push(Float64Array.from({ length: n }, (_, k) => signal[2 * k + part]));
  }
  return noises.slice(0, count).map((noise) => scaled(noise, 1));
}

function mixed(
  sources: readonly Float64Array[],
  mixing: HeadMixing,
  labels: readonly string[],
  random: Random,
): readonly Float64Array[] {
  if (mixing === 'independent') return sources;
  const places = labels.map((label) => scalpPosition(label) ?? [0, 0, 1]);
  return labels.map((_, to) => {
    const row = new Float64Array(sources[0].length);
    for (const [from, source] of sources.entries()) {
      const cosine = places[to].reduce((sum, x, axis) => sum + x * places[from][axis], 0);
      const weight = mixing === 'near' ? Math.exp((cosine - 1) / 0.3) : random.gaussian();
      for (let k = 0; k < row.length; k++) row[k] += weight * source[k];
    }
    return row;
  });
}

function bandpassed(row: Float64Array, low_hz: number, high_hz: number, sfreq: number): Float64Array {
  const filter = new SosFilter(designButterworthBandpass(4, low_hz, high_hz, sfreq), 1);
  const out = new Float64Array(row.length);
  filter.process(0, row, out, 0, row.length);
  return out;
}

/** Without its mean, and with the given root mean square. */
function scaled(row: Float64Array, rms: number): Float64Array {
  const mean = row.reduce((sum, x) => sum + x, 0) / row.length;
  const square = row.reduce((sum, x) => sum + (x - mean) * (x - mean), 0) / row.length;
  return row.map((x) => (rms * (x - mean)) / Math.sqrt(square));
}
