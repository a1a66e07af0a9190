// Compiles src to dist, bundles the dashboard page and makes the site of docs/. Needs nothing but Node and the dev dependencies.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildDocsSite } from './docs-site.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const dist = join(root, 'dist');

if (process.argv.includes('--clean')) rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});

const page = join(root, 'src', 'dashboard');
if (existsSync(join(page, 'main.ts'))) {
  const out = join(dist, 'dashboard');
  mkdirSync(out, { recursive: true });
  await build({
    entryPoints: [join(page, 'main.ts')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    sourcemap: true,
    outfile: join(out, 'main.js'),
    logLevel: 'warning',
  });
  for (const file of ['index.html', 'style.css']) cpSync(join(page, file), join(out, file));

  const docs = join(out, 'docs');
  // A page that was renamed must not stay under its old name.
  rmSync(docs, { recursive: true, force: true });
  await buildDocsSite(root, docs);
}
