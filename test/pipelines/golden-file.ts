import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TableDigest } from './golden-digest.js';

/** Tables by name, as one pipeline gives them for one recording. */
export type GoldenTables = Readonly<Record<string, TableDigest>>;

/** What every pipeline gave when it was last looked at. */
export interface Golden {
  /** The processor on which bytes must be equal; another's compilers may round `Math.exp` and its like differently. */
  readonly made_on: string;
  /** SHA-256 of the recordings. */
  readonly recordings: Readonly<Record<string, string>>;
  readonly pipelines: Readonly<Record<string, Readonly<Record<string, GoldenTables>>>>;
}

const file = join(import.meta.dirname, '..', '..', 'fixtures', 'pipelines', 'golden.json');

/** Node 20, 22 and 24 give the same bytes. */
export const thisMachine = process.arch;

export function readGolden(): Golden {
  if (!existsSync(file)) return { made_on: thisMachine, recordings: {}, pipelines: {} };
  return JSON.parse(readFileSync(file, 'utf8'));
}

export function writeGolden(golden: Golden): void {
  writeFileSync(file, `${laidOut(golden, 0)}\n`);
}

/** JSON with a line for each column, so that a change of the file says what changed. */
function laidOut(value: unknown, depth: number): string {
  const isColumn = !isObject(value) || (depth > 1 && !Object.values(value).some(isObject));
  if (isColumn) return JSON.stringify(value);
  const indent = '  '.repeat(depth);
  const lines = Object.entries(value).map(
    ([key, item]) => `${indent}  ${JSON.stringify(key)}: ${laidOut(item, depth + 1)}`,
  );
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
