import { z } from 'zod';

/** What one ingest connection may send; `open` answers the values in force. */
export const ingestLimitsSchema = z.object({
  max_frame_bytes: z
    .int()
    .positive()
    .describe('Longest message, bytes; a longer one closes the connection with 1009.'),
  max_samples: z.int().positive().describe('Most samples in one frame.'),
  max_json_values: z
    .int()
    .positive()
    .describe('Most values and stamps in one `push`; binary frames have no bound but their length.'),
  max_markers: z.int().positive().describe('Most markers in one frame.'),
  max_gaps: z.int().positive().describe('Most gaps between the stamps of one frame.'),
  max_channels: z.int().positive().describe('Most channels of a stream.'),
  max_streams: z.int().positive().describe('Most open streams of one connection.'),
  max_session_streams: z.int().positive().describe('Most open streams of one session.'),
  max_daemon_streams: z
    .int()
    .positive()
    .max(0x10000)
    .describe('Most open streams of all connections together.'),
  max_sessions: z.int().positive().describe('Most sessions at once.'),
  frames_per_s: z
    .number()
    .positive()
    .describe(
      'Frames a second that are read in the long run, every 512 bytes of a `push` and 16 KiB of a binary frame counted as one; the daemon reads a faster sender more slowly, and loses nothing.',
    ),
  grace_s: z
    .number()
    .nonnegative()
    .describe('How long a stream whose connection dropped waits for its client to come back, s.'),
});
export type IngestLimits = z.infer<typeof ingestLimitsSchema>;

export const defaultIngestLimits: IngestLimits = {
  max_frame_bytes: 4 * 1024 * 1024,
  max_samples: 65_536,
  max_json_values: 65_536,
  max_markers: 1024,
  max_gaps: 1024,
  max_channels: 1024,
  max_streams: 64,
  max_session_streams: 256,
  max_daemon_streams: 4096,
  max_sessions: 1024,
  frames_per_s: 10_000,
  grace_s: 10,
};

/** What one subscriber's connection may hold. */
export interface StreamLimits {
  /** Longest control message, bytes. */
  readonly max_frame_bytes: number;
  readonly max_subscriptions: number;
  /** Control messages a second that are read in the long run, every 512 bytes of one counted as one. */
  readonly messages_per_s: number;
  /** Messages that wait for a slow reader before the oldest is dropped (`drop-oldest`). */
  readonly queue_messages: number;
  /** Messages that wait for a slow reader before its connection is closed with 1013 (`buffer`). */
  readonly buffer_messages: number;
  /** Bytes that wait for a slow reader, whatever the policy: above it the oldest of those that may go is dropped, and a connection that has none is closed with 1013. */
  readonly queue_bytes: number;
  /** Bytes handed to the socket and not yet taken by the kernel, above which messages wait in the queue. */
  readonly in_flight_bytes: number;
}

export const defaultStreamLimits: StreamLimits = {
  max_frame_bytes: 64 * 1024,
  max_subscriptions: 64,
  messages_per_s: 50,
  queue_messages: 64,
  buffer_messages: 4096,
  queue_bytes: 16 * 1024 * 1024,
  in_flight_bytes: 64 * 1024,
};
