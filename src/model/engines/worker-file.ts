import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The compiled program of a worker thread: beside the module that asks for it in dist, or dist's when that runs as TypeScript. */
export function workerFile(name: string, beside: string): URL {
  const own = new URL(`./${name}.js`, beside);
  if (existsSync(fileURLToPath(own))) return own;
  return new URL(own.href.replace(/\/src\/(?!.*\/src\/)/, '/dist/'));
}
