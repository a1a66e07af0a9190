import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { folder } from './folder.js';
import { parsers } from './parsers.js';
import { resultsTable, runParsers } from './run-parsers.js';

const TELL_EVERY_MS = 60_000;

/** `scripts/fuzz.mjs`, which compiles it. */
const { values } = parseArgs({
  options: {
    wire: { type: 'string', default: '1000000' },
    readers: { type: 'string', default: '100000' },
    parser: { type: 'string', multiple: true },
    processes: { type: 'string', default: String(availableParallelism()) },
    state: { type: 'string', default: 'node_modules/.fuzz/results.json' },
  },
});
mkdirSync(dirname(values.state), { recursive: true });
const { parser: named } = values;
const chosen = parsers.filter(({ name }) => !named || named.includes(name));
if (chosen.length === 0)
  throw new Error(`no such parser; there are: ${parsers.map(({ name }) => name).join(', ')}`);
let told_ms = performance.now();
const results = await runParsers({
  parsers: chosen,
  inputs: { wire: Number(values.wire), reader: Number(values.readers) },
  ...{ processes: Number(values.processes), share: 1, state: values.state },
  told: (results) => {
    if (performance.now() - told_ms < TELL_EVERY_MS) return;
    told_ms = performance.now();
    const inputs = results.reduce((sum, { next }) => sum + next, 0);
    const failures = results.reduce((sum, { failures }) => sum + failures.length, 0);
    process.stderr.write(`${inputs} inputs, ${failures} ways to fail\n`);
  },
});
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${resultsTable(results)}\n`);
process.exitCode = results.some(({ failures }) => failures.length > 0) ? 1 : 0;
