import type { RatedDimension } from '../../datasets/dataset.js';
import type { FoldData, Trained } from './contestant.js';

/** Says the mean label of everything but the test part, whatever the signals; nothing of what no label says. */
export function trainMean(
  { train, validation }: FoldData,
  heads: readonly RatedDimension[],
  classes: readonly string[],
): Trained {
  const labels = [...train, ...validation].map(({ label }) => label);
  const mean = (values: readonly number[], otherwise: number): number =>
    values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : otherwise;
  const targets = heads.map((head) =>
    mean(
      labels.flatMap((label) => label.targets[head] ?? []),
      0,
    ),
  );
  const told = labels.flatMap((label) => label.class ?? []);
  const shares = classes.map((_, c) =>
    mean(
      told.map((own) => Number(own === c)),
      1 / classes.length,
    ),
  );
  return {
    history: [],
    chosen: null,
    heads,
    classes,
    modalities: [],
    async predict(examples) {
      return {
        heads: Float32Array.from(examples.flatMap(() => targets)),
        classes: Float32Array.from(examples.flatMap(() => shares)),
        modalities: new Float32Array(),
        routing: new Float32Array(),
      };
    },
    async dispose() {},
  };
}
