import { z } from 'zod';
import { digestSchema, linkedFile } from './linked-file.js';

/** Files beside a manifest, each by its digest: what its evidence is computed from. */
export const linksSchema = z.strictObject({
  data: linkedFile.describe('What it was trained on ({@link DataLink}).'),
  recipe: linkedFile.describe(
    'How a model comes of the data, from source selector to message ({@link Recipe}).',
  ),
  folds: linkedFile.describe('Who was held out when.'),
  report: linkedFile
    .extend({ model: z.string().describe("The recipe's name in the report.") })
    .describe('report.json of `affectd evaluate`.'),
  probe: linkedFile
    .nullable()
    .describe(
      'A raw signal, which the pipeline turns into the manifest’s probe; null: no pipeline serves it.',
    ),
});
export type Links = z.infer<typeof linksSchema>;

/** What of a report a model's evidence needs; the rest of it is free. */
export const linkedReportSchema = z.looseObject({
  label: z.string().nullable().describe('Whether anything in it is leaky.'),
  data: z.looseObject({ link: digestSchema }),
  folds: digestSchema,
  seeds: z.array(z.int()),
  models: z.array(z.looseObject({ name: z.string(), recipe: digestSchema.nullable() })),
  verdicts: z.array(
    z.looseObject({
      model: z.string(),
      output: z.string(),
      validated: z.boolean(),
      modalities: z
        .array(z.array(z.string()))
        .optional()
        .describe('Sets of modalities that passed alone; left out: the whole set.'),
    }),
  ),
});
export type LinkedReport = z.infer<typeof linkedReportSchema>;
