import type { Seconds } from '../../core/clock.js';
import { type Chunk, isMeasured, type StreamInfo, type StreamMessage } from '../../core/signal.js';
import type { SignalsLine } from '../../protocol/output.js';

interface Session {
  readonly open: Map<string, StreamInfo>;
  /** As the pipeline takes it: the stamp of the first sample delivered. */
  zero: Seconds | null;
  seq: number;
}

/** Numbers what devices push, session by session, and knows what is open: see the `signals` stream of the protocol. */
export class SignalMessages {
  readonly #sessions = new Map<string, Session>();

  /** Follows the session's streams; to be called with every message, whether or not it is sent to anybody. */
  follow(name: string, message: StreamMessage): void {
    const session = this.#sessions.get(name);
    if (message.kind === 'open') {
      if (session) session.open.set(message.info.id, message.info);
      else this.#sessions.set(name, { open: new Map([[message.info.id, message.info]]), zero: null, seq: 0 });
    } else if (message.kind === 'chunk') {
      if (session && isMeasured(message.chunk.info)) session.zero ??= message.chunk.times[0];
    } else if (message.kind === 'close' && session) {
      session.open.delete(message.id);
      if (session.open.size === 0) this.#sessions.delete(name);
    }
  }

  /** The message as it is sent, after {@link follow}. */
  of(session: string, message: StreamMessage): SignalsLine {
    switch (message.kind) {
      case 'open':
        return this.#open(session, message.info);
      case 'chunk': {
        const { info, times, gapBefore } = message.chunk;
        return this.#message(session, info.id, 'samples', {
          times: [...times],
          data: rows(message.chunk),
          gap_before: gapBefore,
        });
      }
      case 'marker': {
        const { stream, time, value } = message.marker;
        return this.#message(session, stream, 'samples', { times: [time], data: [[value]] });
      }
      case 'close':
        return this.#message(session, message.id, 'close', {});
    }
  }

  /** `open` of every stream that is open, for a subscriber who comes late; `*`: of all sessions. */
  openings(session: string): SignalsLine[] {
    return [...this.#sessions].flatMap(([name, { open }]) =>
      session === '*' || session === name ? [...open.values()].map((info) => this.#open(name, info)) : [],
    );
  }

  #open(session: string, { id, sourceId, ...info }: StreamInfo): SignalsLine {
    return this.#message(session, id, 'open', { info: { ...info, source_id: sourceId } });
  }

  #message(
    name: string,
    id: string,
    kind: SignalsLine['kind'],
    content: Pick<SignalsLine, 'info' | 'times' | 'data' | 'gap_before'>,
  ): SignalsLine {
    const session = this.#sessions.get(name);
    const zero = session?.zero ?? null;
    const first = content.times?.[0];
    const time = zero === null || first === undefined ? null : first - zero;
    const seq = session ? session.seq++ : 0;
    return { stream: 'signals', session: name, seq, time, zero, kind, id, ...content };
  }
}

/** [n][C]; a missing value is null, as JSON has no NaN. */
function rows({ data, times, info }: Chunk): (number | null)[][] {
  const n = times.length;
  return Array.from({ length: n }, (_, i) =>
    info.channels.map((_, c) => (Number.isFinite(data[c * n + i]) ? data[c * n + i] : null)),
  );
}
