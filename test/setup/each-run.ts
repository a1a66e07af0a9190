import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder that holds everything a run writes, whatever becomes of its workers. */
    readonly runFolder: string;
  }
}

export default function eachRun(project: TestProject): () => void {
  const runFolder = mkdtempSync(join(tmpdir(), 'affectd-tests-'));
  project.provide('runFolder', runFolder);
  return () => rmSync(runFolder, { recursive: true, force: true });
}
