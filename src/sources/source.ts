import type { Observable } from 'rxjs';
import type { StreamMessage } from '../core/signal.js';

/** A source's message together with the session it belongs to. */
export interface SessionMessage {
  readonly session: string;
  readonly message: StreamMessage;
}

/**
 * Where data comes from. Messages come in order of arrival; `info.id` of a stream is unique in its session,
 * and every stream starts with `open`. Subscribing starts the source, unsubscribing stops it.
 */
export interface Source {
  readonly messages$: Observable<SessionMessage>;
}
