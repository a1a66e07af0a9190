import type { EventSink } from '../core/event.js';
import type { StreamMessage } from '../core/signal.js';
import type { GraphOutput } from './graph-output.js';
import { predict } from './predict.js';
import type { SessionOutput } from './predict-in-order.js';
import type { LoadedPipeline } from './run-session.js';
import { SessionGraph } from './session-graph.js';

export interface ReplayOptions {
  readonly session: string;
  readonly loaded: LoadedPipeline;
  /** Source node to stream id, from {@link matchStreams}. */
  readonly bindings: ReadonlyMap<string, string>;
  readonly events: EventSink;
  /** Whether to tell the state of every channel; default no. */
  readonly monitor?: boolean;
}

/**
 * Runs a recording's messages, which come in order of their first stamps, through a pipeline. Nothing is dropped: the
 * reader waits while the model works, so memory stays bounded however fast the disk is.
 */
export async function* replay(
  messages: AsyncIterable<StreamMessage> | Iterable<StreamMessage>,
  options: ReplayOptions,
): AsyncGenerator<SessionOutput> {
  const { session, loaded } = options;
  let outputs: GraphOutput[] = [];
  const graph = new SessionGraph({
    session,
    pipeline: loaded.pipeline,
    models: new Map([...loaded.runners].map(([name, runner]) => [name, runner.inputs])),
    ordered: true,
    bindings: options.bindings,
    monitor: options.monitor ?? false,
    events: options.events,
    emit: (output) => outputs.push(output),
  });
  const context = { session, pipeline: loaded.pipeline.digest };
  const take = async (): Promise<SessionOutput[]> => {
    const taken = outputs;
    outputs = [];
    const results: SessionOutput[] = [];
    for (const output of taken) {
      if (output.kind !== 'frame') {
        results.push(output);
        continue;
      }
      const runner = loaded.runners.get(output.model);
      if (runner) results.push({ kind: 'prediction', prediction: await predict(output, runner, context) });
    }
    return results;
  };
  for await (const message of messages) {
    graph.push(message);
    if (outputs.length > 0) yield* await take();
  }
  graph.end();
  yield* await take();
}
