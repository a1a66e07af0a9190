import { workerData } from 'node:worker_threads';
import { ExampleMaker, type MakerSettings } from './example-maker.js';
import { serveTasks } from './thread-pool.js';

const maker = ExampleMaker.open(workerData as MakerSettings);
// Whoever asks first is told.
maker.catch(() => {});

serveTasks(async (task: Parameters<ExampleMaker['run']>[0]) => (await maker).run(task));
