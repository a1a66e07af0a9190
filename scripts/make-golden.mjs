// Writes fixtures/pipelines/golden.json, what every shipped pipeline gives, which test/pipelines/golden.test.ts holds it to. To
// be run, after a build, whenever that changes on purpose. What ../shared/recordings gave stays as it was where those are absent.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
execFileSync(process.execPath, [vitest, 'run', 'test/pipelines/golden.test.ts'], {
  cwd: root,
  env: { ...process.env, AFFECTD_GOLDEN: 'write' },
  stdio: 'inherit',
});
