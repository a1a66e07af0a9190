import { Observable } from 'rxjs';
import { z } from 'zod';
import { openRecording } from '../recordings/open.js';
import { pace } from './pace.js';
import { type SessionMessage, sourceDefinition } from './source.js';

/** Longest chunk that a paced recording gives, so that it looks like a device: samples. */
const LIVE_CHUNK_SAMPLES = 32;

/** Plays a recorded file as if its devices were connected now. */
export const recordingSource = sourceDefinition({
  type: 'recording',
  summary: 'Plays a recorded file at its own pace, as if the devices were connected now.',
  params: z.strictObject({
    path: z.string().min(1).describe('Recording: XDF, EDF, an Empatica E4 folder or a CSV.'),
    speed: z.number().positive().default(1).describe('Times the pace at which it was recorded.'),
  }),
  check: async ({ path }) => (await openRecording(path)).close(),
  create: (params, { clock, events, session }) => ({
    messages$: new Observable<SessionMessage>((subscriber) => {
      const stop = new AbortController();
      const play = async (): Promise<void> => {
        const recording = await openRecording(params.path);
        try {
          const messages = recording.messages({ chunk: LIVE_CHUNK_SAMPLES, clockSync: true, events });
          for await (const message of pace(messages, { clock, speed: params.speed, signal: stop.signal })) {
            subscriber.next({ session, message });
          }
          subscriber.complete();
        } finally {
          await recording.close();
        }
      };
      play().catch((error: unknown) => subscriber.error(error));
      return () => stop.abort();
    }),
  }),
});
