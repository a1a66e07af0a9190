import { z } from 'zod';
import { inputShape } from '../../model/networks/definition.js';
import { ParameterList } from '../../model/networks/parameter-list.js';
import { needsFeatures, type Objective } from './objective.js';

const settings = z.strictObject({
  weight: z.number().min(0),
  hidden: z.int().positive().default(64).describe("Units of each modality's decoder (sigmoid)."),
});

const NAME = 'reconstruction';

/** Mean squared error of the inputs rebuilt from a model's only embedding; masked values do not count. */
export const reconstruction: Objective<z.infer<typeof settings>> = {
  name: NAME,
  summary: 'Rebuilds every modality from the shared code.',
  source: 'Liu, Zheng & Lu 2016, bimodal deep autoencoder',
  settings,
  problems: (model) => [
    ...(model.jointEmbedding ? [] : ['this kind of model has no embedding of the whole window']),
    ...needsFeatures(model),
  ],
  parameters({ hidden }, model) {
    const list = new ParameterList();
    for (const input of model.inputs) {
      const [size] = inputShape(input);
      list.linear(`${NAME}.${input.name}.in`, model.embeddingWidth, hidden);
      list.linear(`${NAME}.${input.name}.out`, hidden, input.with_mask ? size / 2 : size);
    }
    return list.specs;
  },
  loss(_, { tf, model, values, batch, parameter }) {
    const layer = (x: ReturnType<typeof parameter>, name: string) =>
      tf.add(tf.matMul(x as never, parameter(`${name}.weight`) as never), parameter(`${name}.bias`));
    const [code] = values.embeddings;
    const losses = model.inputs.map((input, m) => {
      const name = `${NAME}.${input.name}`;
      const rebuilt = layer(tf.sigmoid(layer(code, `${name}.in`)), `${name}.out`);
      const whole = batch.inputs.get(input.name)!;
      const features = rebuilt.shape[1]!;
      const given = tf.slice(whole, [0, 0], [-1, features]);
      const here = tf.slice(batch.inputs.get('presence')!, [0, m], [-1, 1]);
      const mask = input.with_mask
        ? tf.slice(whole, [0, features], [-1, features])
        : tf.mul(tf.onesLike(given), here);
      const squares = tf.sum(tf.mul(tf.square(tf.sub(rebuilt, given)), mask));
      return tf.div(squares, tf.maximum(tf.sum(mask), 1));
    });
    return tf.div(tf.addN(losses), losses.length);
  },
};
