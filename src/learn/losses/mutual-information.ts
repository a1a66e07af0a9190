import type * as tfjs from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Tfjs } from '../../model/engines/tfjs-graph.js';
import { inputShape } from '../../model/networks/definition.js';
import { ParameterList } from '../../model/networks/parameter-list.js';
import { sizeOf } from '../../model/networks/parameters.js';
import {
  needsFeatures,
  needsModalityEmbeddings,
  type Objective,
  type ObjectiveContext,
} from './objective.js';

type Tensor = tfjs.Tensor;

const SMALLEST = -1e9;

/**
 * Donsker and Varadhan's bound on I(X; O) in nats: mean T(x, o) - log mean exp T(x, o') (Belghazi et al. 2018, MINE;
 * ATAM, Eq. 4 (Donsker-Varadhan estimate)). It is a lower bound; ATAM, Eq. 3 (mutual information) prints the inequality
 * the other way round.
 *
 * With `logAverage`, the log of a running mean of exp T, the second term's gradient divides by that mean instead of
 * the batch's own (MINE, Eq. 12), which takes most of a small batch's bias away; the value stays the batch's.
 *
 * @param joint T of pairs that belong together, [B, 1]
 * @param marginal T of pairs that do not, [B, 1]
 * @param mask [B, 1]: 1 = counted
 * @param logAverage scalar; null for the plain gradient
 */
export function donskerVaradhan(
  tf: Tfjs,
  joint: Tensor,
  marginal: Tensor,
  mask: Tensor,
  logAverage: Tensor | null,
): Tensor {
  const count = tf.maximum(tf.sum(mask), 1);
  const first = tf.div(tf.sum(tf.mul(joint, mask)), count);
  const counted = tf.add(marginal, tf.mul(tf.sub(mask, 1), -SMALLEST));
  return tf.sub(first, logMeanExp(tf, counted, tf.log(count), logAverage));
}

/** log sum exp(x) - logCount; its gradient is exp(x - logCount - logAverage) where that is given. */
function logMeanExp(tf: Tfjs, x: Tensor, logCount: Tensor, logAverage: Tensor | null): Tensor {
  if (!logAverage) return tf.sub(tf.logSumExp(x), logCount);
  // What the gradient needs goes in as arguments: only what is saved outlives the forward pass.
  const biased = tf.customGrad((...args: (Tensor | tfjs.GradSaveFunc)[]) => {
    const [y, count, average, save] = args as [Tensor, Tensor, Tensor, tfjs.GradSaveFunc];
    save([y, count, average]);
    return {
      value: tf.sub(tf.logSumExp(y), count),
      gradFunc: (dy: Tensor, [savedY, savedCount, savedAverage]: Tensor[]) => [
        tf.mul(dy, tf.exp(tf.sub(tf.sub(savedY, savedCount), savedAverage))),
        tf.zerosLike(savedCount),
        tf.zerosLike(savedAverage),
      ],
    };
  });
  return biased(x, logCount, logAverage);
}

const settings = z.strictObject({
  weight: z.number().min(0).describe('Of the sum over modalities.'),
  hidden: z
    .array(z.int().positive())
    .min(1)
    .default([100, 50])
    .describe('Layers of a statistics network (ReLU).'),
  average: z
    .number()
    .gt(0)
    .max(1)
    .nullable()
    .default(0.01)
    .describe(
      "Share of a batch in the running mean under the bound's second term; null for the plain gradient.",
    ),
});
type Settings = z.infer<typeof settings>;

const NAME = 'mutual_information';

/** T(x, o): the network's value for each row of x [B, F] and o [B, d]: [B, 1]. */
function statistics(context: ObjectiveContext, modality: string, s: Settings, x: Tensor, o: Tensor): Tensor {
  const { tf } = context;
  const layer = (y: Tensor, index: number): Tensor =>
    tf.add(
      tf.matMul(
        y as tfjs.Tensor2D,
        context.parameter(`${NAME}.${modality}.${index}.weight`) as tfjs.Tensor2D,
      ),
      context.parameter(`${NAME}.${modality}.${index}.bias`),
    );
  const hidden = s.hidden.reduce<Tensor>((y, _, index) => tf.relu(layer(y, index)), tf.concat([x, o], 1));
  return layer(hidden, s.hidden.length);
}

/**
 * Minus the mutual information between each modality's input and its embedding, estimated by a network for each
 * modality that training builds beside the model and throws away: it is maximised by both.
 */
export const mutualInformation: Objective<Settings> = {
  name: NAME,
  summary: 'Keeps in each embedding what its input says, by a neural estimate of their mutual information.',
  source:
    'ATAM, Eq. 4 (Donsker-Varadhan estimate), Eq. 5 (mutual-information loss of the EEG), Eq. 6 (mutual-information loss of the eyes); Belghazi et al. 2018',
  settings,
  problems: (model) => [...needsModalityEmbeddings(model), ...needsFeatures(model)],
  parameters({ hidden }, model) {
    const list = new ParameterList();
    for (const input of model.inputs) {
      const embedding = model.embeddingWidth;
      const sizes = [sizeOf(inputShape(input)) + embedding, ...hidden, 1];
      for (let layer = 1; layer < sizes.length; layer++)
        list.linear(`${NAME}.${input.name}.${layer - 1}`, sizes[layer - 1], sizes[layer]);
      list.statistic(`${NAME}.${input.name}.log_average`, [1], 'zeros');
    }
    return list.specs;
  },
  loss(s, context) {
    const { tf, model, values, batch } = context;
    const rows = batch.examples.length;
    // A rotation of a shuffled batch is as good as any permutation, pairs no window with itself, and differentiates
    // everywhere.
    const by = 1 + Math.floor(context.uniform() * (rows - 1));
    const rotated = (x: Tensor): Tensor =>
      tf.concat([tf.slice(x, [by, 0], [rows - by, -1]), tf.slice(x, [0, 0], [by, -1])], 0);
    const presence = batch.inputs.get('presence')!;
    const bounds = model.inputs.map(({ name }, m) => {
      const [x, o] = [batch.inputs.get(name)!, values.embeddings[m]];
      const here = tf.slice(presence, [0, m], [-1, 1]);
      const marginal = statistics(context, name, s, x, rotated(o));
      const both = tf.mul(here, rotated(here));
      const average = s.average === null ? null : running(context, name, s.average, marginal, both);
      return donskerVaradhan(tf, statistics(context, name, s, x, o), marginal, both, average);
    });
    return tf.neg(tf.addN(bounds));
  },
};

/** log of the running mean of exp T, this batch included; kept for the next step. */
function running(
  { tf, parameter, remember }: ObjectiveContext,
  modality: string,
  share: number,
  marginal: Tensor,
  mask: Tensor,
): Tensor {
  const name = `${NAME}.${modality}.log_average`;
  const counted = tf.add(marginal, tf.mul(tf.sub(mask, 1), -SMALLEST));
  const own = tf.sub(tf.logSumExp(counted), tf.log(tf.maximum(tf.sum(mask), 1)));
  const before = tf.add(tf.reshape(parameter(name), []), Math.log(1 - share));
  const after = tf.logSumExp(tf.stack([before, tf.add(own, Math.log(share))]));
  remember(name, tf.reshape(after, [1]));
  return after;
}
