import { Random } from '../core/random.js';
import type { StreamInfo } from '../core/signal.js';
import { effects, rising } from './effects.js';
import { OrnsteinUhlenbeck } from './ornstein-uhlenbeck.js';
import { CONTROL_HZ, CONTROL_S, controlStep, type Signal, type Subject } from './signal.js';
import { sine } from './sine.js';

/** Channels of the simulated facial EMG, in order. */
export const muscleChannels = [
  { label: 'zygomaticus', unit: 'uV', type: 'EMG' },
  { label: 'corrugator', unit: 'uV', type: 'EMG' },
] as const;

const FLOOR_UV = 1;
const MAINS_UV = 0.8;
const MAINS_HZ = 50;

/** One muscle's interference pattern: white noise, high-passed by a first difference, scaled by the muscle's effort. */
class Muscle {
  readonly #random: Random;
  readonly #tension: OrnsteinUhlenbeck;
  readonly #phase: number;
  #last = 0;
  #burst = 0;

  constructor(
    readonly subject: Subject,
    label: string,
    readonly rest_uv: number,
    readonly drive: (valence: number) => number,
  ) {
    this.#random = new Random(subject.seed, `muscle/${label}`);
    this.#tension = new OrnsteinUhlenbeck(this.#random, 0.18 * subject.person.noise.muscle, 8, CONTROL_S);
    this.#phase = this.#random.uniform();
  }

  fill(second: number, out: Float64Array): void {
    const { person, affect } = this.subject;
    const sfreq = out.length;
    let step = -1;
    let uv = 0;
    for (let k = 0; k < sfreq; k++) {
      const now = controlStep(k, sfreq);
      if (now !== step) {
        step = now;
        const valence = affect.valence(second + step / CONTROL_HZ - effects.muscle.delay_s);
        // Speech or a swallow every 40 s or so, for half a second.
        if (this.#burst > 0) this.#burst--;
        else if (this.#random.uniform() < CONTROL_S / 40) this.#burst = CONTROL_HZ / 2;
        uv =
          this.rest_uv *
          Math.exp(person.responsivity.muscle.valence * this.drive(valence) + this.#tension.next()) *
          (this.#burst > 0 ? 3 : 1);
      }
      const white = this.#random.gaussian();
      out[k] =
        uv * Math.SQRT1_2 * (white - this.#last) +
        FLOOR_UV * this.#random.gaussian() +
        MAINS_UV * sine((MAINS_HZ * k) / sfreq + this.#phase);
      this.#last = white;
    }
  }
}

/** Facial EMG, uV: cheek (smiling) and brow (frowning). */
export class FacialMuscle implements Signal {
  readonly #muscles: readonly Muscle[];
  readonly #data: Float64Array;
  #second = 0;

  constructor(
    subject: Subject,
    readonly info: StreamInfo,
  ) {
    const { person } = subject;
    this.#muscles = [
      new Muscle(
        subject,
        'zygomaticus',
        person.zygomaticus_uv,
        (valence) => effects.muscle.zygomaticus_valence * rising(valence),
      ),
      new Muscle(
        subject,
        'corrugator',
        person.corrugator_uv,
        (valence) => effects.muscle.corrugator_valence * valence,
      ),
    ];
    this.#data = new Float64Array(2 * info.sfreq);
  }

  next(): Float64Array {
    const n = this.info.sfreq;
    this.#muscles.forEach((muscle, m) => {
      muscle.fill(this.#second, this.#data.subarray(m * n, (m + 1) * n));
    });
    this.#second++;
    return this.#data;
  }
}
