import type { Stateful } from '../../core/state.js';
import { designButterworth, groupDelay_s, SosFilter, type SosFilterState } from '../dsp/sos-filter.js';

const LOW_PASS_HZ = 7.5;
const FILTER_ORDER = 3;
/** Where most of a blink's power lies, Hz. */
const MIDDLE_HZ = 2;
/** How far on either side of a peak its foot is looked for, s. */
const REACH_S = 0.5;
/** Width at half height: what is narrower is a spike, what is wider a glance that stays, s. */
const NARROWEST_S = 0.08;
const WIDEST_S = 0.3;
/** No lid moves the potential further, uV. */
const MOST_UV = 2000;

/** Below this rate there is no room for the low-pass, Hz. */
export const SLOWEST_EOG_HZ = LOW_PASS_HZ / 0.45;

export type EogBlinkDetectorState = {
  readonly filter: SosFilterState;
  readonly samples: Float64Array;
  readonly times: Float64Array;
  readonly pushed: number;
};

/**
 * Causal detector of blinks in a vertical electrooculogram, one channel, positive where the lid closes: peaks of the low-passed signal that
 * stand out on both sides, within half a second, by `least_uv`, and are 0.08 to 0.3 s wide at half of that. It gives what
 * `scipy.signal.find_peaks(sosfilt(butter(3, 7.5)), prominence, wlen=1 s, width)` gives. There is no high-pass: a causal one turns a
 * glance that stays into a bump that is as short as a blink, and a prominence doesn't see a drift. A blink is known half a
 * second after it happened.
 */
export class EogBlinkDetector implements Stateful<EogBlinkDetectorState> {
  /** How much later than its own time a blink is known, s. */
  readonly delay_s: number;
  readonly #filter: SosFilter;
  readonly #filterDelay_s: number;
  readonly #reach: number;
  /** The last `2 * reach + 1` filtered samples and stamps; the one that is judged lies in their middle. */
  readonly #kept: number;
  readonly #samples: Float64Array;
  readonly #times: Float64Array;
  #pushed = 0;

  /** `sfreq`, Hz: above {@link SLOWEST_EOG_HZ}. */
  constructor(
    readonly least_uv: number,
    readonly sfreq: number,
  ) {
    const sections = designButterworth('lowpass', FILTER_ORDER, LOW_PASS_HZ, sfreq);
    this.#filter = new SosFilter(sections, 1);
    this.#filterDelay_s = groupDelay_s(sections, MIDDLE_HZ, sfreq);
    this.#reach = Math.round(REACH_S * sfreq);
    this.delay_s = this.#filterDelay_s + this.#reach / sfreq;
    this.#kept = 2 * this.#reach + 1;
    this.#samples = new Float64Array(this.#kept);
    this.#times = new Float64Array(this.#kept);
  }

  /** The next sample is taken as the first. */
  restart(): void {
    this.#filter.restart(0);
    this.#pushed = 0;
  }

  /** Whether the last sample has shown if there was a blink {@link delay_s} before it. */
  get judges(): boolean {
    return this.#pushed >= this.#kept;
  }

  /** `x`: uV, finite; `time`: s. Time of the blink that this sample makes known, s, or null. */
  push(x: number, time: number): number | null {
    const at = this.#pushed % this.#kept;
    this.#samples[at] = this.#filter.processOne(0, x);
    this.#times[at] = time;
    this.#pushed++;
    if (!this.judges || !this.#isBlink()) return null;
    return this.#times[(this.#pushed + this.#reach) % this.#kept] - this.#filterDelay_s;
  }

  snapshot(): EogBlinkDetectorState {
    return {
      filter: this.#filter.snapshot(),
      samples: this.#samples.slice(),
      times: this.#times.slice(),
      pushed: this.#pushed,
    };
  }

  restore({ filter, samples, times, pushed }: EogBlinkDetectorState): void {
    this.#filter.restore(filter);
    this.#samples.set(samples);
    this.#times.set(times);
    this.#pushed = pushed;
  }

  /** Sample `i` places after the one that is judged. */
  #at(i: number): number {
    return this.#samples[(this.#pushed + this.#reach + i) % this.#kept];
  }

  #isBlink(): boolean {
    const top = this.#at(0);
    if (!(top > this.#at(-1) && top > this.#at(1))) return false;
    const height = top - Math.max(this.#foot(-1), this.#foot(1));
    if (!(height >= this.least_uv && height <= MOST_UV)) return false;
    const half = top - 0.5 * height;
    const width_s = (this.#distance(-1, half) + this.#distance(1, half)) / this.sfreq;
    return width_s >= NARROWEST_S && width_s <= WIDEST_S;
  }

  /** The lowest on one side, up to where the signal rises above the top. */
  #foot(side: -1 | 1): number {
    const top = this.#at(0);
    let lowest = top;
    for (let i = 1; i <= this.#reach; i++) {
      const x = this.#at(side * i);
      if (x > top) break;
      if (x < lowest) lowest = x;
    }
    return lowest;
  }

  /** Samples from the top to where the signal falls to `level` on one side. */
  #distance(side: -1 | 1, level: number): number {
    let i = 1;
    while (i < this.#reach && this.#at(side * i) > level) i++;
    const [inner, outer] = [this.#at(side * (i - 1)), this.#at(side * i)];
    return outer < level ? i - (level - outer) / (inner - outer) : i;
  }
}
