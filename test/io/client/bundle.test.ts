import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

/** What a page that uses the client pays for it, bytes after gzip; RxJS would be the page's own. */
const MOST_BYTES = 8_000;

it(`the client for browsers takes at most ${MOST_BYTES} bytes, gzipped`, async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../../../src/io/client/index.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    write: false,
    external: ['rxjs'],
    logLevel: 'silent',
  });
  const [{ contents, text }] = outputFiles;
  const bytes = gzipSync(contents, { level: 9 }).length;
  process.stdout.write(`affectd/client: ${bytes} bytes gzipped, ${contents.length} without\n`);
  expect(text, 'nothing of Node is needed').not.toMatch(/from ?"node:/);
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
});
