import type * as tfjs from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Tfjs } from '../../model/engines/tfjs-graph.js';
import { rankOutcomes } from '../../model/networks/definition.js';
import { type Example, sameTrial } from '../examples/example.js';
import type { Objective } from './objective.js';

type Tensor = tfjs.Tensor;

const settings = z.strictObject({
  weight: z.number().min(0).describe('alpha of PRNet.'),
  tolerance: z
    .number()
    .min(0)
    .describe('Labels no further apart than this are similar; native scale -1..1 (0.25 of 1..9 is 0.0625).'),
  pairs: z
    .enum(['halves', 'all'])
    .default('halves')
    .describe("`halves`: each window of a batch's first half with each of its second, as PRNet has it."),
  within_person: z.boolean().default(true).describe('Only pairs of one person.'),
  within_trial: z
    .boolean()
    .default(false)
    .describe('Also pairs of one trial; where a trial has one label these are always similar.'),
  balanced: z.boolean().default(false).describe('Gives higher, similar and lower the same weight.'),
});
type Settings = z.infer<typeof settings>;

/** Which of the two labels is higher: 0 higher, 1 similar, 2 lower (the order of {@link rankOutcomes}). */
export function rankOf(first: number, second: number, tolerance: number): number {
  if (Math.abs(first - second) <= tolerance) return 1;
  return first > second ? 0 : 2;
}

/**
 * Cross-entropy over pairs: logits of the pair (i, j) are first_i + second_j, which is PRNet's linear layer on
 * [f_i; f_j].
 *
 * @param first [I, 3]
 * @param second [J, 3]
 * @param target [I * J, 3], weights: rows of 0 are pairs that do not count
 */
function rankingLoss(tf: Tfjs, first: Tensor, second: Tensor, target: Tensor): Tensor {
  const outcomes = rankOutcomes.length;
  const [i, j] = [first.shape[0], second.shape[0]];
  const logits = tf.add(tf.reshape(first, [i, 1, outcomes]), tf.reshape(second, [1, j, outcomes]));
  const surprise = tf.neg(tf.logSoftmax(tf.reshape(logits, [i * j, outcomes])));
  return tf.div(tf.sum(tf.mul(surprise, target)), tf.maximum(tf.sum(target), 1e-9));
}

/** The target of {@link rankingLoss} for one dimension, row-major over `first` x `second`. */
function rankTargets(
  first: readonly Example[],
  second: readonly Example[],
  dimension: 'valence' | 'arousal' | 'dominance' | 'liking',
  s: Settings,
): Float32Array {
  const outcomes = rankOutcomes.length;
  const target = new Float32Array(first.length * second.length * outcomes);
  const count = new Array<number>(outcomes).fill(0);
  first.forEach((a, i) => {
    second.forEach((b, j) => {
      const [x, y] = [a.label.targets[dimension], b.label.targets[dimension]];
      if (a === b || x === undefined || y === undefined) return;
      if (s.within_person && a.person !== b.person) return;
      if (!s.within_trial && sameTrial(a, b)) return;
      const outcome = rankOf(x, y, s.tolerance);
      count[outcome]++;
      target[(i * second.length + j) * outcomes + outcome] = 1;
    });
  });
  if (s.balanced)
    for (let k = 0; k < target.length; k++) if (target[k] > 0) target[k] = 1 / count[k % outcomes];
  return target;
}

export const ranking: Objective<Settings> = {
  name: 'ranking',
  summary: 'Which of two moments is higher, for every pair of a batch.',
  source: 'PRNet, Eq. 3 (ranking loss), Table I (relations of ratings), Table III (relations of classes)',
  settings,
  problems: ({ ranking: dimensions }) => (dimensions.length === 0 ? ['the model ranks no dimension'] : []),
  parameters: () => [],
  loss(s, { tf, model, values, batch }) {
    const { examples } = batch;
    const half = s.pairs === 'halves' ? examples.length >> 1 : examples.length;
    const from = s.pairs === 'halves' ? half : 0;
    const [first, second] = [examples.slice(0, half), examples.slice(from)];
    const outcomes = rankOutcomes.length;
    const losses = model.ranking.map((dimension, d) => {
      const column = 2 * outcomes * d;
      return rankingLoss(
        tf,
        tf.slice(values.ranking!, [0, column], [half, outcomes]),
        tf.slice(values.ranking!, [from, column + outcomes], [second.length, outcomes]),
        tf.tensor2d(rankTargets(first, second, dimension, s), [first.length * second.length, outcomes]),
      );
    });
    return tf.div(tf.addN(losses), losses.length);
  },
};
