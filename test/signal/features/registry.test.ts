import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { featureDefinitions } from '../../../src/signal/features/registry.js';

it('holds one definition for every file', () => {
  const files = readdirSync(new URL('../../../src/features', import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'registry.ts')
    .map((entry) => entry.name.replace(/\.ts$/, ''));
  expect([...featureDefinitions.keys()].sort()).toEqual(files.sort());
});
