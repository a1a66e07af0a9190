import type { Random } from '../core/random.js';

/** A wandering value with zero mean, standard deviation `sd` and correlation time `tau_s`, stepped by `dt_s`. */
export class OrnsteinUhlenbeck {
  #value: number;
  readonly #keep: number;
  readonly #kick: number;

  constructor(
    readonly random: Random,
    sd: number,
    tau_s: number,
    dt_s: number,
  ) {
    this.#keep = Math.exp(-dt_s / tau_s);
    this.#kick = sd * Math.sqrt(1 - this.#keep * this.#keep);
    this.#value = sd * random.gaussian();
  }

  next(): number {
    this.#value = this.#keep * this.#value + this.#kick * this.random.gaussian();
    return this.#value;
  }
}
