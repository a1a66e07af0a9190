import FFT from 'fft.js';
import type { Affect } from '../../src/simulation/affect-trajectory.js';
import type { Person } from '../../src/simulation/person.js';
import { type SimulationOptions, simulateSession } from '../../src/simulation/session.js';

/** The population's mean person: responsivity and noise 1, nothing drawn. */
export const averagePerson: Person = {
  responsivity: {
    eeg: { valence: 1, arousal: 1 },
    eye: { valence: 1, arousal: 1 },
    heart: { valence: 1, arousal: 1 },
    skinConductance: { valence: 1, arousal: 1 },
    skinTemperature: { valence: 1, arousal: 1 },
    muscle: { valence: 1, arousal: 1 },
  },
  noise: { eeg: 1, eye: 1, heart: 1, skinConductance: 1, skinTemperature: 1, muscle: 1 },
  eegGain: 1,
  alphaPeak_hz: 10,
  alphaAsymmetry: 0,
  heartRate_per_min: 70,
  respiration_per_min: 15,
  pulseGain: 1,
  ecgGain: 1,
  pupil_mm: 3.6,
  blinks_per_min: 15,
  skinConductance_us: 4,
  scr_us: 0.3,
  skinTemperature_degc: 32.5,
  zygomaticus_uv: 3,
  corrugator_uv: 5,
};

/** Affect that stays where it is. */
export function steady(valence: number, arousal: number): Affect {
  return { valence: () => valence, arousal: () => arousal };
}

/** Samples of one stream as [C][n], of the average person unless told otherwise. */
export function record(
  id: string,
  options: Partial<SimulationOptions> & Pick<SimulationOptions, 'duration_s'>,
): { channels: Float64Array[]; times: Float64Array; sfreq: number; labels: string[] } {
  const values: number[][] = [];
  const times: number[] = [];
  let sfreq = 0;
  let labels: string[] = [];
  for (const message of simulateSession({
    profile: 'epoc',
    seed: 1,
    person: averagePerson,
    only: id === 'annotation' ? [] : [id as 'eeg'],
    ...options,
  })) {
    if (message.kind === 'open' && message.info.id === id) {
      sfreq = message.info.sfreq;
      labels = message.info.channels.map((channel) => channel.label);
      for (const _ of labels) values.push([]);
    }
    if (message.kind !== 'chunk' || message.chunk.info.id !== id) continue;
    const n = message.chunk.times.length;
    for (const t of message.chunk.times) times.push(t);
    for (let c = 0; c < labels.length; c++)
      for (let k = 0; k < n; k++) values[c].push(message.chunk.data[c * n + k]);
  }
  return {
    channels: values.map((channel) => Float64Array.from(channel)),
    times: Float64Array.from(times),
    sfreq,
    labels,
  };
}

/** Mean periodogram of 2-s Hann segments: power density at multiples of 0.5 Hz. */
export function spectrum(x: Float64Array, sfreq: number): Float64Array {
  const n = 2 * sfreq;
  let size = 1;
  while (size < n) size *= 2;
  if (size !== n) throw new Error('the test needs a rate that is a power of two');
  const fft = new FFT(n);
  const window = Float64Array.from({ length: n }, (_, k) => 0.5 - 0.5 * Math.cos((2 * Math.PI * k) / n));
  const power = new Float64Array(n / 2);
  const out = fft.createComplexArray();
  const segments = Math.floor(x.length / n);
  for (let s = 0; s < segments; s++) {
    const segment = Array.from(window, (w, k) => w * x[s * n + k]);
    fft.realTransform(out, segment);
    for (let k = 0; k < n / 2; k++)
      power[k] += (out[2 * k] * out[2 * k] + out[2 * k + 1] * out[2 * k + 1]) / segments;
  }
  return power;
}

/** ln of the mean power from `low_hz` up to `high_hz`. */
export function lnBandPower(x: Float64Array, sfreq: number, low_hz: number, high_hz: number): number {
  const power = spectrum(x, sfreq).subarray(2 * low_hz, 2 * high_hz);
  return Math.log(mean(power));
}

export function mean(x: ArrayLike<number>): number {
  let sum = 0;
  let n = 0;
  for (let i = 0; i < x.length; i++)
    if (!Number.isNaN(x[i])) {
      sum += x[i];
      n++;
    }
  return sum / n;
}

export function deviation(x: ArrayLike<number>): number {
  const m = mean(x);
  return Math.sqrt(mean(Array.from(x, (value) => (value - m) * (value - m))));
}

export function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const mx = mean(x);
  const my = mean(y);
  const product = mean(Array.from(x, (value, i) => (value - mx) * (y[i] - my)));
  return product / (deviation(x) * deviation(y));
}
