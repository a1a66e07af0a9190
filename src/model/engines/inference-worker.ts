import { parentPort, workerData } from 'node:worker_threads';
import { AffectdError, ConfigurationError } from '../../core/errors.js';
import { readModel } from '../manifest.js';
import { chooseEngine } from './choose.js';
import { unpackFrames } from './frame-packing.js';
import { createInference } from './inference.js';
import type {
  WorkerError,
  WorkerReply,
  WorkerRequest,
  WorkerSettings,
  WorkerStop,
} from './inference-thread.js';
import { gated, NativeGate } from './native-gate.js';

/** The worker thread of {@link WorkerRunner}: engines compute synchronously, and the event loop must not wait. */
const port = parentPort!;
const settings = workerData as WorkerSettings;
const gate = new NativeGate(settings.gate);
const reply = (message: WorkerReply): void => port.postMessage(message);

function describe(error: unknown): WorkerError {
  return {
    code: error instanceof AffectdError ? error.code : 'model-failed',
    message: error instanceof Error ? error.message : String(error),
    configuration: error instanceof ConfigurationError,
  };
}

async function serve(): Promise<void> {
  const { engine, unavailable } = await gate.pass(() => chooseEngine(settings.engine));
  const inference = await createInference(await readModel(settings.directory), gated(engine, gate));
  const { probe_difference } = inference;
  reply({ kind: 'ready', engine: engine.name, detail: engine.detail, unavailable, probe_difference });
  // One after the other: an executable's calls must not overlap, and answers keep the order of questions.
  let last = Promise.resolve();
  port.on('message', (message: WorkerRequest | WorkerStop) => {
    last = last.then(async () => {
      if ('stop' in message) {
        await inference.dispose();
        port.close();
        return;
      }
      const { id, frames, explain } = message;
      try {
        reply({ kind: 'outputs', id, outputs: await inference.predict(unpackFrames(frames), explain) });
      } catch (error) {
        reply({ kind: 'failed', id, ...describe(error) });
      }
    });
  });
}

serve().catch((error: unknown) => reply({ kind: 'stillborn', ...describe(error) }));
