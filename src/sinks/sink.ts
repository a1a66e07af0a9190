import type { z } from 'zod';
import type { OutputLines, OutputStream } from '../protocol/output.js';

/** What a running pipeline publishes; the wall-clock fields are added where it leaves the process. */
export type OutputMessage = OutputLines[Exclude<OutputStream, 'signals'>];

/** The message for those who asked for no contributions: as if nobody had. */
export function unexplained(message: OutputMessage): OutputMessage {
  if (message.stream !== 'affect' || message.contribution === undefined) return message;
  const { contribution: _, ...plain } = message;
  return plain;
}

export interface Sink {
  publish(message: OutputMessage): void;
  close(): Promise<void>;
}

/** A sink as a pipeline file knows it. */
export interface SinkDefinition<Params = unknown> {
  /** The `type` in a pipeline file; equal to the file's name. */
  readonly type: string;
  readonly summary: string;
  /** Strict schema of the sink's own keys. */
  readonly params: z.ZodType<Params>;
}
