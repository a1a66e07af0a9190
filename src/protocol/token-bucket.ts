/** Allows `rate_hz` in the long run and `burst` at once. */
export class TokenBucket {
  #tokens: number;
  #filled: number;

  constructor(
    readonly rate_hz: number,
    readonly burst: number,
    now: number,
  ) {
    this.#tokens = burst;
    this.#filled = now;
  }

  /** Takes one token, on credit if need be, and returns how long to wait before the next, s. */
  take(now: number): number {
    this.#tokens = Math.min(this.burst, this.#tokens + (now - this.#filled) * this.rate_hz) - 1;
    this.#filled = now;
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.rate_hz;
  }
}
