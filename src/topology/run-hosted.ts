import { concatMap, EMPTY, endWith, finalize, map, type ObservableInput, type OperatorFunction } from 'rxjs';
import type { EventSink } from '../core/event.js';
import type { StreamMessage } from '../core/signal.js';
import type { Gate } from './gate.js';
import type { GraphOutput } from './graph-output.js';
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
  const tell = ({ outputs, events: own }: Given): ObservableInput<GraphOutput> => {
    for (const event of own) events(event);
    return outputs.length > 0 ? outputs : EMPTY;
  };
  return (messages$) =>
    messages$.pipe(
      map((message) => () => host.push(message)),
      endWith(() => host.end()),
      concatMap((step) => {
        const given = step();
        return given instanceof Promise ? whileHeld(gate, given).pipe(concatMap(tell)) : tell(given);
      }),
      finalize(() => gate.closing(host.close())),
    );
}
