import { z } from 'zod';
import { type Example, sameTrial } from '../examples/example.js';
import { needsHeads, type Objective } from './objective.js';

const settings = z.strictObject({
  weight: z.number().min(0),
  within_person: z.boolean().default(true).describe('Only pairs of one person.'),
});

/** [B, B]: 1 where the row's label is higher, 0 where lower, 0.5 where equal; NaN where the pair does not count. */
function order(
  examples: readonly Example[],
  label: (example: Example) => number | undefined,
  withinPerson: boolean,
): Float32Array {
  const n = examples.length;
  const higher = new Float32Array(n * n).fill(Number.NaN);
  examples.forEach((a, i) => {
    examples.forEach((b, j) => {
      const [x, y] = [label(a), label(b)];
      if (i === j || x === undefined || y === undefined || sameTrial(a, b)) return;
      if (withinPerson && a.person !== b.person) return;
      higher[i * n + j] = x === y ? 0.5 : Number(x > y);
    });
  });
  return higher;
}

/** RankNet: cross-entropy of sigmoid(s_i - s_j), the scores being the model's own values of each dimension. */
export const ranknet: Objective<z.infer<typeof settings>> = {
  name: 'ranknet',
  summary: 'Which of two moments is higher, from the difference of their scores; a baseline of PRNet.',
  source: 'Burges et al. 2005',
  settings,
  problems: needsHeads,
  parameters: () => [],
  loss({ within_person }, { tf, model, values, batch }) {
    const { examples } = batch;
    const n = examples.length;
    const losses = model.heads.map((head, h) => {
      const score = tf.slice(values.heads!, [0, h], [-1, 1]);
      const margin = tf.sub(score, tf.reshape(score, [1, n]));
      const higher = order(examples, ({ label }) => label.targets[head], within_person);
      const mask = tf.tensor2d(
        higher.map((value) => Number(!Number.isNaN(value))),
        [n, n],
      );
      const target = tf.tensor2d(
        higher.map((value) => (Number.isNaN(value) ? 0 : value)),
        [n, n],
      );
      // softplus(m) - t m, written so that it neither overflows nor needs a kernel that not every backend has.
      const softplus = tf.add(tf.relu(margin), tf.log1p(tf.exp(tf.neg(tf.abs(margin)))));
      const surprise = tf.sub(softplus, tf.mul(target, margin));
      return tf.div(tf.sum(tf.mul(surprise, mask)), tf.maximum(tf.sum(mask), 1));
    });
    return tf.div(tf.addN(losses), losses.length);
  },
};
