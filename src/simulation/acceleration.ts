import { Random } from '../core/random.js';
import type { StreamInfo } from '../core/signal.js';
import { OrnsteinUhlenbeck } from './ornstein-uhlenbeck.js';
import type { Signal, Subject } from './signal.js';

/** Head or wrist acceleration, g, of a person who sits still: gravity, slow sway, and no affect in it. */
export class Acceleration implements Signal {
  readonly #random: Random;
  readonly #sway: readonly OrnsteinUhlenbeck[];
  readonly #data: Float64Array;

  constructor(
    subject: Subject,
    readonly info: StreamInfo,
  ) {
    this.#random = new Random(subject.seed, 'acceleration');
    this.#sway = info.channels.map(() => new OrnsteinUhlenbeck(this.#random, 0.02, 2, 1 / info.sfreq));
    this.#data = new Float64Array(info.channels.length * info.sfreq);
  }

  next(): Float64Array {
    const n = this.info.sfreq;
    this.#sway.forEach((sway, c) => {
      const gravity = c === 2 ? 1 : 0;
      for (let k = 0; k < n; k++)
        this.#data[c * n + k] = gravity + sway.next() + 0.004 * this.#random.gaussian();
    });
    return this.#data;
  }
}
