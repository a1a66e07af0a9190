import { z } from 'zod';

export const digestSchema = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits');

/** A file beside a manifest or in a folder there: no path may lead out of the model's folder. */
export const linkedFile = z.strictObject({
  file: z.string().regex(/^\w[\w.-]*(\/\w[\w.-]*)?$/, 'must be a file in the folder of the manifest'),
  sha256: digestSchema,
});
export type LinkedFile = z.infer<typeof linkedFile>;
