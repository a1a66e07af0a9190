import { Random } from '../core/random.js';
import type { StreamInfo } from '../core/signal.js';
import { effects } from './effects.js';
import { LowPass } from './low-pass.js';
import { OrnsteinUhlenbeck } from './ornstein-uhlenbeck.js';
import type { Signal, Subject } from './signal.js';

const WANDER_DEGC = 0.12;
const NOISE_DEGC = 0.01;
/** Skin can't change its temperature abruptly. */
const WANDER_TAU_S = 5;

/** Finger temperature, degC: falls with arousal, late and slowly. */
export class SkinTemperature implements Signal {
  readonly #subject: Subject;
  readonly #random: Random;
  readonly #wander: OrnsteinUhlenbeck;
  readonly #affect = new LowPass(effects.skinTemperature.tau_s);
  readonly #smooth = new LowPass(WANDER_TAU_S);
  readonly #data: Float64Array;
  #second = 0;

  constructor(
    subject: Subject,
    readonly info: StreamInfo,
  ) {
    this.#subject = subject;
    this.#random = new Random(subject.seed, 'skin-temperature');
    this.#wander = new OrnsteinUhlenbeck(
      this.#random,
      WANDER_DEGC * subject.person.noise.skinTemperature,
      60,
      1 / info.sfreq,
    );
    this.#data = new Float64Array(info.sfreq);
  }

  next(): Float64Array {
    const n = this.info.sfreq;
    const { person, affect } = this.#subject;
    const { delay_s, arousal_degc, valence_degc } = effects.skinTemperature;
    const answer = person.responsivity.skinTemperature;
    for (let k = 0; k < n; k++) {
      const t = this.#second + k / n - delay_s;
      const shift =
        arousal_degc * answer.arousal * affect.arousal(t) + valence_degc * answer.valence * affect.valence(t);
      this.#data[k] =
        person.skinTemperature_degc +
        this.#affect.next(shift, 1 / n) +
        this.#smooth.next(this.#wander.next(), 1 / n) +
        NOISE_DEGC * this.#random.gaussian();
    }
    this.#second++;
    return this.#data;
  }
}
