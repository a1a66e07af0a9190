import type { EventSink } from '../core/event.js';
import type { StreamMessage } from '../core/signal.js';
import { Anchors } from './anchors.js';
import type { GraphOutput } from './graph-output.js';
import { type FrameOutput, type Predicted, type PredictionContext, predictAll } from './predict.js';
import type { LoadedPipeline } from './run-session.js';
import { SessionGraph } from './session-graph.js';
import type { SessionOutput } from './session-output.js';

/** A good {@link ReplayOptions.batch} where nobody watches. */
export const REPLAY_BATCH = 16;

export interface ReplayOptions {
  readonly session: string;
  readonly loaded: LoadedPipeline;
  /** Source node to stream id, from {@link matchStreams}. */
  readonly bindings: ReadonlyMap<string, string>;
  readonly events: EventSink;
  /** Whether to tell the state of every channel; default no. */
  readonly monitor?: boolean;
  /** Whether to give feature vectors beside predictions; default no. */
  readonly features?: boolean;
  /**
   * Whether messages come as they came live, so that windows close when they did; default: in order of their stamps.
   */
  readonly inArrivalOrder?: boolean;
  /**
   * Windows that go to the model together; default 1. More are faster, and come later, which matters only to those
   * who watch. The predictions don't depend on it.
   */
  readonly batch?: number;
  /** Whether predictions carry their `contribution`; asked for each batch. Default: no. */
  readonly explain?: () => boolean;
}

/**
 * Runs a recording's messages, in order of their first stamps or of their arrival, through a pipeline. Nothing is dropped: the
 * reader waits while the model works, so memory stays bounded however fast the disk is.
 */
export async function* replay(
  messages: AsyncIterable<StreamMessage> | Iterable<StreamMessage>,
  options: ReplayOptions,
): AsyncGenerator<SessionOutput> {
  const { session, loaded } = options;
  let outputs: GraphOutput[] = [];
  let frames = 0;
  const graph = new SessionGraph({
    session,
    pipeline: loaded.pipeline,
    models: new Map([...loaded.runners].map(([name, runner]) => [name, runner.inputs])),
    ordered: !(options.inArrivalOrder ?? false),
    bindings: options.bindings,
    monitor: options.monitor ?? false,
    features: options.features ?? false,
    events: options.events,
    emit: (output) => {
      outputs.push(output);
      if (output.kind === 'frame') frames++;
    },
  });
  const context = (): PredictionContext => ({
    session,
    pipeline: loaded.pipeline.digest,
    explain: options.explain?.() ?? false,
  });
  const anchors = new Anchors();
  const followed = (made: readonly SessionOutput[]): SessionOutput[] =>
    made.map((output) => anchors.follow(output));
  const batch = options.batch ?? 1;
  // While the model works on one batch, the next one is read.
  let pending: Promise<SessionOutput[]> = Promise.resolve([]);
  for await (const message of messages) {
    graph.push(message);
    if (outputs.length === 0 || (frames < batch && loaded.runners.size > 0)) continue;
    const next = predicted(outputs, loaded, context());
    outputs = [];
    frames = 0;
    if (batch > 1) {
      yield* followed(await pending);
      pending = next;
    } else yield* followed(await next);
  }
  yield* followed(await pending);
  graph.end();
  yield* followed(await predicted(outputs, loaded, context()));
}

/** Replaces frames by their predictions; the order stays. */
async function predicted(
  outputs: readonly GraphOutput[],
  { runners }: LoadedPipeline,
  context: PredictionContext,
): Promise<SessionOutput[]> {
  const predictions = new Map<GraphOutput, Predicted>();
  for (const [model, runner] of runners) {
    const own = outputs.filter(
      (output) => output.kind === 'frame' && output.model === model,
    ) as FrameOutput[];
    const given = await predictAll(own, runner, context);
    own.forEach((output, i) => {
      predictions.set(output, given[i]);
    });
  }
  return outputs.flatMap((output): SessionOutput[] => {
    if (output.kind !== 'frame') return [output];
    const made = predictions.get(output);
    return made ? [{ kind: 'prediction', ...made }] : [];
  });
}
