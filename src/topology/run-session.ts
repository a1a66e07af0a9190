import { Observable, type OperatorFunction, Subscription } from 'rxjs';
import type { Clock, Seconds } from '../core/clock.js';
import type { EventSink } from '../core/event.js';
import type { ModelRunner } from '../core/model.js';
import { errorOf } from '../core/owned.js';
import { isMeasured, type StreamMessage } from '../core/signal.js';
import { FailedSession } from './failed-session.js';
import type { GraphOutput } from './graph-output.js';
import { NodeSequence, type NodeSequenceState } from './node-sequence.js';
import type { Pipeline } from './pipeline.js';
import { SessionFaults } from './session-faults.js';
import { type GraphOptions, SessionGraph } from './session-graph.js';

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
  /** Tells how far apart faults are. */
  readonly clock: Pick<Clock, 'now'>;
  readonly events: EventSink;
  /** Faults of what makes something of the session's outputs: they count as the graph's own. Default: none. */
  readonly faults$?: Observable<unknown>;
}

/**
 * Runs live stream messages through a session's graph. The graph is made inside the subscription, so two subscribers
 * share no state. When the pipeline is replaced, the new graph first gets the messages that its first window needs, and
 * takes over what was learnt about the person; no sample is lost and no closing time is given twice.
 *
 * What is thrown in the graph ends neither the session nor another one: the graph begins anew behind the last window that
 * was whole, and the third time within a minute the session stays down, until the pipeline is replaced.
 */
export function runSession(options: RunSessionOptions): OperatorFunction<StreamMessage, LiveOutput> {
  return (messages$) =>
    new Observable<LiveOutput>((subscriber) => {
      const running = new RunningSession(options, (live) => subscriber.next(live));
      const error = (reason: unknown): void => subscriber.error(reason);
      const subscription = new Subscription();
      subscription.add(options.loaded$.subscribe({ next: (loaded) => running.start(loaded), error }));
      subscription.add(options.faults$?.subscribe({ next: (fault) => running.failed(fault), error }));
      subscription.add(
        messages$.subscribe({
          next: (message) => running.push(message),
          error,
          complete: () => {
            running.end();
            subscriber.complete();
          },
        }),
      );
      return subscription;
    });
}

class RunningSession {
  readonly #options: RunSessionOptions;
  readonly #next: (live: LiveOutput) => void;
  readonly #history = new MessageHistory();
  readonly #sequence = new NodeSequence();
  readonly #faults = new SessionFaults();
  #loaded: LoadedPipeline | null = null;
  #graph: SessionGraph | FailedSession | null = null;
  /** Outputs of a window that is not whole yet. */
  #window: LiveOutput[] = [];
  #lastClosed = Number.NEGATIVE_INFINITY;
  /** Numbers of the nodes behind the last whole window. */
  #numbers: NodeSequenceState = {};
  #priming = false;

  constructor(options: RunSessionOptions, next: (live: LiveOutput) => void) {
    this.#options = options;
    this.#next = next;
  }

  start(loaded: LoadedPipeline): void {
    this.#loaded = loaded;
    this.#faults.forget();
    const previous = this.#graph;
    this.#history.keep_s = longestWindow(loaded.pipeline) + 1;
    this.#contain(() => {
      const next = new SessionGraph(this.#graphOptions(loaded));
      if (previous) this.#prime(next, this.#history.messages(previous.zero));
      if (previous instanceof SessionGraph) next.takeOver(previous.snapshot());
      this.#graph = next;
    });
  }

  push(message: StreamMessage): void {
    this.#history.add(message);
    this.#contain(() => this.#graph?.push(message));
  }

  end(): void {
    this.#contain(() => this.#graph?.end());
  }

  failed(fault: unknown): void {
    const { session, clock, events } = this.#options;
    this.#priming = false;
    this.#window = [];
    this.#sequence.restore(this.#numbers);
    // What brought the graph down must not come again with the next reload.
    this.#history.forget();
    const isDown = this.#faults.take(clock.now()) === 'down';
    events({
      code: 'session-failed',
      level: 'error',
      session,
      message: `session ${session}: ${errorOf(fault).message}; ${
        isDown
          ? 'it stays down after faults in a row: reload the pipeline, or open it again'
          : 'its graph begins anew'
      }`,
    });
    this.#begin(isDown);
  }

  #contain(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.failed(error);
    }
  }

  #begin(isDown: boolean): void {
    const loaded = this.#loaded;
    if (!loaded) return;
    const zero = this.#graph?.zero ?? null;
    const options = this.#graphOptions(loaded);
    if (isDown) {
      const down = new FailedSession(options, { zero, closed: this.#lastClosed });
      for (const message of this.#history.opened()) down.push(message);
      this.#graph = down;
      return;
    }
    this.#contain(() => {
      const next = new SessionGraph(options);
      this.#prime(next, this.#history.messages(zero));
      this.#graph = next;
    });
  }

  #prime(graph: SessionGraph, messages: Iterable<StreamMessage>): void {
    this.#priming = true;
    for (const message of messages) graph.push(message);
    this.#priming = false;
    this.#sequence.restore(this.#numbers);
    graph.skipTo(this.#lastClosed + 1e-6);
  }

  #graphOptions(loaded: LoadedPipeline): GraphOptions {
    return {
      session: this.#options.session,
      pipeline: loaded.pipeline,
      models: new Map([...loaded.runners].map(([name, runner]) => [name, runner.inputs])),
      ordered: false,
      bindings: null,
      monitor: true,
      sequence: this.#sequence,
      events: (event) => {
        if (!this.#priming) this.#options.events(event);
      },
      emit: (output) => {
        if (!this.#priming) this.#give({ output, loaded });
      },
    };
  }

  /** A window is given when it is whole: of one that a fault cuts short nothing is told, and it closes again. */
  #give(live: LiveOutput): void {
    const { output } = live;
    if (output.kind === 'features' || output.kind === 'indices' || output.kind === 'frame') {
      this.#window.push(live);
      return;
    }
    if (output.kind === 'closed') {
      this.#lastClosed = output.time;
      this.#numbers = this.#sequence.snapshot();
    }
    for (const part of this.#window.splice(0)) this.#next(part);
    this.#next(live);
  }
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

  /** The open streams stay; their samples go. */
  forget(): void {
    this.#chunks = [];
  }

  opened(): Iterable<StreamMessage> {
    return this.#open.values();
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
