import type { Seconds } from '../core/clock.js';
import { type BegunAnew, type StreamMessage, streamOf } from '../core/signal.js';
import type { ThinnedWindow } from '../io/recordings/recording.js';
import type { RecordedState } from './recorded-state.js';

/** What is recorded: a message, or what was decided about windows and the pipeline. `t`: when, by the clock. */
export type RecordedEntry = { readonly t: Seconds } & (
  | {
      readonly kind: 'message';
      readonly message: StreamMessage;
      /** So many of its samples never reach the session's graph. */
      readonly dropped: number;
    }
  | { readonly kind: 'thinned'; readonly window: ThinnedWindow }
  /** The graph began anew in the message `after`; null: at the session's end. */
  | { readonly kind: 'anew'; readonly anew: BegunAnew; readonly after: StreamMessage | null }
  | { readonly kind: 'reload'; readonly from: string; readonly to: string }
  /** Samples of a stream that nobody holds. */
  | { readonly kind: 'missed'; readonly stream: string }
);

/** What an entry holds of memory beside its samples, bytes, about. */
export const ENTRY_BYTES = 256;

/** What an entry holds of memory, about. */
export function bytesOf(entry: RecordedEntry): number {
  if (entry.kind !== 'message' || entry.message.kind !== 'chunk') return ENTRY_BYTES;
  const { data, times } = entry.message.chunk;
  return ENTRY_BYTES + data.byteLength + times.byteLength;
}

/** The stream whose samples an entry holds; null: it holds none. */
export function sampledStream(entry: RecordedEntry): string | null {
  if (entry.kind !== 'message') return null;
  const { message } = entry;
  return message.kind === 'chunk' || message.kind === 'marker' ? streamOf(message) : null;
}

/** Whether an entry goes on with a frame that began in the one before: no frame spans parts. */
export function isInFrame(entry: RecordedEntry): boolean {
  if (entry.kind !== 'message') return false;
  const { message } = entry;
  return (message.kind === 'chunk' || message.kind === 'marker') && (message.frame?.from ?? 0) > 0;
}

export function applyEntry(state: RecordedState, entry: RecordedEntry): void {
  if (entry.kind === 'message') state.take(entry.message, entry.t);
  else if (entry.kind === 'missed') state.missed(entry.stream);
}
