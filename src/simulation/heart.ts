import { Random } from '../core/random.js';
import type { StreamInfo } from '../core/signal.js';
import { type Beat, BeatTrain } from './beat-train.js';
import { OrnsteinUhlenbeck } from './ornstein-uhlenbeck.js';
import type { Signal, Subject } from './signal.js';

interface Wave {
  /** Of its middle, after the R peak. */
  readonly delay_s: number;
  readonly width_s: number;
  readonly size: number;
}

/** P, Q, R, S, T as Gaussians, mV: the shape of McSharry et al. 2003 (doi:10.1109/TBME.2003.808805) in time. */
const ecgWaves: readonly Wave[] = [
  { delay_s: -0.17, width_s: 0.022, size: 0.12 },
  { delay_s: -0.028, width_s: 0.009, size: -0.14 },
  { delay_s: 0, width_s: 0.011, size: 1.1 },
  { delay_s: 0.028, width_s: 0.01, size: -0.22 },
  { delay_s: 0.27, width_s: 0.05, size: 0.28 },
];

/** Systolic peak and reflected wave at the finger, a pulse transit time after the R peak; the sum is about 1 high. */
const pulseWaves: readonly Wave[] = [
  { delay_s: 0.35, width_s: 0.08, size: 1 },
  { delay_s: 0.6, width_s: 0.11, size: 0.4 },
];

/** A signal made of the same waves at every beat, on a wandering baseline with white noise. */
class BeatSignal implements Signal {
  readonly #beats: BeatTrain;
  readonly #random: Random;
  readonly #baseline: OrnsteinUhlenbeck;
  readonly #data: Float64Array;
  #second = 0;

  constructor(
    subject: Subject,
    readonly info: StreamInfo,
    readonly waves: readonly Wave[],
    readonly noise: number,
    readonly size: (beat: Beat) => number,
    baseline: number,
  ) {
    this.#beats = new BeatTrain(subject);
    this.#random = new Random(subject.seed, `heart/${info.type}`);
    this.#baseline = new OrnsteinUhlenbeck(this.#random, baseline, 3, 1 / info.sfreq);
    this.#data = new Float64Array(info.sfreq);
  }

  next(): Float64Array {
    const n = this.info.sfreq;
    const data = this.#data;
    for (let k = 0; k < n; k++) data[k] = this.#baseline.next() + this.noise * this.#random.gaussian();
    for (const beat of this.#beats.within(this.#second - 1.5, this.#second + 1.5)) {
      const size = this.size(beat);
      for (const wave of this.waves) {
        const middle = (beat.time + wave.delay_s - this.#second) * n;
        const width = wave.width_s * n;
        const from = Math.max(0, Math.ceil(middle - 5 * width));
        const to = Math.min(n, Math.ceil(middle + 5 * width));
        for (let k = from; k < to; k++) {
          const z = (k - middle) / width;
          data[k] += size * wave.size * Math.exp(-0.5 * z * z);
        }
      }
    }
    this.#second++;
    return data;
  }
}

/** One lead, mV. */
export function ecg(subject: Subject, info: StreamInfo): Signal {
  const { person } = subject;
  return new BeatSignal(subject, info, ecgWaves, 0.02 * person.noise.heart, () => person.ecgGain, 0.08);
}

/** Light absorbed at the finger, in units of the average person's pulse. */
export function ppg(subject: Subject, info: StreamInfo): Signal {
  const { person } = subject;
  return new BeatSignal(
    subject,
    info,
    pulseWaves,
    0.02 * person.noise.heart,
    (beat) => person.pulseGain * beat.pulse,
    0.15,
  );
}
