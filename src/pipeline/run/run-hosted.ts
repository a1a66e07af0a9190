import { concatMap, endWith, filter, finalize, map, type OperatorFunction } from 'rxjs';
import type { EventSink } from '../../core/event.js';
import type { StreamMessage } from '../../core/signal.js';
import type { GraphOutput } from '../session/graph-output.js';
import type { Gate } from './gate.js';
import type { Given, SessionHost } from './session-host.js';
import { whileHeld } from './while-held.js';

export interface RunHostedOptions {
  /** The session's graph; it is closed with the subscription. */
  readonly host: SessionHost;
  /** Shut while a graph in another thread works on a message. */
  readonly gate: Gate;
  readonly events: EventSink;
}

/** Runs messages through a session's graph, wherever that is, one after the other. What is thrown there is an error here. */
export function runHosted({
  host,
  gate,
  events,
}: RunHostedOptions): OperatorFunction<StreamMessage, GraphOutput> {
  // Most messages give nothing: an observable for each would cost more than they do.
  const answers: OperatorFunction<() => Given | Promise<Given>, Given> = host.isElsewhere
    ? concatMap((step) => whileHeld(gate, Promise.resolve(step())))
    : map((step) => step() as Given);
  return (messages$) =>
    messages$.pipe(
      map((message) => () => host.push(message)),
      endWith(() => host.end()),
      answers,
      filter(({ outputs, events }) => outputs.length > 0 || events.length > 0),
      concatMap((given) => {
        for (const event of given.events) events(event);
        return given.outputs;
      }),
      finalize(() => gate.closing(host.close())),
    );
}
