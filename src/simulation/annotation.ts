import type { StreamInfo } from '../core/signal.js';
import type { Affect } from './affect-trajectory.js';
import type { Signal } from './signal.js';

/** The truth: valence and arousal without delay or noise. Never an input of a model. */
export class Annotation implements Signal {
  readonly #data: Float64Array;
  #second = 0;

  constructor(
    readonly affect: Affect,
    readonly info: StreamInfo,
  ) {
    this.#data = new Float64Array(2 * info.sfreq);
  }

  next(): Float64Array {
    const n = this.info.sfreq;
    for (let k = 0; k < n; k++) {
      const t = this.#second + k / n;
      this.#data[k] = this.affect.valence(t);
      this.#data[n + k] = this.affect.arousal(t);
    }
    this.#second++;
    return this.#data;
  }
}
