import type { StreamMessage } from '../../core/signal.js';
import { openRecording } from '../../io/recordings/open.js';
import type { RecordedStream } from '../../io/recordings/recording.js';

export interface RecordedMessages {
  readonly messages: readonly StreamMessage[];
  readonly streams: readonly RecordedStream[];
  readonly inArrivalOrder: boolean;
}

/** All of one recording, as a live session would deliver it; for recordings of a size that memory holds. */
export async function recordedMessages(path: string): Promise<RecordedMessages> {
  const recording = await openRecording(path);
  try {
    const messages: StreamMessage[] = [];
    for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} }))
      messages.push(message);
    const { streams, inArrivalOrder = false } = recording;
    return { messages, streams, inArrivalOrder };
  } finally {
    await recording.close();
  }
}
