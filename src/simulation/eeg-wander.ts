import type { Random } from '../core/random.js';
import { OrnsteinUhlenbeck } from './ornstein-uhlenbeck.js';
import { CONTROL_HZ, CONTROL_S } from './signal.js';

/** Background and theta together, and the rhythms. */
const bands = ['slow', 'alpha', 'beta', 'gamma'] as const;
type Band = (typeof bands)[number];
type ByBand<T> = Readonly<Record<Band, T>>;

/** How long a band stays as strong as it is: less than a window, so that one window says little of the next. */
const TAU_S = 1.5;

/**
 * Deviation of ln power at an instant: of the whole scalp, and of each patch of cortex by itself.
 * `scripts/fit-eeg-wander.mjs` made them (docs/explanation/simulation.md has its data, and those that they were tried on).
 */
const wholeScalp: ByBand<number> = { slow: 0.36, alpha: 0.58, beta: 0.24, gamma: 0.3 };
const onePatch: ByBand<number> = { slow: 0.1, alpha: 0.31, beta: 0.22, gamma: 0.26 };

/** Share of the whole scalp's variance that all bands have in common. */
const ALL_BANDS = 0.4;
/** How much people differ in it: deviation of the ln of each band's size. */
const PEOPLE = 0.4;

/** What an EEG does by itself, without affect: its bands become stronger and weaker, in bursts. */
export class EegWander {
  /** [CONTROL_HZ] ln power in the current second; power is 1 on average. */
  readonly lnPower: ByBand<Float64Array>;
  readonly #shared: OrnsteinUhlenbeck;
  readonly #apart: ByBand<OrnsteinUhlenbeck>;

  private constructor(
    random: Random,
    readonly sizes: ByBand<number>,
    readonly share: number,
    readonly noise: number,
  ) {
    this.#shared = new OrnsteinUhlenbeck(random, noise * Math.sqrt(share), TAU_S, CONTROL_S);
    this.#apart = byBand(() => new OrnsteinUhlenbeck(random, noise * Math.sqrt(1 - share), TAU_S, CONTROL_S));
    this.lnPower = byBand(() => new Float64Array(CONTROL_HZ));
  }

  static ofScalp(random: Random, noise: number): EegWander {
    const sizes = { ...wholeScalp };
    for (const band of bands) sizes[band] *= random.logNormal(PEOPLE);
    return new EegWander(random, sizes, ALL_BANDS, noise);
  }

  static ofPatch(random: Random, noise: number): EegWander {
    return new EegWander(random, onePatch, 0, noise);
  }

  /** Goes on by a second. */
  next(): void {
    for (let step = 0; step < CONTROL_HZ; step++) {
      const shared = this.#shared.next();
      for (const band of bands) {
        const size = this.sizes[band];
        const sd = this.noise * size;
        this.lnPower[band][step] = size * (shared + this.#apart[band].next()) - (sd * sd) / 2;
      }
    }
  }
}

function byBand<T>(make: () => T): ByBand<T> {
  return { slow: make(), alpha: make(), beta: make(), gamma: make() };
}
