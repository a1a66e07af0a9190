import { parentPort, workerData } from 'node:worker_threads';
import { AffectdError, ConfigurationError } from '../core/errors.js';
import { loadTfjsWasm } from '../engines/tfjs-wasm.js';
import type { FoldReply } from './fold-pool.js';
import type { EvaluationData, FoldTask } from './fold-task.js';
import { runFold } from './run-fold.js';

const data = workerData as EvaluationData;
const reply = (message: FoldReply): void => parentPort!.postMessage(message);

parentPort!.on('message', async (task: FoldTask) => {
  try {
    reply({ kind: 'outcome', outcome: await runFold(loadTfjsWasm, data, task) });
  } catch (error) {
    const { message } = error as Error;
    reply({
      kind: 'failed',
      message,
      code: error instanceof AffectdError ? error.code : 'evaluation-failed',
      configuration: error instanceof ConfigurationError,
    });
  }
});
