import { z } from 'zod';
import { augmentationSettings } from '../examples/augmentation.js';
import { lossSettings } from '../losses/definitions.js';

const rate = z.number().min(0).max(0.95);

export const fitSettings = z.strictObject({
  seed: z.int().describe('Draws the first weights, the order of examples and all dropout.'),
  epochs: z.int().positive(),
  batch_size: z.int().min(2),
  optimiser: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('adam').describe('Weight decay is decoupled (AdamW).') }),
      z.strictObject({ kind: z.literal('sgd'), momentum: z.number().min(0).lt(1).default(0.9) }),
    ])
    .default({ kind: 'adam' }),
  learning_rate: z.number().positive().describe('Peak of the schedule.'),
  schedule: z.enum(['cosine', 'constant']).default('cosine'),
  warmup_epochs: z.number().min(0).default(1).describe('Of the cosine schedule.'),
  weight_decay: z.number().min(0).default(0),
  patience_epochs: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('Epochs without a lower validation loss before it stops; null: never.'),
  keep: z
    .enum(['best', 'last'])
    .default('best')
    .describe(
      'Weights of the epoch with the lowest validation loss (of classes NLL, of values 1 - CCC), or of the last.',
    ),
  loss: lossSettings.describe('What is minimised: the weighted sum of these.'),
  dropout: z
    .strictObject({
      modality: rate.default(0).describe('Probability that a modality is missing from an example.'),
      channel: rate.default(0).describe('Probability that a channel or region is missing from a modality.'),
      noise_sd: z.number().min(0).default(0).describe('Noise on standardised features.'),
    })
    .default({ modality: 0, channel: 0, noise_sd: 0 }),
  augmentation: augmentationSettings.optional(),
  sequence: z
    .strictObject({
      length: z.int().min(2).default(15).describe('Consecutive windows of a trial that stay together (T).'),
      burst_windows: z
        .number()
        .min(1)
        .default(4)
        .describe('Mean number of windows for which a modality that goes missing is away.'),
    })
    .nullable()
    .default(null)
    .describe(
      'Batches of runs of consecutive windows (Hi-MoE’s embeddings are sequences, it does not say how long); null: windows in any order.',
    ),
  validation_missing: rate
    .default(0.3)
    .describe('The validation loss is the mean of that with all modalities and with this share missing.'),
});
export type FitSettings = z.infer<typeof fitSettings>;
