import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folder } from './folder.js';
import { parsers } from './parsers.js';
import type { FuzzResult } from './run-fuzz.js';
import { runParsers } from './run-parsers.js';

const INPUTS = 500;
const MAX_SEED_BYTES = 16_000;
let results: readonly FuzzResult[];
beforeAll(async () => {
  const inputs = { wire: INPUTS, reader: INPUTS };
  results = await runParsers({ parsers, inputs, processes: availableParallelism() + 1, share: 6 });
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(parsers.map((parser) => [parser.name, parser] as const))(
  'the parser: %s',
  (name, { seeds }) => {
    it('takes its seeds, and changed ones too, or refuses them in one line, within 1 s and 500 MB', () => {
      const result = results.find(({ parser }) => parser === name)!;
      expect(result.failures).toEqual([]);
      expect(result.next).toBe(INPUTS);
      for (const { bytes } of seeds()) expect(bytes.length).toBeLessThanOrEqual(MAX_SEED_BYTES);
    });
  },
);
