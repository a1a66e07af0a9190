import { Subject } from 'rxjs';
import type { Seconds } from '../../core/clock.js';
import { SET_MARKERS } from '../../core/set-markers.js';
import type { StreamInfo } from '../../core/signal.js';
import type { SharedSessions } from '../../io/sources/door/shared-sessions.js';
import type { SessionMessage, Source } from '../../io/sources/source.js';

/**
 * Markers that people set by a call. They come by a stream of their own, as any other's do, so that they are recorded and replayed as such. It
 * is open for a marker at a time: a session ends with its last stream, which must not be this one.
 */
export class SetMarkers implements Source {
  readonly #messages = new Subject<SessionMessage>();
  readonly messages$ = this.#messages.asObservable();
  readonly #sessions: SharedSessions;

  constructor(sessions: SharedSessions) {
    this.#sessions = sessions;
  }

  /** `stamp`: by the session's own clock, s. The session has begun. Gives the stream's id. */
  set(session: string, text: string, stamp: Seconds): string {
    const shared = this.#sessions.of(session);
    const id = shared.take(SET_MARKERS, [SET_MARKERS]);
    const info: StreamInfo = {
      ...{ id, name: SET_MARKERS, type: 'Markers', sourceId: SET_MARKERS, sfreq: 0 },
      channels: [{ label: 'marker', unit: '', type: 'Markers' }],
    };
    const tell = (message: SessionMessage['message']): void => this.#messages.next({ session, message });
    tell({ kind: 'open', info });
    tell({ kind: 'marker', marker: { stream: id, time: stamp, value: text } });
    tell({ kind: 'close', id });
    this.#sessions.release(session, [id]);
    return id;
  }
}
