import { workerData } from 'node:worker_threads';
import { openShared } from '../examples/stored-examples.js';
import { serveTasks } from '../examples/thread-pool.js';
import { wasmFoldEngine } from './fold-engine.js';
import type { SharedEvaluationData } from './fold-pool.js';
import type { EvaluationData, FoldTask } from './fold-task.js';
import { runFold } from './run-fold.js';

const shared = workerData as SharedEvaluationData;
const data: EvaluationData = { ...shared, examples: openShared(shared.examples) };

serveTasks((task: FoldTask) => runFold(wasmFoldEngine, data, task));
