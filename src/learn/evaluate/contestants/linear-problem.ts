import type { RatedDimension } from '../../datasets/dataset.js';
import type { Example } from '../../examples/example.js';

/** What a linear contestant tells, and how its weights are solved for. */
export interface LinearProblem {
  readonly heads: readonly RatedDimension[];
  readonly classes: readonly string[];
  /** Where the evaluation searches none. */
  readonly penalty: number;
  /** What it says of classes is no logit: a choice goes by the share of errors, not by NLL. */
  readonly decisions?: boolean;
  /**
   * @param rows [n][F], about unit scale
   * @param examples [n], whose labels count where they tell
   * @returns weights and offset of each output, [heads + classes][F + 1]; null where too little is labelled
   */
  solve(
    rows: readonly Float32Array[],
    examples: readonly Example[],
    penalty: number,
  ): readonly Float64Array[] | null;
}
