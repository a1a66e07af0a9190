import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where inputs are written, one over the other. */
export const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
