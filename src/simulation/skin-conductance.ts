import { Random } from '../core/random.js';
import type { StreamInfo } from '../core/signal.js';
import { effects } from './effects.js';
import { LowPass } from './low-pass.js';
import { OrnsteinUhlenbeck } from './ornstein-uhlenbeck.js';
import { CONTROL_HZ, CONTROL_S, type Signal, type Subject } from './signal.js';

/** Rise and recovery of a response, s: Bateman's biexponential with the time constants of cvxEDA. */
const RISE_S = 0.7;
const RECOVERY_S = 2;
const NOISE_US = 0.003;
/** The level drifts smoothly: a rough drift would look like responses. */
const DRIFT_TAU_S = 5;

/** Peak of exp(-t / RECOVERY_S) - exp(-t / RISE_S). */
const BATEMAN_PEAK = (() => {
  const peak = (Math.log(RECOVERY_S / RISE_S) * RISE_S * RECOVERY_S) / (RECOVERY_S - RISE_S);
  return Math.exp(-peak / RECOVERY_S) - Math.exp(-peak / RISE_S);
})();

interface Response {
  readonly onset: number;
  readonly amplitude_us: number;
}

/** Skin conductance, uS: a tonic level that follows arousal slowly, and responses that come more often with it. */
export class SkinConductance implements Signal {
  readonly #subject: Subject;
  readonly #random: Random;
  readonly #responses: Random;
  readonly #drift: OrnsteinUhlenbeck;
  readonly #level = new LowPass(effects.skinConductance.level_tau_s);
  readonly #smooth = new LowPass(DRIFT_TAU_S);
  readonly #data: Float64Array;
  #pending: Response[] = [];
  #slow = 0;
  #fast = 0;
  #second = 0;

  constructor(
    subject: Subject,
    readonly info: StreamInfo,
  ) {
    this.#subject = subject;
    this.#random = new Random(subject.seed, 'skin-conductance');
    this.#responses = new Random(subject.seed, 'skin-conductance-responses');
    this.#drift = new OrnsteinUhlenbeck(
      this.#random,
      0.04 * subject.person.noise.skinConductance,
      30,
      1 / info.sfreq,
    );
    this.#data = new Float64Array(info.sfreq);
    for (let s = -10; s < 0; s++) this.#excite(s);
  }

  next(): Float64Array {
    const n = this.info.sfreq;
    const { person, affect } = this.#subject;
    const { level_delay_s, level_arousal } = effects.skinConductance;
    this.#excite(this.#second);
    const keepSlow = Math.exp(-1 / (n * RECOVERY_S));
    const keepFast = Math.exp(-1 / (n * RISE_S));
    for (let k = 0; k < n; k++) {
      const t = this.#second + k / n;
      this.#slow *= keepSlow;
      this.#fast *= keepFast;
      for (const { onset, amplitude_us } of this.#pending) {
        if (onset > t) continue;
        this.#slow += amplitude_us * Math.exp((onset - t) / RECOVERY_S);
        this.#fast += amplitude_us * Math.exp((onset - t) / RISE_S);
      }
      this.#pending = this.#pending.filter(({ onset }) => onset > t);
      const arousal =
        person.responsivity.skinConductance.arousal *
        this.#level.next(affect.arousal(t - level_delay_s), 1 / n);
      this.#data[k] =
        person.skinConductance_us *
          Math.exp(level_arousal * arousal + this.#smooth.next(this.#drift.next(), 1 / n)) +
        (this.#slow - this.#fast) / BATEMAN_PEAK +
        NOISE_US * this.#random.gaussian();
    }
    this.#second++;
    return this.#data;
  }

  /** Draws the bursts of sudomotor nerves in the second from `second` on; each shows in the skin 1-3 s later. */
  #excite(second: number): void {
    const { person, affect } = this.#subject;
    const { rate_per_min, rate_arousal, amplitude_arousal, latency_s } = effects.skinConductance;
    for (let step = 0; step < CONTROL_HZ; step++) {
      const t = second + step * CONTROL_S;
      const arousal = person.responsivity.skinConductance.arousal * affect.arousal(t);
      const expected = (rate_per_min / 60) * Math.exp(rate_arousal * arousal) * CONTROL_S;
      if (this.#responses.uniform() >= expected) continue;
      this.#pending.push({
        onset: t + this.#responses.between(latency_s[0], latency_s[1]),
        amplitude_us: person.scr_us * Math.exp(amplitude_arousal * arousal) * this.#responses.logNormal(0.5),
      });
    }
  }
}
