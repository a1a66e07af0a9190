/** How fast the difference between the eyes is learnt, as a share of what is new in each sample. */
const LEARNING = 0.02;

/**
 * One value from two eyes (or one, or more): the mean. While an eye is lost, its usual difference from the mean is
 * taken off the others, so that losing it makes no step.
 */
export class BothEyes {
  readonly #difference: Float64Array;
  #learnt = false;

  constructor(readonly eyes: number) {
    this.#difference = new Float64Array(eyes);
  }

  /** `values` [eyes], NaN where an eye is lost; NaN where all are. */
  combine(values: Float64Array): number {
    return this.eyes === 2 ? this.#ofTwo(values[0], values[1]) : this.#ofAny(values);
  }

  /** What {@link #ofAny} gives for two, whose differences from the mean are each other's negatives. */
  #ofTwo(a: number, b: number): number {
    const seesA = a - a === 0;
    const seesB = b - b === 0;
    const difference = this.#difference;
    if (seesA && seesB) {
      difference[0] += ((a - b) / 2 - difference[0]) * (this.#learnt ? LEARNING : 1);
      this.#learnt = true;
      return (a + b) / 2;
    }
    if (seesA) return a - difference[0];
    return seesB ? b + difference[0] : Number.NaN;
  }

  #ofAny(values: Float64Array): number {
    let sum = 0;
    let seen = 0;
    for (let e = 0; e < this.eyes; e++) {
      if (values[e] - values[e] !== 0) continue;
      sum += values[e];
      seen++;
    }
    if (seen === this.eyes) {
      const mean = sum / seen;
      for (let e = 0; e < this.eyes; e++)
        this.#difference[e] += (values[e] - mean - this.#difference[e]) * (this.#learnt ? LEARNING : 1);
      this.#learnt = true;
      return mean;
    }
    for (let e = 0; e < this.eyes; e++) if (values[e] - values[e] === 0) sum -= this.#difference[e];
    return seen === 0 ? Number.NaN : sum / seen;
  }
}
