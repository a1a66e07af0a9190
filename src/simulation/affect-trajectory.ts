import type { Seconds } from '../core/clock.js';
import { Random } from '../core/random.js';
import { sine } from './sine.js';

/** Where valence and arousal are at a time, each within -1..1. */
export interface Affect {
  valence(t: Seconds): number;
  arousal(t: Seconds): number;
}

interface Component {
  readonly frequency_hz: number;
  readonly phase: number;
}

const COMPONENTS = 7;
const SHORTEST_S = 36;
const LONGEST_S = 140;
/** Amplitude of each component; with the squashing the result has a standard deviation of about 0.55. */
const AMPLITUDE = 0.5;

function evaluate(components: readonly Component[], t: Seconds): number {
  let x = 0;
  for (const c of components) x += sine(c.frequency_hz * t + c.phase);
  x *= AMPLITUDE;
  return x / Math.sqrt(1 + x * x);
}

/**
 * A smooth trajectory of valence and arousal: bounded sums of slow sinusoids whose periods, 36-140 s, interleave
 * between the two so that they are nearly uncorrelated over minutes. A closed form of time, so it has no end and
 * needs no memory. docs/explanation/simulation.md says what it leaves out.
 */
export class AffectTrajectory implements Affect {
  readonly #components: readonly [Component[], Component[]];

  constructor(seed: number | string) {
    const random = new Random(seed, 'affect');
    const components: [Component[], Component[]] = [[], []];
    const swap = random.uniform() < 0.5 ? 1 : 0;
    const span = Math.log(LONGEST_S / SHORTEST_S);
    for (let i = 0; i < 2 * COMPONENTS; i++) {
      // Stratified in log period: the middle 80 % of each stratum, so that neighbours stay apart.
      const position = (i + random.between(0.1, 0.9)) / (2 * COMPONENTS);
      components[(i + swap) % 2].push({
        frequency_hz: 1 / (SHORTEST_S * Math.exp(span * position)),
        phase: random.uniform(),
      });
    }
    this.#components = components;
  }

  valence(t: Seconds): number {
    return evaluate(this.#components[0], t);
  }

  arousal(t: Seconds): number {
    return evaluate(this.#components[1], t);
  }
}
