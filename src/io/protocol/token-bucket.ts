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

  /** Takes tokens, on credit if need be, and returns how long to wait before the next, s. */
  take(now: number, tokens = 1): number {
    this.#tokens = Math.min(this.burst, this.#tokens + (now - this.#filled) * this.rate_hz) - tokens;
    this.#filled = now;
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.rate_hz;
  }
}
