// Gives every parser changed inputs, in processes with limits of a second of computing and 500 MB, and prints what came of it.
//
//   node scripts/fuzz.mjs [--wire 1000000] [--readers 100000] [--parser NAME]... [--processes N] [--state FILE]
//
// Inputs are numbered: the same number is the same input everywhere. What is done is kept in FILE (node_modules/.fuzz/results.json):
// a run that was stopped goes on where it was, and one that asks for more adds to it. Delete FILE after a parser has changed.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

// Two folders below the root, as compiled sources are: the root is found from there.
const outfile = 'node_modules/.fuzz/command.mjs';
mkdirSync('node_modules/.fuzz', { recursive: true });
await build({
  ...{ entryPoints: ['test/fuzz/fuzz-command.ts'], outfile, bundle: true, packages: 'external' },
  ...{ platform: 'node', format: 'esm', target: 'node20', logLevel: 'warning' },
});
await import(pathToFileURL(resolve(outfile)).href);
