import { z } from 'zod';
import type { InputSpec, ModelDefinition, ModelValues } from './definition.js';
import type { Graph, ImageConvolution } from './graph.js';
import {
  linearOutputs,
  outputParameters,
  outputProblems,
  outputSettings,
  outputsOf,
  outputValues,
} from './output-layers.js';
import { ParameterList } from './parameter-list.js';

export const prnetImageSettings = z.strictObject({
  stages: z
    .array(z.int().positive())
    .min(1)
    .default([64, 128, 256, 512, 512])
    .describe(
      'Channels of each stage: two convolutions of 3 x 3 and the largest of 2 x 2; the paper has the default.',
    ),
  features: z
    .int()
    .positive()
    .default(256)
    .describe('Width of the fully connected layer that all outputs take.'),
  dropout: z.number().min(0).max(0.9).default(0).describe('Of these features.'),
  ...outputSettings,
});
export type PrnetImageSettings = z.infer<typeof prnetImageSettings>;

const TAPS = 3;
const POOL = 2;

/** An image on its way through the stages. */
interface Layer extends ImageConvolution {
  readonly name: string;
}

type ImageSpec = InputSpec & { readonly kind: 'image' };

const isImage = (input: InputSpec): input is ImageSpec => input.kind === 'image';

/** The two convolutions of each stage, and what is left of the image after the last. */
function stagesOf({ stages }: PrnetImageSettings, input: ImageSpec) {
  let [height, width, channels] = [input.height, input.width, input.channels.length];
  const found = stages.map((outputs, stage) => {
    const layers: Layer[] = [channels, outputs].map((from, i) => ({
      name: `stage.${stage}.${i}`,
      channels: from,
      outputs,
      height,
      width,
      taps: TAPS,
    }));
    [height, width, channels] = [height / POOL, width / POOL, outputs];
    return layers;
  });
  return { stages: found, flat: height * width * channels };
}

function problems(s: PrnetImageSettings, inputs: readonly InputSpec[]): string[] {
  const [input, ...more] = inputs;
  const shrinks = POOL ** s.stages.length;
  if (more.length > 0 || !input || !isImage(input))
    return ['inputs: prnet-image takes one image and nothing else'];
  if (input.height % shrinks !== 0 || input.width % shrinks !== 0)
    return [
      `settings.stages: ${s.stages.length} of them halve an image so often that its rows and columns must be multiples of ${shrinks}; inputs.${input.name} has ${input.height} x ${input.width}`,
    ];
  return outputProblems(s);
}

const layersOf = (s: PrnetImageSettings) => linearOutputs(s, s.features);

function forward<T>(g: Graph<T>, s: PrnetImageSettings, [input]: readonly InputSpec[]): ModelValues<T> {
  const { stages, flat } = stagesOf(s, input as ImageSpec);
  let x = g.input(input.name);
  for (const layers of stages) {
    for (const layer of layers) x = g.activate(g.convolve2d(x, layer.name, layer), 'relu');
    const { height, width, outputs } = layers[1];
    x = g.maxPool2d(x, POOL, [height, width, outputs]);
  }
  const seen = g.activate(g.linear(g.reshape(x, [flat]), 'features'), 'relu');
  const features = g.dropout(seen, s.dropout);
  return {
    ...outputValues(g, features, layersOf(s)),
    weights: null,
    routing: null,
    embeddings: [features],
  };
}

/**
 * PRNet's network for images of faces: stages of two convolutions and a pooling, a fully connected layer, then a layer for
 * the value of each dimension and a linear layer on pairs that tells which of two faces shows more (its loss is `ranking`,
 * src/learn/losses).
 */
export const prnetImage: ModelDefinition<PrnetImageSettings> = {
  type: 'prnet-image',
  summary: 'Convolutional network for face images with a head that ranks two of them.',
  source: 'PRNet, Fig. 2 (architecture), Eq. 3 (ranking loss): its network for face images',
  settings: prnetImageSettings,
  problems,
  outputs: outputsOf,
  embeddingWidth: ({ features }) => features,
  jointEmbedding: true,
  parameters(s, [input]) {
    const list = new ParameterList();
    const { stages, flat } = stagesOf(s, input as ImageSpec);
    for (const { name, channels, outputs } of stages.flat()) {
      list.add(`${name}.weight`, [TAPS, TAPS, channels, outputs], 'fan-in', TAPS * TAPS * channels);
      list.add(`${name}.bias`, [outputs], 'zeros');
    }
    list.linear('features', flat, s.features);
    outputParameters(list, layersOf(s));
    return list.specs;
  },
  forward,
};
