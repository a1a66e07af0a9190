import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder that holds `pipelines`, `models`, `docs` and `fixtures`: the checkout or the installed package. */
export const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
