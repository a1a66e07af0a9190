/** Moves parameters against their gradients. Its state is plain data, for checkpoints. */
export interface Optimiser {
  /** Moves `parameters` in place. */
  update(
    parameters: readonly Float32Array[],
    gradients: readonly ArrayLike<number>[],
    learning_rate: number,
  ): void;
  snapshot(): OptimiserState;
  restore(state: OptimiserState): void;
}

export interface OptimiserState {
  readonly step: number;
  /** Running means of gradients and the like, one array a parameter. */
  readonly moments: readonly (readonly Float32Array[])[];
}

/** Learning rate at `step` of `steps`: a linear warm-up over `warmup` steps, then half a cosine down to 0. */
export function cosineRate(step: number, steps: number, peak: number, warmup: number): number {
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const done = (step - warmup) / Math.max(1, steps - warmup);
  return (peak * (1 + Math.cos(Math.PI * Math.min(1, done)))) / 2;
}
