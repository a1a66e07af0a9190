import { z } from 'zod';
import { streamTypes } from '../../core/signal.js';
import { digestSchema } from './linked-file.js';

/** A stream as a model's people wore it. */
const streamScope = z.strictObject({
  type: z.enum(streamTypes),
  dialect: z.string().nullable().describe('The device; null: not known.'),
  sfreq_hz: z.number().nonnegative().describe('Nominal rate; 0 = irregular.'),
  channels: z.array(z.strictObject({ label: z.string(), unit: z.string() })),
});
/** What data a model or a report is about. A model and the report that speaks of it have the same. */
export const dataLinkSchema = z.strictObject({
  dataset: z
    .strictObject({ kind: z.string(), settings: z.record(z.string(), z.unknown()) })
    .describe("The data set's kind, and its importer's settings but for the path."),
  simulated: z.boolean().describe('Whether any datum was simulated.'),
  people: z
    .array(z.strictObject({ person: z.string(), labels: digestSchema }))
    .describe('Who is who: of each person the digest of the labels that were read as theirs.'),
  streams: z.array(streamScope).describe('Every layout of stream that somebody had.'),
  files: z
    .array(z.strictObject({ path: z.string(), bytes: z.int().nonnegative(), sha256: digestSchema }))
    .describe("Every file under the data set's path."),
});
export type DataLink = z.infer<typeof dataLinkSchema>;
