import type { Seconds, Timer } from '../../core/clock.js';
import type { LslContext } from './network.js';
import { Resolver } from './resolver.js';

/** How long a silent outlet may take to say that it is still there, s. */
const ALIVE_TIMEOUT_S = 3;

export interface WatchdogOptions {
  readonly interval_s: Seconds;
  /** Silence after which the outlet is asked whether it is still there, s. */
  readonly threshold_s: Seconds;
  /** What is watched: a uid that is new with each connection to another outlet; null while there is none. */
  readonly watched: () => { readonly uid: string } | null;
  /** It was silent and didn't answer. */
  readonly lost: () => void;
}

/** Notices that an outlet is gone whose host vanished without a word. */
export class Watchdog {
  readonly #context: LslContext;
  readonly #options: WatchdogOptions;
  readonly #timer: Timer;
  #lastFed: Seconds;
  #question: { readonly resolver: Resolver; readonly late: Timer } | null = null;

  constructor(context: LslContext, options: WatchdogOptions) {
    this.#context = context;
    this.#options = options;
    this.#lastFed = context.clock.now();
    this.#timer = context.clock.every(options.interval_s, () => this.#check());
  }

  /** Something came. */
  fed(): void {
    this.#lastFed = this.#context.clock.now();
  }

  close(): void {
    this.#timer.cancel();
    this.#endQuestion();
  }

  #check(): void {
    const { watched, threshold_s, lost } = this.#options;
    const asked = watched();
    if (!asked || this.#question || this.#context.clock.now() - this.#lastFed < threshold_s) return;
    const resolver = new Resolver(this.#context, {
      query: `uid='${asked.uid}'`,
      appeared: () => this.#endQuestion(),
    });
    const late = this.#context.clock.after(ALIVE_TIMEOUT_S, () => {
      this.#endQuestion();
      if (watched() === asked && this.#context.clock.now() - this.#lastFed >= threshold_s) lost();
    });
    this.#question = { resolver, late };
  }

  #endQuestion(): void {
    this.#question?.resolver.close();
    this.#question?.late.cancel();
    this.#question = null;
  }
}
