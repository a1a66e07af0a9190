import type { z } from 'zod';
import type { OutputLines, OutputStream, WireMessage } from '../protocol/output.js';

/** What a running pipeline publishes; the wall-clock fields are added where it leaves the process. */
export type OutputMessage = OutputLines[Exclude<OutputStream, 'signals' | 'session'>];

/** The message for those who asked for no contributions: as if nobody had. */
export function unexplained<Message extends OutputMessage | WireMessage>(message: Message): Message {
  if (message.stream !== 'affect' || message.contribution === undefined) return message;
  const { contribution: _, ...plain } = message;
  return plain as Message;
}

export interface Sink {
  /**
   * Opens all that may fail to open, for that many sessions, before anything is published.
   * @throws what it can't do without. {@link close} gives back what was opened until then.
   */
  open?(sessions: number): Promise<void>;
  publish(message: OutputMessage): void;
  /** The session has ended: nothing comes of it until one begins anew under its name. */
  ended?(session: string): void;
  close(): Promise<void>;
}

/** A sink as a pipeline file knows it. */
export interface SinkDefinition<Params = unknown> {
  /** The `type` in a pipeline file; equal to the file's name. */
  readonly type: string;
  readonly summary: string;
  /** Strict schema of the sink's own keys. */
  readonly params: z.ZodType<Params>;
  /** Whether it takes one model's predictions and nothing else. Default: whatever any node makes. */
  readonly onePredictor?: true;
}
