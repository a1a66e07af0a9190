/** First-order lag with time constant `tau_s`; starts settled on its first input. */
export class LowPass {
  #value = 0;
  #started = false;

  constructor(readonly tau_s: number) {}

  /** The output after `dt_s` of `input`. */
  next(input: number, dt_s: number): number {
    if (this.#started) this.#value += (1 - Math.exp(-dt_s / this.tau_s)) * (input - this.#value);
    else this.#value = input;
    this.#started = true;
    return this.#value;
  }
}
