import type { Seconds } from './clock.js';

/**
 * Something that happened in a session and that a person may want to know. Codes are stable, written
 * `<noun>-<verb>` (`stream-opened`, `samples-dropped`), and listed in docs/reference/codes.md.
 */
export interface SessionEvent {
  readonly code: EventCode;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly session?: string;
  readonly stream?: string;
  /** Session time, when it has one. */
  readonly time?: Seconds;
  /** How many events of its kind it stands for, of which it is the last; left out: itself alone. */
  readonly count?: number;
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
}

export const eventCodes = [
  'stream-opened',
  'stream-closed',
  'stream-matched',
  'stream-unmatched',
  'stream-ignored',
  'stream-duplicate',
  'source-rebound',
  'stream-stale',
  'stream-returned',
  'daemon-behind',
  'stream-lost',
  'stream-recovered',
  'stream-assumed-aligned',
  'channels-mapped',
  'channels-unlabelled',
  'channel-interpolated',
  'channel-masked',
  'unit-unknown',
  'gap-found',
  'clock-reset',
  'stamp-outlier',
  'stamps-ignored',
  'backlog-masked',
  'rate-differs',
  'samples-late',
  'time-skipped',
  'samples-dropped',
  'windows-dropped',
  'anchor-ignored',
  'recording-damaged',
  'recording-opened',
  'recording-closed',
  'recording-continued',
  'recording-starts-midway',
  'session-resumed',
  'session-not-resumed',
  'recording-failed',
  'disk-low',
  'samples-lost',
  'engine-chosen',
  'engine-unavailable',
  'evidence-broken',
  'model-failed',
  'pipeline-reloaded',
  'pipeline-kept',
  'session-opened',
  'session-closed',
  'session-failed',
  'fault-refused',
  'source-failed',
  'sink-failed',
  'connection-failed',
  'client-cut',
  'peer-rejected',
  'network-interface-failed',
] as const;
export type EventCode = (typeof eventCodes)[number];

export type EventSink = (event: SessionEvent) => void;
