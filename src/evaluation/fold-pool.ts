import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { AffectdError, ConfigurationError } from '../core/errors.js';
import { loadTfjsWasm } from '../engines/tfjs-wasm.js';
import type { EvaluationData, FoldOutcome, FoldTask } from './fold-task.js';
import { runFold } from './run-fold.js';

export type FoldReply =
  | { readonly kind: 'outcome'; readonly outcome: FoldOutcome }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly configuration: boolean;
    };

/** The compiled worker: beside this file in dist, or dist's when this file runs as TypeScript. */
function workerFile(): URL {
  const beside = new URL('./fold-worker.js', import.meta.url);
  if (existsSync(fileURLToPath(beside))) return beside;
  return new URL('../../dist/evaluation/fold-worker.js', import.meta.url);
}

export interface PoolOptions {
  /** Threads; 1 computes in this one. */
  readonly workers: number;
  readonly signal: AbortSignal;
  /** Called for each task as it ends, in any order. */
  readonly done: (index: number, outcome: FoldOutcome) => Promise<void>;
}

/**
 * Runs tasks over several threads, each of which has the data once. What comes of a task does not depend on the
 * thread, nor on how many there are. The first failure ends all.
 */
export async function runFolds(
  data: EvaluationData,
  tasks: readonly FoldTask[],
  { workers, signal, done }: PoolOptions,
): Promise<void> {
  let next = 0;
  const drain = async (run: (task: FoldTask) => Promise<FoldOutcome>): Promise<void> => {
    while (next < tasks.length && !signal.aborted) {
      const index = next++;
      const outcome = await run(tasks[index]);
      if (!signal.aborted) await done(index, outcome);
    }
  };
  const count = Math.min(workers, tasks.length);
  if (count <= 1) {
    await drain((task) => runFold(loadTfjsWasm, data, task));
    return;
  }
  const threads = Array.from(
    { length: count },
    // The parent's flags (a test runner's loaders) are no business of the worker's.
    () => new Worker(workerFile(), { workerData: data, execArgv: [] }),
  );
  const stop = (): void => {
    for (const thread of threads) void thread.terminate();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.all(threads.map((thread) => drain((task) => ask(thread, task, signal))));
  } finally {
    signal.removeEventListener('abort', stop);
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

function ask(thread: Worker, task: FoldTask, signal: AbortSignal): Promise<FoldOutcome> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void): void => {
      thread.off('message', onMessage);
      thread.off('error', onError);
      thread.off('exit', onExit);
      then();
    };
    const onMessage = (reply: FoldReply): void =>
      settle(() => {
        if (reply.kind === 'outcome') resolve(reply.outcome);
        else if (reply.configuration) reject(new ConfigurationError(reply.code, reply.message));
        else reject(new AffectdError(reply.code, reply.message));
      });
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (): void =>
      settle(() =>
        reject(
          signal.aborted
            ? (signal.reason as Error)
            : new AffectdError('evaluation-failed', 'a worker thread of the evaluation ended by itself'),
        ),
      );
    thread.on('message', onMessage);
    thread.on('error', onError);
    thread.on('exit', onExit);
    thread.postMessage(task);
  });
}
