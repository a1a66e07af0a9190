import { Worker } from 'node:worker_threads';
import { AffectdError } from '../../core/errors.js';
import type { Chunk, StreamMessage } from '../../core/signal.js';
import { workerFile } from '../../model/engines/worker-file.js';
import { dataOf, type PipelineData } from '../file/pipeline-data.js';
import type { RecordedGraphState } from '../session/recorded-graph.js';
import type { Given, HostSetup, SessionHost } from './session-host.js';
import { encodeState } from './state-file.js';

/** What a thread is started with. */
export interface ThreadSetup {
  readonly setup: Omit<HostSetup, 'pipeline'>;
  readonly pipeline: PipelineData;
  /** Bytes of a state file. */
  readonly state: Uint8Array | null;
}

export type ThreadRequest =
  | { readonly kind: 'push'; readonly message: StreamMessage }
  | { readonly kind: 'end' }
  | { readonly kind: 'snapshot' };

/** A graph in a thread of its own: messages go there, and what they gave comes back, as structured clones. */
export class ThreadHost implements SessionHost {
  readonly isElsewhere = true;
  readonly #worker: Worker;
  #failure: Error | null = null;
  #fail: (error: Error) => void = () => {};

  constructor({ pipeline, ...setup }: HostSetup, state: RecordedGraphState | null) {
    const workerData: ThreadSetup = {
      setup,
      pipeline: dataOf(pipeline),
      state: state && encodeState(state),
    };
    // The parent's flags (a test runner's loaders) are no business of the worker's.
    this.#worker = new Worker(workerFile('graph-worker', import.meta.url), { workerData, execArgv: [] });
    const fail = (error: Error): void => {
      this.#failure ??= error;
      this.#fail(this.#failure);
    };
    this.#worker.on('error', fail);
    this.#worker.on('exit', () =>
      fail(new AffectdError('session-failed', 'the thread of the session ended')),
    );
  }

  push(message: StreamMessage): Promise<Given> {
    return this.#ask({ kind: 'push', message: compact(message) });
  }

  end(): Promise<Given> {
    return this.#ask({ kind: 'end' });
  }

  snapshot(): Promise<RecordedGraphState> {
    return this.#ask({ kind: 'snapshot' });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask<Answer>(request: ThreadRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#fail = reject;
      this.#worker.once('message', resolve);
      this.#worker.postMessage(request);
    });
  }
}

/** A clone of a view copies all that the view is a part of. */
function compact(message: StreamMessage): StreamMessage {
  if (message.kind !== 'chunk') return message;
  const { info, data, times, gapBefore } = message.chunk;
  const chunk: Chunk = { info, data: own(data), times: own(times), gapBefore };
  return { kind: 'chunk', chunk };
}

function own(array: Float64Array): Float64Array {
  return array.buffer.byteLength === array.byteLength ? array : array.slice();
}
