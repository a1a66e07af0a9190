import { parentPort, workerData } from 'node:worker_threads';
import { pipelineOf } from '../file/pipeline-data.js';
import type { RecordedGraphState } from '../session/recorded-graph.js';
import { InlineHost } from './session-host.js';
import { decodeState } from './state-file.js';
import type { ThreadRequest, ThreadSetup } from './thread-host.js';

/** The thread of a `ThreadHost`. */
const { setup, pipeline, state } = workerData as ThreadSetup;
const host = new InlineHost(
  { ...setup, pipeline: pipelineOf(pipeline) },
  state && (decodeState(state) as RecordedGraphState),
);
const port = parentPort!;

port.on('message', (request: ThreadRequest) => {
  if (request.kind === 'push') port.postMessage(host.push(request.message));
  else port.postMessage(request.kind === 'end' ? host.end() : host.snapshot());
});
