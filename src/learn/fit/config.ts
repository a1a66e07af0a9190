import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { ConfigurationError } from '../../core/errors.js';
import { profileNames } from '../../simulation/profile.js';
import { exampleSettings } from '../examples/example-set.js';
import { loadYaml } from '../examples/load-yaml.js';
import { fitSettings } from './fit-settings.js';

const people = z.int().positive();

const simulatedData = z.strictObject({
  kind: z.literal('simulated'),
  seed: z.string().min(1).describe('People, their trajectories and all noise are drawn from it.'),
  profiles: z.array(z.enum(profileNames)).min(1).describe('What people wear, in turn.'),
  duration_s: z.number().positive().describe('Length of each session, s.'),
  step_s: z.number().positive().describe('Least time between two examples of a session, s.'),
  people: z.strictObject({
    train: people,
    validation: people.describe('For early stopping.'),
    calibration: people.describe('For prediction intervals.'),
    test: people.describe('Seen by nothing but the report.'),
  }),
});

const share = z.number().min(0).lt(1);

const datasetData = exampleSettings.extend({
  kind: z.literal('dataset'),
  seed: z.int().default(1).describe('Draws who belongs to which group.'),
  shares: z
    .strictObject({
      validation: share.describe('For early stopping; 0: none, then `fit.keep: last`.'),
      calibration: share.describe('For prediction intervals and for what is still familiar.'),
    })
    .describe('Shares of people, everybody in one group alone; the rest is trained on.'),
});

const evaluationReference = z
  .strictObject({
    config: z
      .string()
      .default('evaluate.yaml')
      .describe('Configuration of that evaluation, relative to this file: `models verify --rerun` runs it.'),
    report: z.string().describe('report.json of `affectd evaluate`, relative to this file; made beforehand.'),
    model: z.string().describe('Name of this model in that evaluation.'),
  })
  .describe('How well this recipe does on people that it was not trained on; the card shows it.');

export const trainConfigSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  type: z.string().describe('Kind of model.'),
  pipeline: z
    .string()
    .optional()
    .describe(
      'Pipeline file, relative to this one; its only model node is the one to train. Left out where the data are images.',
    ),
  data: z.discriminatedUnion('kind', [simulatedData, datasetData]),
  settings: z.record(z.string(), z.unknown()).describe("The model's sizes; the type's own schema."),
  clip_sd: z.number().positive().nullable().describe('Limit of standardised inputs, in standard deviations.'),
  fit: fitSettings,
  interval_level: z.number().gt(0).lt(1),
  validity: z.strictObject({ min_present: z.int().positive(), required: z.array(z.string()) }),
  report: z
    .strictObject({ missing_rates: z.array(z.number().min(0).max(0.95)).min(1) })
    .default({ missing_rates: [0] }),
  evaluation: evaluationReference.optional(),
  card: z
    .strictObject({
      title: z.string().optional(),
      use: z.string().describe('What it may be used for, and what not.'),
      limits: z.array(z.string()).min(1),
      licence: z.string().describe('Of the data, and what it asks for.'),
    })
    .optional()
    .describe('For models trained on a data set.'),
});
export type SimulatedData = z.infer<typeof simulatedData>;
export type DatasetData = z.infer<typeof datasetData>;
export type TrainConfig = z.infer<typeof trainConfigSchema>;

/** A training configuration and where it stands. */
export interface LoadedTrainConfig {
  readonly config: TrainConfig;
  /** Folder of the file: the model is written there. */
  readonly directory: string;
  /** Pipeline file, absolute; null: none. */
  readonly pipeline: string | null;
}

export async function loadTrainConfig(path: string): Promise<LoadedTrainConfig> {
  const config = await loadYaml(path, trainConfigSchema, {
    unreadable: (message, options) => new ConfigurationError('training-unreadable', message, options),
    invalid: (message) => new ConfigurationError('training-invalid', message),
  });
  const directory = dirname(resolve(path));
  const pipeline = config.pipeline === undefined ? null : resolve(directory, config.pipeline);
  return { config, directory, pipeline };
}
