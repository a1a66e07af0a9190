import type { Seconds } from '../../../core/clock.js';
import type { Chunk, StreamInfo, StreamMessage } from '../../../core/signal.js';
import type { SignalsLine } from '../../protocol/output.js';

/** `seq`: which message of the session it is. */
export type NumberedSignals = SignalsLine & { readonly seq: number };

interface OpenStream {
  readonly info: StreamInfo;
  /** Number of the message that told of it. */
  readonly seq: number;
}

interface Session {
  readonly open: Map<string, OpenStream>;
  /** As it was told; null before. */
  zero: Seconds | null;
  /** Number of the next message, whether or not anybody hears it. */
  next: number;
}

/** What devices send; which source a stream feeds is the pipeline's business. */
export type SentMessage = Extract<StreamMessage, { kind: 'open' | 'chunk' | 'marker' | 'close' }>;

/** Numbers what devices push, session by session, and knows what is open: see the `signals` stream of the protocol. */
export class SignalMessages {
  readonly #sessions = new Map<string, Session>();

  /** The session's zero was told. */
  begin(name: string, zero: Seconds): void {
    const session = this.#sessions.get(name);
    if (session) session.zero ??= zero;
  }

  /** Follows the session's streams, and gives what makes the message, for those who want it. */
  follow(name: string, message: SentMessage): () => NumberedSignals {
    const known = this.#sessions.get(name);
    const session = known ?? { open: new Map(), zero: null, next: 0 };
    const seq = session.next++;
    if (message.kind === 'open') {
      if (!known) this.#sessions.set(name, session);
      session.open.set(message.info.id, { info: message.info, seq });
    } else if (message.kind === 'close') {
      session.open.delete(message.id);
    }
    return () => signalsMessage(name, session.zero, seq, message);
  }

  /** The session has ended: what comes under its name from here on is another one. */
  ended(name: string): void {
    this.#sessions.delete(name);
  }

  /** `open` of every stream that is open, as it was told, for a subscriber who comes late; `*`: of all sessions. */
  openings(name: string): NumberedSignals[] {
    return [...this.#sessions].flatMap(([session, state]) =>
      name === '*' || name === session
        ? [...state.open.values()].map(({ info, seq }) =>
            signalsMessage(session, state.zero, seq, { kind: 'open', info }),
          )
        : [],
    );
  }
}

/** `message` with its values, numbered. */
export function signalsMessage(
  name: string,
  zero: Seconds | null,
  seq: number,
  message: SentMessage,
): NumberedSignals {
  const { id, ...content } = contentOf(message);
  const first = content.times?.[0];
  const time = zero === null || first === undefined ? null : first - zero;
  return { stream: 'signals', session: name, seq, time, zero, kind: kindOf(message), id, ...content };
}

type Content = Pick<SignalsLine, 'id' | 'info' | 'times' | 'data' | 'gap_before'>;

function contentOf(message: SentMessage): Content {
  switch (message.kind) {
    case 'open': {
      const { id, sourceId, client: _client, hostname: _hostname, ...info } = message.info;
      return { id, info: { ...info, source_id: sourceId } };
    }
    case 'chunk': {
      const { info, times, gapBefore } = message.chunk;
      return { id: info.id, times: [...times], data: rows(message.chunk), gap_before: gapBefore };
    }
    case 'marker': {
      const { stream, time, value } = message.marker;
      return { id: stream, times: [time], data: [[value]] };
    }
    case 'close':
      return { id: message.id };
  }
}

function kindOf({ kind }: SentMessage): SignalsLine['kind'] {
  return kind === 'open' || kind === 'close' ? kind : 'samples';
}

/** [n][C]; a missing value is null, as JSON has no NaN. */
function rows({ data, times, info }: Chunk): (number | null)[][] {
  const n = times.length;
  return Array.from({ length: n }, (_, i) =>
    info.channels.map((_, c) => (Number.isFinite(data[c * n + i]) ? data[c * n + i] : null)),
  );
}
