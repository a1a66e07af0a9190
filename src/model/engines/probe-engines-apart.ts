import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { EngineProbe } from './choose.js';
import { engineNames } from './engine.js';
import { workerFile } from './worker-file.js';

/**
 * Tries every engine in a process of its own: native libraries write what they miss to stderr, with lines of their stacks, and a
 * driver that crashes takes its process along. What was tried is then told as not available.
 */
export function probeEnginesApart(): Promise<readonly EngineProbe[]> {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(workerFile('engine-probe-process', import.meta.url)), {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
    });
    const died = (how: string) =>
      resolve(
        engineNames.map((name) => ({ name, available: false, reason: `a process that tried it ${how}` })),
      );
    child.once('message', (probes) => resolve(probes as EngineProbe[]));
    child.once('error', ({ message }) => died(`did not start (${message})`));
    // Behind its message, if it sent one.
    child.once('close', (code, signal) => died(`ended with ${signal ?? code}`));
  });
}
