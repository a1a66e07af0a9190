import type { Random } from '../core/random.js';

/**
 * Noise whose power falls as 1/f between about 0.001 and 0.4 of the rate, with unit variance: Kellet's economical
 * three-pole filter of white noise.
 */
export class PinkNoise {
  #b0 = 0;
  #b1 = 0;
  #b2 = 0;

  constructor(readonly random: Random) {
    // Past the slowest pole's time constant, so that the beginning is as any other part.
    for (let i = 0; i < 2000; i++) this.next();
  }

  next(): number {
    const white = this.random.gaussian();
    this.#b0 = 0.99765 * this.#b0 + white * 0.099046;
    this.#b1 = 0.963 * this.#b1 + white * 0.2965164;
    this.#b2 = 0.57 * this.#b2 + white * 1.0526913;
    return (this.#b0 + this.#b1 + this.#b2 + white * 0.1848) * UNIT_VARIANCE;
  }
}

/** 1 / sqrt of the filter's output variance: the sum over pairs of poles of g_i g_j / (1 - p_i p_j), and the direct path. */
const UNIT_VARIANCE = (() => {
  const poles = [0.99765, 0.963, 0.57, 0];
  const gains = [0.099046, 0.2965164, 1.0526913, 0.1848];
  let variance = 0;
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++) variance += (gains[i] * gains[j]) / (1 - poles[i] * poles[j]);
  return 1 / Math.sqrt(variance);
})();
