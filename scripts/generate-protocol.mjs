// Writes the protocol's schemas and its reference page. Run after `npm run build`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { protocolFiles } from '../dist/protocol/reference.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
for (const [path, content] of protocolFiles()) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}
