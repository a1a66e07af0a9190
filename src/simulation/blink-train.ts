import type { Seconds } from '../core/clock.js';
import { Random } from '../core/random.js';
import { effects } from './effects.js';
import type { Subject } from './signal.js';

export interface Blink {
  /** The lid begins to fall. */
  readonly start: Seconds;
  /** The lid is up again. */
  readonly end: Seconds;
  /** Relative size of its trace in the EEG. */
  readonly size: number;
}

/**
 * When a person blinks. Every instance for the same subject gives the same blinks, so the EEG and the eye
 * tracker see the same ones.
 */
export class BlinkTrain {
  readonly #random: Random;
  #next: Blink;
  #recent: Blink[] = [];

  constructor(readonly subject: Subject) {
    this.#random = new Random(subject.seed, 'blinks');
    this.#next = this.#draw(0);
  }

  /** Blinks that touch [from, to), in order. Calls must not go back in time. */
  within(from: Seconds, to: Seconds): readonly Blink[] {
    while (this.#next.start < to) {
      this.#recent.push(this.#next);
      this.#next = this.#draw(this.#next.end);
    }
    this.#recent = this.#recent.filter((blink) => blink.end > from);
    return this.#recent;
  }

  #draw(after: Seconds): Blink {
    const { person, affect } = this.subject;
    const answer = person.responsivity.eye;
    const rate_hz =
      (person.blinks_per_min / 60) *
      Math.exp(
        effects.blink.arousal * answer.arousal * affect.arousal(after) +
          effects.blink.valence * answer.valence * affect.valence(after),
      );
    const refractory_s = 0.4;
    const start = after + refractory_s + this.#random.exponential(Math.max(0.1, 1 / rate_hz - refractory_s));
    return {
      start,
      end: start + 0.18 * this.#random.logNormal(0.25) + 0.08,
      size: this.#random.logNormal(0.2),
    };
  }
}
