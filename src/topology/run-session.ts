import { Observable, type OperatorFunction } from 'rxjs';
import type { Seconds } from '../core/clock.js';
import type { EventSink } from '../core/event.js';
import type { ModelRunner } from '../core/model.js';
import { isMeasured, type StreamMessage } from '../core/signal.js';
import type { GraphOutput } from './graph-output.js';
import { NodeSequence } from './node-sequence.js';
import type { Pipeline } from './pipeline.js';
import { SessionGraph } from './session-graph.js';

/** A pipeline with its models loaded, one runner for each model node. */
export interface LoadedPipeline {
  readonly pipeline: Pipeline;
  readonly runners: ReadonlyMap<string, ModelRunner>;
}

/** A graph's output and the pipeline that gave it. */
export interface LiveOutput {
  readonly output: GraphOutput;
  readonly loaded: LoadedPipeline;
}

export interface RunSessionOptions {
  readonly session: string;
  /** The pipeline to run; each further value replaces the one that runs. */
  readonly loaded$: Observable<LoadedPipeline>;
  readonly events: EventSink;
}

/**
 * Runs live stream messages through a session's graph. The graph is made inside the subscription, so two subscribers
 * share no state. When the pipeline is replaced, the new graph first gets the messages that its first window needs, and
 * takes over what was learnt about the person; no sample is lost and no closing time is given twice.
 */
export function runSession(options: RunSessionOptions): OperatorFunction<StreamMessage, LiveOutput> {
  const { session, loaded$, events } = options;
  return (messages$) =>
    new Observable<LiveOutput>((subscriber) => {
      const history = new MessageHistory();
      const sequence = new NodeSequence();
      let graph: SessionGraph | null = null;
      let lastClosed = Number.NEGATIVE_INFINITY;
      let priming = false;

      const start = (loaded: LoadedPipeline): void => {
        const { pipeline, runners } = loaded;
        const previous = graph;
        const next = new SessionGraph({
          session,
          pipeline,
          models: new Map([...runners].map(([name, runner]) => [name, runner.inputs])),
          ordered: false,
          bindings: null,
          monitor: true,
          sequence,
          events: (event) => {
            if (!priming) events(event);
          },
          emit: (output) => {
            if (priming) return;
            if (output.kind === 'closed') lastClosed = output.time;
            subscriber.next({ output, loaded });
          },
        });
        graph = next;
        history.keep_s = longestWindow(pipeline) + 1;
        if (!previous) return;
        priming = true;
        const numbers = sequence.snapshot();
        for (const message of history.messages(previous.zero)) next.push(message);
        priming = false;
        sequence.restore(numbers);
        next.skipTo(lastClosed + 1e-6);
        next.takeOver(previous.snapshot());
      };

      const pipelines = loaded$.subscribe({ next: start, error: (error) => subscriber.error(error) });
      const messages = messages$.subscribe({
        next: (message) => {
          history.add(message);
          graph?.push(message);
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          graph?.end();
          subscriber.complete();
        },
      });
      return () => {
        messages.unsubscribe();
        pipelines.unsubscribe();
      };
    });
}

function longestWindow(pipeline: Pipeline): Seconds {
  let longest = 0;
  for (const node of pipeline.transforms.values()) {
    if (node.definition.kind === 'window')
      longest = Math.max(longest, node.definition.timing(node.params as never).window_s);
  }
  return longest;
}

/** The open streams and the chunks of the last seconds: what a graph needs to start in the middle of a session. */
class MessageHistory {
  keep_s: Seconds = 0;
  readonly #open = new Map<string, StreamMessage & { kind: 'open' }>();
  #chunks: (StreamMessage & { kind: 'chunk' })[] = [];
  #head = Number.NEGATIVE_INFINITY;

  add(message: StreamMessage): void {
    if (message.kind === 'chunk' && !isMeasured(message.chunk.info)) return;
    if (message.kind === 'open') this.#open.set(message.info.id, message);
    if (message.kind === 'close') this.#open.delete(message.id);
    if (message.kind !== 'chunk' || message.chunk.times.length === 0) return;
    const { times } = message.chunk;
    this.#head = Math.max(this.#head, times[times.length - 1]);
    this.#chunks.push(message);
    const oldest = this.#head - this.keep_s;
    let stale = 0;
    while (stale < this.#chunks.length && lastOf(this.#chunks[stale].chunk.times) < oldest) stale++;
    if (stale > 64) this.#chunks = this.#chunks.slice(stale);
  }

  /** Everything kept, after an empty mark at `zero` that fixes the session's time base. */
  *messages(zero: Seconds | null): Iterable<StreamMessage> {
    if (zero !== null) yield { kind: 'chunk', chunk: timeBase(zero) };
    yield* this.#open.values();
    for (const message of this.#chunks) {
      if (this.#open.has(message.chunk.info.id)) yield message;
    }
  }
}

function lastOf(times: Float64Array): number {
  return times[times.length - 1];
}

/** One sample of a stream that feeds nothing, at the session's zero. */
function timeBase(zero: Seconds): (StreamMessage & { kind: 'chunk' })['chunk'] {
  const info = {
    id: 'time-base',
    name: 'time base',
    type: 'Other',
    sourceId: '',
    sfreq: 0,
    channels: [],
  } as const;
  return { info, data: new Float64Array(0), times: Float64Array.of(zero), gapBefore: false };
}
