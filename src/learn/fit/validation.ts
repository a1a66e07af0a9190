import { agreement } from '../../core/agreement.js';
import { Random } from '../../core/random.js';
import type { ModelOutputs } from '../../model/networks/definition.js';
import { byPerson, type Example } from '../examples/example.js';
import { withoutModalities } from '../examples/missing.js';
import { meanAgreement } from '../metrics/metrics.js';
import { columnOf, largestOf } from './predicting.js';

/** What is predicted: `ranking` is a help in training, and no epoch is chosen by it. */
type Predicted = Pick<ModelOutputs, 'heads' | 'binary_heads' | 'classes'> & {
  /** Classes have scores without a scale, as a support vector machine's decisions: the share of errors counts. */
  readonly decisions?: boolean;
};

/** Row-major: [n, heads], and the logits of classes [n, classes]. */
interface Predictions {
  readonly heads: Float32Array;
  readonly classes: Float32Array;
}

/** Keeps the loss finite where a float32 rounds a wrong head to sure. */
const FLOOR = 1e-7;

/** What {@link Validation.loss} measures, as a report names it; null where there is nothing but a ranking. */
export function validationMetric({
  heads,
  binary_heads = false,
  classes,
  decisions = false,
}: Predicted): string | null {
  if (decisions) return 'share of errors';
  const values = heads.length > 0 && !binary_heads;
  const sides = classes.length > 0 || binary_heads;
  if (values && sides) return 'mean of NLL and 1 - CCC';
  if (values) return '1 - CCC';
  return sides ? 'NLL' : null;
}

/**
 * What early stopping and every other choice on held-out windows go by: one measure for all that is compared, whatever
 * each was trained to lessen. Classes, and heads that tell High from Low, count by the negative log-likelihood of their
 * label (NLL, nats): accuracy would go on praising a model that only grows surer of what it gets wrong. Values count by 1
 * less the CCC, which sees a wrong scale or offset as well as the order, and which reports lead with. Windows count once
 * with everything present and once with modalities missing, always the same ones.
 */
export class Validation {
  readonly #views: readonly (readonly Example[])[];

  /** @param validation_missing share of modalities that the second view lacks */
  constructor(
    private readonly told: Predicted,
    examples: readonly Example[],
    { seed, validation_missing }: { readonly seed: number; readonly validation_missing: number },
  ) {
    const { uniform } = new Random(seed, 'validation');
    const ordered = [...byPerson(examples).values()].flat();
    this.#views = [0, validation_missing].map((missing) => withoutModalities(ordered, missing, uniform));
  }

  /** Mean over views and over what is predicted; lower is better. NaN where no label says. */
  async loss(predict: (examples: readonly Example[]) => Promise<Predictions>): Promise<number> {
    const { heads, binary_heads, classes, decisions } = this.told;
    const losses: number[] = [];
    for (const view of this.#views) {
      const predicted = await predict(view);
      heads.forEach((head, h) => {
        const column = columnOf(predicted.heads, heads.length, h);
        const labelOf = (example: Example): number | undefined => example.label.targets[head];
        losses.push(
          binary_heads ? sideSurprise(view, column, labelOf) : 1 - concordance(view, column, labelOf),
        );
      });
      const classLoss = decisions ? errorShare : classSurprise;
      if (classes.length > 0) losses.push(classLoss(view, predicted.classes, classes.length));
    }
    const counted = losses.filter((loss) => !Number.isNaN(loss));
    return counted.reduce((sum, loss) => sum + loss, 0) / counted.length;
  }
}

/**
 * Mean CCC over people. Those whose labels never change have no CCC of their own; where nobody has one, everybody's
 * windows count together.
 */
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

/** Mean of -ln p of the label's side of the scale's middle, which is Low; `predicted` is 2 p(High) - 1. */
function sideSurprise(
  examples: readonly Example[],
  predicted: readonly number[],
  labelOf: (example: Example) => number | undefined,
): number {
  return mean(
    examples.flatMap((example, i) => {
      const label = labelOf(example);
      if (label === undefined) return [];
      return [-Math.log((1 + (label > 0 ? predicted[i] : -predicted[i])) / 2 + FLOOR)];
    }),
  );
}

/** Mean of -ln p of the label's class. */
function classSurprise(examples: readonly Example[], logits: Float32Array, width: number): number {
  return mean(
    examples.flatMap(({ label }, i) => {
      if (label.class === null) return [];
      const row = logits.subarray(i * width, (i + 1) * width);
      const most = Math.max(...row);
      const total = row.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
      return [most + Math.log(total) - row[label.class]];
    }),
  );
}

function errorShare(examples: readonly Example[], decisions: Float32Array, width: number): number {
  const told = largestOf(decisions, width);
  return mean(
    examples.flatMap(({ label }, i) => (label.class === null ? [] : [Number(label.class !== told[i])])),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
