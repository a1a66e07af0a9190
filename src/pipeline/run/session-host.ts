import type { SessionEvent } from '../../core/event.js';
import type { StreamMessage } from '../../core/signal.js';
import type { GraphOutput } from '../session/graph-output.js';
import {
  RecordedGraph,
  type RecordedGraphOptions,
  type RecordedGraphState,
} from '../session/recorded-graph.js';

/** What a session's graph is made for. */
export type HostSetup = Omit<RecordedGraphOptions, 'events' | 'emit'>;

/** What a graph gave and told, each in order. */
export interface Given {
  readonly outputs: readonly GraphOutput[];
  readonly events: readonly SessionEvent[];
}

/** Runs a session's graph, wherever that is. Its calls come one after the other: each waits for the one before. */
export interface SessionHost {
  /** Whether that is another thread: its answers are promises then, and none otherwise. */
  readonly isElsewhere: boolean;
  push(message: StreamMessage): Given | Promise<Given>;
  /** No message comes after this. */
  end(): Given | Promise<Given>;
  snapshot(): RecordedGraphState | Promise<RecordedGraphState>;
  close(): void | Promise<void>;
}

/** `state`: where a graph for the same setup was stopped; null: the session begins. */
export type MakeHost = (setup: HostSetup, state: RecordedGraphState | null) => SessionHost;

const nothing: Given = { outputs: [], events: [] };

/** A graph in this thread. */
export class InlineHost implements SessionHost {
  readonly isElsewhere = false;
  readonly #graph: RecordedGraph;
  #outputs: GraphOutput[] = [];
  #events: SessionEvent[] = [];

  constructor(setup: HostSetup, state: RecordedGraphState | null) {
    this.#graph = new RecordedGraph(
      {
        ...setup,
        events: (event) => this.#events.push(event),
        emit: (output) => this.#outputs.push(output),
      },
      state,
    );
  }

  push(message: StreamMessage): Given {
    this.#graph.push(message);
    return this.#take();
  }

  end(): Given {
    this.#graph.end();
    return this.#take();
  }

  snapshot(): RecordedGraphState {
    return this.#graph.snapshot();
  }

  close(): void {}

  #take(): Given {
    if (this.#outputs.length === 0 && this.#events.length === 0) return nothing;
    const given = { outputs: this.#outputs, events: this.#events };
    this.#outputs = [];
    this.#events = [];
    return given;
  }
}
