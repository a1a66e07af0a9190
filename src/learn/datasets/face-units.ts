import type { Seconds } from '../../core/clock.js';
import { recordedMessages } from './recorded-messages.js';
import type { StreamPart } from './signal-messages.js';

/** The action units that a face tracker found in a video and wrote to a file, their stamps `shift_s` later; the video begins at 0. */
export async function faceUnits(path: string, shift_s: Seconds): Promise<StreamPart[]> {
  const { messages, streams } = await recordedMessages(path);
  return streams
    .filter(({ info }) => info.type === 'Face')
    .map(({ info }) => ({
      info,
      messages: messages.flatMap((message) => {
        if (message.kind !== 'chunk' || message.chunk.info.id !== info.id) return [];
        const times = message.chunk.times.map((time) => time + shift_s);
        return [{ kind: 'chunk', chunk: { ...message.chunk, times } } as const];
      }),
    }));
}
