import type { Stateful } from '../../../core/state.js';

export type FadingMomentsState = {
  readonly n: number;
  readonly mean: number;
  readonly share: number;
  readonly spread: number;
};

/**
 * Mean and variance whose past fades: each new value weighs `1 / n` at first and never less than `least`. `share` is the
 * sum of the squared weights: an average of equal weights over n values has 1 / n.
 */
export class FadingMoments implements Stateful<FadingMomentsState> {
  n = 0;
  mean = 0;
  share = 1;
  #spread = 0;

  constructor(readonly least: number) {}

  push(x: number): void {
    this.n++;
    const weight = Math.max(1 / this.n, this.least);
    const from = x - this.mean;
    this.mean += weight * from;
    this.#spread = (1 - weight) * (this.#spread + weight * from * from);
    this.share = (1 - weight) * (1 - weight) * this.share + weight * weight;
  }

  /** Unbiased for values that don't depend on each other; NaN below two. */
  get variance(): number {
    return this.n < 2 ? Number.NaN : this.#spread / (1 - this.share);
  }

  snapshot(): FadingMomentsState {
    return { n: this.n, mean: this.mean, share: this.share, spread: this.#spread };
  }

  restore({ n, mean, share, spread }: FadingMomentsState): void {
    this.n = n;
    this.mean = mean;
    this.share = share;
    this.#spread = spread;
  }
}
