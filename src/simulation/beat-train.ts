import type { Seconds } from '../core/clock.js';
import { Random } from '../core/random.js';
import { effects } from './effects.js';
import { LowPass } from './low-pass.js';
import { OrnsteinUhlenbeck } from './ornstein-uhlenbeck.js';
import type { Subject } from './signal.js';
import { sine } from './sine.js';

export interface Beat {
  /** Of the R peak. */
  readonly time: Seconds;
  /** To the next R peak. */
  readonly interval_s: Seconds;
  /** Size of the pulse at the finger. */
  readonly pulse: number;
}

/**
 * What the rate does by itself: over some seconds, as blood pressure does, and over half a minute. Fitted to people at rest by
 * `scripts/fit-heart-wander.mjs` (docs/explanation/simulation.md).
 */
const WANDERS = [
  { per_min: 3, tau_s: 4 },
  { per_min: 2.7, tau_s: 35 },
] as const;
/** How much people differ in it: deviation of its ln. */
const WANDER_PEOPLE = 0.3;
const RESPIRATORY_PER_MIN = 3;
/** Time over which the wander is drawn anew; beats are about this far apart. */
const BEAT_S = 0.85;

/**
 * When a person's heart beats: rate follows arousal (and a little valence) with a lag, respiration (sinus
 * arrhythmia) and a slow wander of its own. Every instance for the same subject gives the same beats, so ECG and
 * PPG agree.
 */
export class BeatTrain {
  readonly #wanders: readonly OrnsteinUhlenbeck[];
  readonly #pulseNoise: OrnsteinUhlenbeck;
  readonly #jitter: Random;
  readonly #valence = new LowPass(effects.heart.tau_s);
  readonly #arousal = new LowPass(effects.heart.tau_s);
  #breath: number;
  #next: Beat;
  #recent: Beat[] = [];

  constructor(readonly subject: Subject) {
    const noise = subject.person.noise.heart;
    this.#jitter = new Random(subject.seed, 'beats');
    const own = noise * new Random(subject.seed, 'beats-wander').logNormal(WANDER_PEOPLE);
    this.#wanders = WANDERS.map(
      ({ per_min, tau_s }) => new OrnsteinUhlenbeck(this.#jitter, own * per_min, tau_s, BEAT_S),
    );
    this.#pulseNoise = new OrnsteinUhlenbeck(this.#jitter, 0.1 * noise, 6, BEAT_S);
    this.#breath = this.#jitter.uniform();
    this.#next = this.#draw(-2, BEAT_S);
  }

  /** Beats with an R peak in [from, to), in order. Calls must not go back in time. */
  within(from: Seconds, to: Seconds): readonly Beat[] {
    while (this.#next.time < to) {
      this.#recent.push(this.#next);
      this.#next = this.#draw(this.#next.time + this.#next.interval_s, this.#next.interval_s);
    }
    this.#recent = this.#recent.filter((beat) => beat.time >= from);
    return this.#recent;
  }

  #draw(time: Seconds, since_s: Seconds): Beat {
    const { person, affect } = this.subject;
    const answer = person.responsivity.heart;
    const valence = answer.valence * this.#valence.next(affect.valence(time), since_s);
    const arousal = answer.arousal * this.#arousal.next(affect.arousal(time), since_s);
    this.#breath += (since_s * person.respiration_per_min * (1 + 0.1 * arousal)) / 60;
    const rate_per_min =
      person.heartRate_per_min +
      effects.heart.rate_arousal_per_min * arousal +
      effects.heart.rate_valence_per_min * valence +
      this.#wanders.reduce((sum, wander) => sum + wander.next(), 0) +
      RESPIRATORY_PER_MIN * Math.exp(effects.heart.respiratory_arousal * arousal) * sine(this.#breath);
    return {
      time,
      interval_s: 60 / Math.max(35, rate_per_min) + 0.008 * this.#jitter.gaussian(),
      pulse: Math.exp(effects.heart.pulse_arousal * arousal + this.#pulseNoise.next()),
    };
  }
}
