import { parentPort, Worker } from 'node:worker_threads';
import { AffectdError, ConfigurationError, ExitCode, InputError } from '../../core/errors.js';
import { workerFile } from '../../model/engines/worker-file.js';

type Reply<Result> =
  | { readonly kind: 'result'; readonly result: Result }
  | {
      readonly kind: 'failed';
      /** Null: an error that is none of ours. */
      readonly code: string | null;
      readonly message: string;
      readonly exitCode: ExitCode;
    };

export interface PoolOptions<Task, Result> {
  /** Threads; where one suffices, `inline` computes in this one. */
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly inline: (task: Task) => Promise<Result>;
  /** What the threads run ({@link serveTasks}), beside `beside`, and get as `workerData`. */
  readonly worker: { readonly name: string; readonly beside: string; readonly data: () => unknown };
  /** The error where a thread ends by itself, or meets an error that is none of ours. */
  readonly failure: (message: string) => AffectdError;
  /** Called for each task as it ends, in any order. */
  readonly done: (index: number, result: Result) => Promise<void> | void;
}

/**
 * Runs tasks over several threads. What comes of a task must not depend on the thread, nor on how many there are. The
 * first failure ends all, and so does the signal, for whose reason this throws.
 */
export async function runTasks<Task, Result>(
  tasks: readonly Task[],
  { workers, signal, inline, worker, failure, done }: PoolOptions<Task, Result>,
): Promise<void> {
  let next = 0;
  const drain = async (run: (task: Task) => Promise<Result>): Promise<void> => {
    while (next < tasks.length && !signal.aborted) {
      const index = next++;
      const result = await run(tasks[index]);
      if (!signal.aborted) await done(index, result);
    }
  };
  const count = Math.min(workers, tasks.length);
  if (count <= 1) {
    await drain(inline);
    signal.throwIfAborted();
    return;
  }
  const file = workerFile(worker.name, worker.beside);
  const workerData = worker.data();
  const threads = Array.from(
    { length: count },
    // The parent's flags (a test runner's loaders) are no business of the worker's.
    () => new Worker(file, { workerData, execArgv: [] }),
  );
  const stop = (): void => {
    for (const thread of threads) void thread.terminate();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.all(
      threads.map((thread) => drain((task) => ask<Task, Result>(thread, task, signal, failure))),
    );
  } finally {
    signal.removeEventListener('abort', stop);
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  signal.throwIfAborted();
}

function ask<Task, Result>(
  thread: Worker,
  task: Task,
  signal: AbortSignal,
  failure: (message: string) => AffectdError,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void): void => {
      thread.off('message', onMessage);
      thread.off('error', onError);
      thread.off('exit', onExit);
      then();
    };
    const onMessage = (reply: Reply<Result>): void =>
      settle(() => {
        if (reply.kind === 'result') resolve(reply.result);
        else reject(errorOf(reply, failure));
      });
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (): void =>
      settle(() =>
        reject(signal.aborted ? (signal.reason as Error) : failure('a worker thread ended by itself')),
      );
    thread.on('message', onMessage);
    thread.on('error', onError);
    thread.on('exit', onExit);
    thread.postMessage(task);
  });
}

/** Classes of errors are lost between threads. */
function errorOf(
  { code, message, exitCode }: Extract<Reply<unknown>, { kind: 'failed' }>,
  failure: (message: string) => AffectdError,
): AffectdError {
  if (code === null) return failure(message);
  if (exitCode === ExitCode.usage) return new ConfigurationError(code, message);
  if (exitCode === ExitCode.unusableInput) return new InputError(code, message);
  return new AffectdError(code, message, exitCode);
}

/** A worker's side of {@link runTasks}. */
export function serveTasks<Task, Result>(run: (task: Task) => Promise<Result>): void {
  const port = parentPort!;
  port.on('message', async (task: Task) => {
    const reply = await run(task).then(
      (result): Reply<Result> => ({ kind: 'result', result }),
      (error: Error): Reply<Result> => {
        const known = error instanceof AffectdError;
        return {
          kind: 'failed',
          code: known ? error.code : null,
          message: error.message,
          exitCode: known ? error.exitCode : ExitCode.failed,
        };
      },
    );
    port.postMessage(reply);
  });
}
