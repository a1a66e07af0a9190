import type { Seconds } from '../../core/clock.js';
import type { Stateful } from '../../core/state.js';

/** Values of one such share of the span count as one: state and work stay bounded whatever the rate. */
const SHARE = 1 / 600;

export type SlidingLeastState = { readonly times: readonly Seconds[]; readonly values: readonly number[] };

/** The least of the values of the last `span_s`, to a share of 1/600 of the span, in constant time a value. */
export class SlidingLeast implements Stateful<SlidingLeastState> {
  readonly #span_s: Seconds;
  /** Ascending values, of which each was followed by no lesser one. */
  #times: Seconds[] = [];
  #values: number[] = [];

  constructor(span_s: Seconds) {
    this.#span_s = span_s;
  }

  /** Infinity before the first value. */
  get least(): number {
    return this.#values[0] ?? Number.POSITIVE_INFINITY;
  }

  push(time: Seconds, value: number): void {
    const [times, values] = [this.#times, this.#values];
    while (values.length > 0 && values[values.length - 1] >= value) {
      values.pop();
      times.pop();
    }
    if (times.length === 0 || time - times[times.length - 1] >= this.#span_s * SHARE) {
      times.push(time);
      values.push(value);
    }
    this.expire(time);
  }

  /** Forgets what is older than the span, except the newest value. */
  expire(time: Seconds): void {
    while (this.#times.length > 1 && this.#times[0] < time - this.#span_s) {
      this.#times.shift();
      this.#values.shift();
    }
  }

  /** Makes each value greater by `by`. */
  raise(by: number): void {
    for (let i = 0; i < this.#values.length; i++) this.#values[i] += by;
  }

  clear(): void {
    this.#times = [];
    this.#values = [];
  }

  snapshot(): SlidingLeastState {
    return { times: [...this.#times], values: [...this.#values] };
  }

  restore({ times, values }: SlidingLeastState): void {
    this.#times = [...times];
    this.#values = [...values];
  }
}
