// Writes the files that are made from the code: schemas and reference pages. Run after `npm run build`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from '../dist/generated-files.js';
import { clientReference } from './client-reference.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
for (const [path, content] of [...generatedFiles(), ['docs/reference/client.md', clientReference()]]) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  console.log(path);
}
