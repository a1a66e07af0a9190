import type { Random } from '../core/random.js';
import { cosine } from './sine.js';

/**
 * A rhythm with unit variance: second-order autoregressive noise with its peak near `centre_hz` and the half-power
 * width `width_hz`. Its amplitude waxes and wanes by itself over about 1 / (pi width) s, as spontaneous rhythms do.
 */
export class Resonator {
  readonly #a1: number;
  readonly #a2: number;
  readonly #gain: number;
  #y1 = 0;
  #y2 = 0;

  constructor(
    readonly random: Random,
    centre_hz: number,
    width_hz: number,
    sfreq_hz: number,
  ) {
    const r = Math.exp((-Math.PI * width_hz) / sfreq_hz);
    const c = cosine(centre_hz / sfreq_hz);
    this.#a1 = 2 * r * c;
    this.#a2 = -r * r;
    // Variance of an AR(2) process driven by unit noise.
    const variance =
      (1 - this.#a2) / ((1 + this.#a2) * ((1 - this.#a2) * (1 - this.#a2) - this.#a1 * this.#a1));
    this.#gain = 1 / Math.sqrt(variance);
    const settle = Math.ceil((3 * sfreq_hz) / width_hz);
    for (let i = 0; i < settle; i++) this.next();
  }

  next(): number {
    const y = this.#a1 * this.#y1 + this.#a2 * this.#y2 + this.#gain * this.random.gaussian();
    this.#y2 = this.#y1;
    this.#y1 = y;
    return y;
  }
}
