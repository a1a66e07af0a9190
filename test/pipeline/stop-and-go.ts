import type { SessionEvent } from '../../src/core/event.js';
import type { StreamMessage } from '../../src/core/signal.js';
import { decodeState, encodeState } from '../../src/pipeline/run/state-file.js';
import type { GraphOutput } from '../../src/pipeline/session/graph-output.js';
import type { GraphState } from '../../src/pipeline/session/graph-state.js';
import { type GraphOptions, SessionGraph } from '../../src/pipeline/session/session-graph.js';

/** What a run gave, in order, to the last bit, and what it had learnt at its end. */
export interface Run {
  readonly told: readonly string[];
  readonly state: string;
}

/** How a state gets from one object to the next. */
export type Way = (state: GraphState) => GraphState;

export const ways: readonly Way[] = [
  (state) => structuredClone(state),
  (state) => decodeState(encodeState(state)) as GraphState,
];

type Setup = Omit<GraphOptions, 'session' | 'events' | 'emit' | 'sequence'>;

/**
 * Runs `messages` through a graph that is stopped before each of `stops` (places of messages) and goes on as a new one. A
 * graph that was stopped gets the message after the stop all the same, which must not reach the state that it gave.
 */
export function stopAndGo(setup: Setup, messages: readonly StreamMessage[], stops: readonly number[]): Run {
  const told: string[] = [];
  const make = (): { readonly graph: SessionGraph; leave(): void } => {
    let left = false;
    const tell = (what: GraphOutput | SessionEvent): void => {
      if (!left) told.push(bitsOf(what));
    };
    const graph = new SessionGraph({ ...setup, session: 's', events: tell, emit: tell });
    return {
      graph,
      leave: () => {
        left = true;
      },
    };
  };
  let current = make();
  for (const [i, message] of messages.entries()) {
    const stop = stops.indexOf(i);
    if (stop >= 0) {
      const state = current.graph.snapshot();
      const before = encodeState(state);
      current.leave();
      current.graph.push(message);
      const carried = ways[stop % ways.length](state);
      current = make();
      current.graph.restore(carried);
      current.graph.push(message);
      for (const kept of [state, carried])
        if (Buffer.compare(encodeState(kept), before) !== 0)
          throw new Error(`the state before message ${i} changed after it was taken`);
    } else current.graph.push(message);
  }
  current.graph.end();
  return { told, state: bitsOf(current.graph.snapshot()) };
}

/**
 * Text that two values share only if all their bits are equal, in whatever order their keys are. Throws `TypeError` for
 * what is no plain data.
 */
export function bitsOf(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return `${value.constructor.name}(${bytes.length})${bytes.toString('latin1')}`;
  }
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += `${bitsOf(item)},`;
    return `[${text}]`;
  }
  if (value instanceof Map) return `Map${bitsOf([...value])}`;
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype)
    throw new TypeError(`${String(value)} is no plain data`);
  const record = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(record).sort()) text += `${JSON.stringify(key)}:${bitsOf(record[key])},`;
  return `{${text}}`;
}
