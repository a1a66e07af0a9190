import type { TrainingDevice } from '../engines/differentiable.js';
import type { BoundModel } from '../models/definition.js';
import type { Parameters } from '../models/parameters.js';
import { mulberry32 } from '../models/random.js';
import { byPerson, type Example } from './example.js';
import { agreement, meanAgreement } from './metrics.js';
import { withoutModalities } from './missing.js';
import { columnOf, largestOf, predictExamples } from './predicting.js';

/**
 * Scores weights on `examples`, with everything present and with modalities missing, always the same ones: the mean
 * of CCC over dimensions and people (of accuracy where heads tell High from Low), and of accuracy where there are
 * classes. People whose labels never change have no CCC of their own; where nobody has one, everybody's windows count
 * together.
 */
export function validator(
  device: TrainingDevice,
  model: BoundModel,
  examples: readonly Example[],
  settings: { readonly seed: number; readonly validation_missing: number },
): (parameters: Parameters) => Promise<number> {
  const uniform = mulberry32(settings.seed + 1);
  const ordered = [...byPerson(examples).values()].flat();
  const views = [0, settings.validation_missing].map((missing) =>
    withoutModalities(ordered, missing, uniform),
  );
  return async (parameters) => {
    const executable = device.executable(model, parameters);
    const scores: number[] = [];
    for (const view of views) {
      const { heads, classes } = await predictExamples(model, executable, view);
      model.heads.forEach((head, h) => {
        const predicted = columnOf(heads, model.heads.length, h);
        const labelOf = (example: Example): number | undefined => example.label.targets[head];
        const score = model.binary_heads ? sideAccuracy : concordance;
        scores.push(score(ordered, predicted, labelOf));
      });
      if (model.classes.length > 0) scores.push(accuracy(ordered, largestOf(classes, model.classes.length)));
    }
    await executable.dispose();
    const counted = scores.filter(Number.isFinite);
    return counted.reduce((sum, score) => sum + score, 0) / Math.max(1, counted.length);
  };
}

function concordance(
  examples: readonly Example[],
  predicted: readonly number[],
  labelOf: (example: Example) => number | undefined,
): number {
  const rowOf = new Map(examples.map((example, i) => [example, i]));
  const labelled = examples.filter((example) => labelOf(example) !== undefined);
  const of = (own: readonly Example[]) =>
    agreement(
      own.map((example) => predicted[rowOf.get(example)!]),
      own.map((example) => labelOf(example)!),
    );
  const { ccc } = meanAgreement([...byPerson(labelled).values()].map(of));
  return Number.isFinite(ccc) ? ccc : of(labelled).ccc;
}

/** Share of labels on whose side of the scale's middle the prediction is; the middle is Low. */
function sideAccuracy(
  examples: readonly Example[],
  predicted: readonly number[],
  labelOf: (example: Example) => number | undefined,
): number {
  const right = examples.flatMap((example, i) => {
    const label = labelOf(example);
    return label === undefined ? [] : [label > 0 === predicted[i] > 0];
  });
  return right.filter(Boolean).length / right.length;
}

function accuracy(examples: readonly Example[], predicted: readonly number[]): number {
  const labelled = examples.flatMap(({ label }, i) =>
    label.class === null ? [] : [label.class === predicted[i]],
  );
  return labelled.filter(Boolean).length / labelled.length;
}
