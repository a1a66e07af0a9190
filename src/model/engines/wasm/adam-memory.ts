import { Workspace } from './workspace.js';

/** Coefficients of one step. */
export interface AdamStep {
  readonly beta1: number;
  readonly beta2: number;
  /** Learning rate times what undoes the moments' bias towards 0. */
  readonly rate: number;
  /** Added to the root of the second moment. */
  readonly floor: number;
  /** Share of each value that weight decay leaves. */
  readonly kept: number;
}

/** Adam's moments, and room for parameters and gradients, where one kernel reaches all of them at once. */
export class AdamMemory {
  readonly #workspace = new Workspace();
  readonly #count: number;
  readonly #places: readonly { readonly from: number; readonly to: number }[];
  readonly #addresses: readonly number[];
  readonly #scalars: number;

  /** `sizes` of the parameters. */
  constructor(sizes: readonly number[]) {
    let end = 0;
    this.#places = sizes.map((size) => {
      end += size;
      return { from: end - size, to: end };
    });
    this.#count = end;
    this.#addresses = [0, 1, 2, 3].map(() => this.#workspace.take(end).address);
    this.#scalars = this.#workspace.take(7).address;
    this.#workspace.open();
  }

  /** Views of both moments of each parameter. */
  get moments(): readonly (readonly Float32Array[])[] {
    return this.#addresses.slice(2).map((address) => {
      const all = this.#workspace.view(address, this.#count);
      return this.#places.map(({ from, to }) => all.subarray(from, to));
    });
  }

  /** Moves `parameters` in place. */
  update(
    parameters: readonly Float32Array[],
    gradients: readonly ArrayLike<number>[],
    { beta1, beta2, rate, floor, kept }: AdamStep,
  ): void {
    const [values, gradient] = this.#addresses.map((address) => this.#workspace.view(address, this.#count));
    this.#places.forEach(({ from }, p) => {
      values.set(parameters[p], from);
      gradient.set(gradients[p], from);
    });
    this.#workspace.view(this.#scalars, 7).set([beta1, 1 - beta1, beta2, 1 - beta2, rate, floor, kept]);
    const [atValues, atGradient, first, second] = this.#addresses;
    const vectors = Math.ceil(this.#count / 4);
    this.#workspace.kernels.adam(atValues, atGradient, first, second, this.#scalars, vectors);
    this.#places.forEach(({ from, to }, p) => {
      parameters[p].set(values.subarray(from, to));
    });
  }
}
