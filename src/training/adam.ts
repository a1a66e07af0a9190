/** Adam (Kingma & Ba 2015) with decoupled weight decay, on plain arrays: one pass instead of a dozen tensor operations. */
export class Adam {
  readonly #first: Float32Array[];
  readonly #second: Float32Array[];
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
    this.#first = sizes.map((size) => new Float32Array(size));
    this.#second = sizes.map((size) => new Float32Array(size));
  }

  /** Moves `parameters` in place. */
  update(
    parameters: readonly Float32Array[],
    gradients: readonly ArrayLike<number>[],
    learning_rate: number,
  ): void {
    const { beta1, beta2, epsilon, weight_decay } = this.settings;
    this.#step++;
    const correction1 = 1 - Math.exp(this.#step * Math.log(beta1));
    const correction2 = 1 - Math.exp(this.#step * Math.log(beta2));
    const rate = (learning_rate * Math.sqrt(correction2)) / correction1;
    const floor = epsilon * Math.sqrt(correction2);
    parameters.forEach((values, p) => {
      const [gradient, first, second] = [gradients[p], this.#first[p], this.#second[p]];
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i];
        first[i] = beta1 * first[i] + (1 - beta1) * g;
        second[i] = beta2 * second[i] + (1 - beta2) * g * g;
        values[i] -=
          (rate * first[i]) / (Math.sqrt(second[i]) + floor) + learning_rate * weight_decay * values[i];
      }
    });
  }
}

/** Learning rate at `step` of `steps`: a linear warm-up over `warmup` steps, then half a cosine down to 0. */
export function cosineRate(step: number, steps: number, peak: number, warmup: number): number {
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const done = (step - warmup) / Math.max(1, steps - warmup);
  return (peak * (1 + Math.cos(Math.PI * Math.min(1, done)))) / 2;
}
