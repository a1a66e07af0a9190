import type { Optimiser, OptimiserState } from './optimiser.js';

/**
 * Stochastic gradient descent with momentum; weight decay is added to the gradient, as in torch: v = m v + g + w p,
 * p = p - rate v.
 */
export class Sgd implements Optimiser {
  #velocity: Float32Array[];
  #step = 0;

  /** `sizes` of the parameters, in the order in which {@link update} gets them. */
  constructor(
    sizes: readonly number[],
    private readonly settings: { readonly momentum: number; readonly weight_decay: number },
  ) {
    this.#velocity = sizes.map((size) => new Float32Array(size));
  }

  update(
    parameters: readonly Float32Array[],
    gradients: readonly ArrayLike<number>[],
    learning_rate: number,
  ): void {
    const { momentum, weight_decay } = this.settings;
    this.#step++;
    parameters.forEach((values, p) => {
      const [gradient, velocity] = [gradients[p], this.#velocity[p]];
      for (let i = 0; i < values.length; i++) {
        velocity[i] = momentum * velocity[i] + gradient[i] + weight_decay * values[i];
        values[i] -= learning_rate * velocity[i];
      }
    });
  }

  snapshot(): OptimiserState {
    return { step: this.#step, moments: [this.#velocity.map((v) => v.slice())] };
  }

  restore({ step, moments }: OptimiserState): void {
    this.#step = step;
    this.#velocity = moments[0].map((v) => v.slice());
  }
}
