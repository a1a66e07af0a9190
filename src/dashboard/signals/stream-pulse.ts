/** Never is a stream called silent sooner, s: what is pulled shows within a second. */
const LEAST_S = 0.6;
/** Nor later, s, whatever it did before. */
const MOST_S = 5;
/** How much longer than usual it takes. */
const SLACK = 1.5;
/** What of the longest wait is forgotten with each message. */
const FORGOTTEN = 0.02;

/** Whether a stream's data arrive, by how far apart they usually do. */
export class StreamPulse {
  #heard_s: number;
  #longest_s = 0;
  state: 'waiting' | 'live' | 'silent' = 'waiting';

  /** @param now_s when it opened on the page's clock, s */
  constructor(now_s: number) {
    this.#heard_s = now_s;
  }

  beat(now_s: number): void {
    const wait = now_s - this.#heard_s;
    this.#longest_s *= 1 - FORGOTTEN;
    // A longer one was a loss, not its way.
    if (this.state !== 'waiting' && wait <= MOST_S) this.#longest_s = Math.max(wait, this.#longest_s);
    this.#heard_s = now_s;
    this.state = 'live';
  }

  look(now_s: number): void {
    const most = Math.min(MOST_S, Math.max(LEAST_S, SLACK * this.#longest_s));
    if (this.state === 'live' && now_s - this.#heard_s > most) this.state = 'silent';
  }
}
