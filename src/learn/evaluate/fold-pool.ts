import { AffectdError } from '../../core/errors.js';
import type { SharedExamples } from '../examples/stored-examples.js';
import { runTasks } from '../examples/thread-pool.js';
import { type FoldEngine, wasmFoldEngine } from './fold-engine.js';
import type { EvaluationData, FoldOutcome, FoldTask } from './fold-task.js';
import { runFold } from './run-fold.js';

/** {@link EvaluationData} as a thread of its own can have it. */
export interface SharedEvaluationData extends Omit<EvaluationData, 'examples'> {
  readonly examples: SharedExamples;
}

export interface PoolOptions {
  /** Threads; 1 computes in this one. */
  readonly workers: number;
  /** Trains all folds, in this thread; default: WebAssembly, in every thread. */
  readonly loadEngine?: () => Promise<FoldEngine>;
  readonly signal: AbortSignal;
  /** Called for each task as it ends, in any order. */
  readonly done: (index: number, outcome: FoldOutcome) => Promise<void>;
}

/**
 * Runs tasks over several threads, which read the same data; over one where these can't be shared. What comes of a task
 * does not depend on the thread, nor on how many there are. The first failure ends all.
 */
export function runFolds(
  data: EvaluationData,
  shared: SharedExamples | null,
  tasks: readonly FoldTask[],
  { workers, loadEngine, signal, done }: PoolOptions,
): Promise<void> {
  return runTasks(tasks, {
    workers: shared && !loadEngine ? workers : 1,
    signal,
    inline: (task) => runFold(loadEngine ?? wasmFoldEngine, data, task),
    worker: {
      name: 'fold-worker',
      beside: import.meta.url,
      data: (): SharedEvaluationData => ({ ...data, examples: shared! }),
    },
    failure: (message) => new AffectdError('evaluation-failed', message),
    done,
  });
}
