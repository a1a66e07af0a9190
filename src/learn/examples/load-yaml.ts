import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import type { ConfigurationError } from '../../core/errors.js';

/** How a kind of file says what is wrong with it. */
export interface YamlErrors {
  unreadable(message: string, options: { readonly cause: unknown }): ConfigurationError;
  invalid(message: string): ConfigurationError;
}

/** A YAML file as `schema` has it. Throws one of `errors` with the first problem, in one line that names the place. */
export async function loadYaml<T>(path: string, schema: z.ZodType<T>, errors: YamlErrors): Promise<T> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw errors.unreadable(`${path}: cannot be read (${cause.code})`, { cause });
  });
  const document = parseDocument(text);
  const [syntax] = document.errors;
  if (syntax) throw errors.invalid(`${path}: ${syntax.message.split('\n')[0]}`);
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    // Valid YAML may still have aliases of nothing, or that unfold without end.
    throw errors.invalid(`${path}: not usable: ${(error as Error).message.split('\n')[0]}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw errors.invalid(`${path}: ${issue.path.join('.') || 'the file'}: ${issue.message}`);
}
