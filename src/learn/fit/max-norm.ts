import type { ParameterSpec } from '../../model/networks/definition.js';
import type { Optimiser, OptimiserState } from './optimiser.js';

/** Added to norms, as `torch.renorm` does. */
const FLOOR = 1e-7;

/** An optimiser after each of whose steps columns that have grown longer than their limit are shortened to it. */
export class MaxNorm implements Optimiser {
  /** `specs` of the parameters, in the order in which {@link update} gets them. */
  constructor(
    private readonly inner: Optimiser,
    private readonly specs: readonly Pick<ParameterSpec, 'shape' | 'max_norm'>[],
  ) {}

  update(
    parameters: readonly Float32Array[],
    gradients: readonly ArrayLike<number>[],
    learning_rate: number,
  ): void {
    this.inner.update(parameters, gradients, learning_rate);
    for (const [p, { shape, max_norm }] of this.specs.entries())
      if (max_norm !== undefined) shorten(parameters[p], shape[shape.length - 1], max_norm);
  }

  snapshot(): OptimiserState {
    return this.inner.snapshot();
  }

  restore(state: OptimiserState): void {
    this.inner.restore(state);
  }
}

/** Scales every column of the row-major `values` whose Euclidean norm is above `limit` to it. */
function shorten(values: Float32Array, columns: number, limit: number): void {
  for (let c = 0; c < columns; c++) {
    let square = 0;
    for (let i = c; i < values.length; i += columns) square += values[i] * values[i];
    const norm = Math.sqrt(square);
    if (norm <= limit) continue;
    const factor = limit / (norm + FLOOR);
    for (let i = c; i < values.length; i += columns) values[i] *= factor;
  }
}
