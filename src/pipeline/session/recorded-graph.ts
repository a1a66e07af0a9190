import type { FeatureSchema } from '../../core/features.js';
import { type BegunAnew, type StreamMessage, sliceChunk, streamOf } from '../../core/signal.js';
import { FailedSession } from './failed-session.js';
import { samplesLeftOut } from './graph-events.js';
import type { GraphOutput } from './graph-output.js';
import type { GraphState } from './graph-state.js';
import { NodeSequence } from './node-sequence.js';
import { SessionFacts } from './session-facts.js';
import { sessionFailed } from './session-faults.js';
import { type GraphOptions, SessionGraph } from './session-graph.js';
import { WholeWindows } from './whole-windows.js';

export type RecordedGraphOptions = Omit<GraphOptions, 'sequence' | 'facts'>;

/** Where the graph of a recorded session was stopped, as plain data. */
export interface RecordedGraphState {
  readonly graph: GraphState;
  readonly isDown: boolean;
  readonly due: BegunAnew | null;
  readonly dueAtEnd: BegunAnew | null;
  /** By stream, how many of its next samples are left out. */
  readonly dropped: readonly (readonly [stream: string, samples: number])[];
  /** What each node's vectors hold, by the last that was given. */
  readonly schemas: Readonly<Record<string, FeatureSchema>>;
}

/**
 * The graph of a recorded session. What comes as it came live meets what it met then: samples that were left out are, and the graph
 * begins anew, or stays down, where it did, whether or not the fault comes again. Of other recordings it is the graph alone.
 */
export class RecordedGraph {
  readonly #options: RecordedGraphOptions;
  readonly #facts = new SessionFacts();
  readonly #sequence = new NodeSequence();
  readonly #windows = new WholeWindows(this.#sequence);
  #graph: SessionGraph | FailedSession;
  /** What is to happen in the next message. */
  #due: BegunAnew | null = null;
  #dueAtEnd: BegunAnew | null = null;
  readonly #dropped = new Map<string, number>();

  constructor(options: RecordedGraphOptions, state: RecordedGraphState | null) {
    this.#options = options;
    const schemas = new Map(Object.entries(state?.schemas ?? {}));
    if (!state?.isDown) {
      const graph = new SessionGraph(this.#graphOptions());
      if (state) graph.restore(state.graph);
      this.#graph = graph;
    } else {
      this.#facts.restore(state.graph);
      this.#sequence.restore(state.graph.sequence);
      this.#windows.goOn(state.graph.closedUntil, schemas);
      this.#graph = this.#down();
      this.#graph.restore(state.graph.closing);
    }
    if (!state) return;
    this.#windows.goOn(state.graph.closedUntil, schemas);
    this.#due = state.due;
    this.#dueAtEnd = state.dueAtEnd;
    for (const [stream, samples] of state.dropped) this.#dropped.set(stream, samples);
  }

  push(message: StreamMessage): void {
    if (message.kind === 'dropped' || message.kind === 'anew') {
      // In order of stamps messages close other windows, and nothing waits.
      if (!this.#options.ordered) this.#hear(message);
      return;
    }
    const kept = this.#kept(message);
    if (!kept) return;
    const due = this.#due;
    this.#due = null;
    this.#run((graph) => graph.push(kept), due);
  }

  /** No message comes after this. */
  end(): void {
    this.#run((graph) => {
      graph.beginEnd();
      graph.work(Number.POSITIVE_INFINITY);
    }, this.#dueAtEnd);
  }

  snapshot(): RecordedGraphState {
    const graph = this.#graph;
    const { digest } = this.#options.pipeline;
    const isDown = graph instanceof FailedSession;
    return {
      graph: isDown
        ? { ...this.#windows.bare(this.#facts), pipeline: digest, closing: graph.snapshot() }
        : graph.snapshot(),
      isDown,
      due: this.#due,
      dueAtEnd: this.#dueAtEnd,
      dropped: [...this.#dropped],
      schemas: Object.fromEntries(this.#windows.schemas),
    };
  }

  #hear(message: Extract<StreamMessage, { kind: 'dropped' | 'anew' }>): void {
    if (message.kind === 'dropped') {
      const { stream, samples } = message;
      this.#dropped.set(stream, (this.#dropped.get(stream) ?? 0) + samples);
      return;
    }
    const { session, pipeline, events } = this.#options;
    const { anew, atEnd } = message;
    const before = atEnd ? this.#dueAtEnd : this.#due;
    const isOwn = anew.pipeline === pipeline.digest;
    // Another pipeline's faults say nothing of this one, but that it took over from one that was down.
    const isDown = before?.isDown ?? this.#graph instanceof FailedSession;
    if (!isOwn && (anew.isDown || !isDown)) return;
    if (isOwn && anew.reason !== null) events(sessionFailed(session, anew.reason, anew.isDown));
    if (atEnd) this.#dueAtEnd = anew;
    else this.#due = anew;
  }

  /** A message without samples that were left out; null where nothing is left. */
  #kept(message: StreamMessage): StreamMessage | null {
    if (message.kind !== 'chunk' && message.kind !== 'marker') return message;
    const stream = streamOf(message)!;
    const dropped = this.#dropped.get(stream) ?? 0;
    if (dropped === 0) return message;
    this.#options.events(samplesLeftOut(this.#options.session, message));
    const samples = message.kind === 'chunk' ? message.chunk.times.length : 1;
    if (dropped > samples) this.#dropped.set(stream, dropped - samples);
    else this.#dropped.delete(stream);
    if (message.kind === 'marker' || dropped >= samples) return null;
    return { kind: 'chunk', chunk: sliceChunk(message.chunk, dropped, samples) };
  }

  #run(step: (graph: SessionGraph | FailedSession) => void, due: BegunAnew | null): void {
    this.#windows.begin(due?.given);
    if (!due) {
      step(this.#graph);
      return;
    }
    const { zero } = this.#facts;
    try {
      step(this.#graph);
    } catch {
      // It was told when it was recorded, or it is the cut.
    }
    if (due.given === 0) this.#facts.zero = zero;
    this.#windows.cut();
    this.#graph = due.isDown ? this.#down() : this.#anew();
  }

  /** A graph without anything that nodes have learnt. */
  #anew(): SessionGraph {
    let isHeld = true;
    const { events } = this.#options;
    const graph = new SessionGraph({
      ...this.#graphOptions(),
      events: (event) => {
        // What its streams feed was told before.
        if (!isHeld) events(event);
      },
    });
    graph.takeOver(this.#windows.bare(this.#facts));
    isHeld = false;
    return graph;
  }

  #down(): FailedSession {
    return new FailedSession({ ...this.#graphOptions(), facts: this.#facts }, this.#windows);
  }

  #graphOptions(): GraphOptions {
    const { emit } = this.#options;
    return {
      ...this.#options,
      facts: this.#facts,
      sequence: this.#sequence,
      emit: (output: GraphOutput) => {
        for (const given of this.#windows.take(output)) emit(given);
      },
    };
  }
}
