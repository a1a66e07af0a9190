import { z } from 'zod';
import type { ModelDefinition } from './definition.js';
import { outputSettings } from './output-layers.js';
import { prnet } from './prnet.js';

export const concatenationSettings = z.strictObject({
  hidden: z.array(z.int().positive()).default([]).describe('Layers between; none: a linear model.'),
  dropout: z.number().min(0).max(0.9).default(0),
  ...outputSettings,
});

/** A baseline: all features side by side into a linear layer, which with `cross_entropy` is logistic regression. */
export const concatenation: ModelDefinition<z.infer<typeof concatenationSettings>> = {
  ...prnet,
  type: 'concatenation',
  summary: 'All features side by side into a linear layer.',
  source: 'The baseline of ATAM, Table II (SEED): concatenation of features',
  settings: concatenationSettings,
};
