import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The compiled program of a worker thread: beside this file in dist, or dist's when this file runs as TypeScript. */
export function workerFile(name: string): URL {
  const beside = new URL(`./${name}.js`, import.meta.url);
  if (existsSync(fileURLToPath(beside))) return beside;
  return new URL(`../../dist/engines/${name}.js`, import.meta.url);
}
