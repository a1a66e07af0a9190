import type { StreamInfo, StreamMessage } from '../../../core/signal.js';
import type { SessionLogLine, StreamLogLine } from './session-log.js';

/** What a line of a session's log tells it of its zero. */
export function zeroMessage({ zero, clock }: Extract<SessionLogLine, { k: 'zero' }>): StreamMessage {
  return { kind: 'zero', time: zero, ...(clock !== undefined && { clock }) };
}

/** What a line of a session's log tells it of a stream. */
export function streamMessage(line: StreamLogLine, info: StreamInfo): StreamMessage {
  switch (line.k) {
    case 'open':
      return { kind: 'open', info, ...(line.declared !== undefined && { declared: line.declared }) };
    case 'bind':
      return { kind: 'bind', source: line.source, stream: info.id };
    case 'stale':
      return { kind: 'stale', stream: info.id, isStale: line.stale };
    case 'close':
      return { kind: 'close', id: info.id, ...(line.cut && { cut: line.cut }) };
  }
}
