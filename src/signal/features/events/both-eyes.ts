import type { Stateful } from '../../../core/state.js';

/** How fast the difference between the eyes is learnt, as a share of what is new in each sample. */
const LEARNING = 0.02;

export type BothEyesState = { readonly difference: Float64Array; readonly learnt: boolean };

/**
 * One value from two eyes (or one, or more): the mean. While an eye is lost, its usual difference from the mean is
 * taken off the others, so that losing it makes no step.
 */
export class BothEyes implements Stateful<BothEyesState> {
  readonly #difference: Float64Array;
  #learnt = false;

  constructor(readonly eyes: number) {
    this.#difference = new Float64Array(eyes);
  }

  /** `rows` [eyes][>= n], NaN where an eye is lost, into `out` [>= n]; NaN where all are. */
  combine(rows: readonly Float64Array[], n: number, out: Float64Array): void {
    if (this.eyes === 2) this.#ofTwo(rows[0], rows[1], n, out);
    else for (let i = 0; i < n; i++) out[i] = this.#ofAny(rows, i);
  }

  snapshot(): BothEyesState {
    return { difference: this.#difference.slice(), learnt: this.#learnt };
  }

  restore({ difference, learnt }: BothEyesState): void {
    this.#difference.set(difference);
    this.#learnt = learnt;
  }

  /** What {@link #ofAny} gives for two, whose differences from the mean are each other's negatives. */
  #ofTwo(first: Float64Array, second: Float64Array, n: number, out: Float64Array): void {
    let difference = this.#difference[0];
    let share = this.#learnt ? LEARNING : 1;
    for (let i = 0; i < n; i++) {
      const a = first[i];
      const b = second[i];
      if (a - a === 0 && b - b === 0) {
        difference += ((a - b) / 2 - difference) * share;
        share = LEARNING;
        out[i] = (a + b) / 2;
      } else if (a - a === 0) out[i] = a - difference;
      else out[i] = b - b === 0 ? b + difference : Number.NaN;
    }
    this.#difference[0] = difference;
    this.#learnt = share === LEARNING;
  }

  #ofAny(rows: readonly Float64Array[], i: number): number {
    let sum = 0;
    let seen = 0;
    for (let e = 0; e < this.eyes; e++) {
      const value = rows[e][i];
      if (value - value !== 0) continue;
      sum += value;
      seen++;
    }
    if (seen === this.eyes) {
      const mean = sum / seen;
      for (let e = 0; e < this.eyes; e++)
        this.#difference[e] += (rows[e][i] - mean - this.#difference[e]) * (this.#learnt ? LEARNING : 1);
      this.#learnt = true;
      return mean;
    }
    for (let e = 0; e < this.eyes; e++) if (rows[e][i] - rows[e][i] === 0) sum -= this.#difference[e];
    return seen === 0 ? Number.NaN : sum / seen;
  }
}
