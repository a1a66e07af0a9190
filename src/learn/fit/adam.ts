import { AdamMemory } from '../../model/engines/wasm/adam-memory.js';
import type { Optimiser, OptimiserState } from './optimiser.js';

/** Adam (Kingma & Ba 2015) with decoupled weight decay, in WebAssembly: one pass over all parameters. */
export class Adam implements Optimiser {
  readonly #memory: AdamMemory;
  #step = 0;

  /** `sizes` of the parameters, in the order in which {@link update} gets them. */
  constructor(
    sizes: readonly number[],
    private readonly settings: {
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly weight_decay: number;
    } = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0 },
  ) {
    this.#memory = new AdamMemory(sizes);
  }

  update(
    parameters: readonly Float32Array[],
    gradients: readonly ArrayLike<number>[],
    learning_rate: number,
  ): void {
    const { beta1, beta2, epsilon, weight_decay } = this.settings;
    this.#step++;
    const correction1 = 1 - Math.exp(this.#step * Math.log(beta1));
    const correction2 = Math.sqrt(1 - Math.exp(this.#step * Math.log(beta2)));
    this.#memory.update(parameters, gradients, {
      beta1,
      beta2,
      rate: (learning_rate * correction2) / correction1,
      floor: epsilon * correction2,
      kept: 1 - learning_rate * weight_decay,
    });
  }

  snapshot(): OptimiserState {
    const moments = this.#memory.moments.map((arrays) => arrays.map((values) => values.slice()));
    return { step: this.#step, moments };
  }

  restore({ step, moments }: OptimiserState): void {
    this.#step = step;
    this.#memory.moments.forEach((arrays, moment) => {
      arrays.forEach((values, p) => {
        values.set(moments[moment][p]);
      });
    });
  }
}
