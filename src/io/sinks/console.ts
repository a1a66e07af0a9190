import type { Writable } from 'node:stream';
import { z } from 'zod';
import type { OutputMessage, Sink, SinkDefinition } from './sink.js';

/**
 * Messages as JSON lines, without wall-clock fields, so that equal input gives equal bytes. A reader that goes away
 * (`| head`) ends the output, not the process.
 */
export class ConsoleSink implements Sink {
  readonly #output: Writable;
  #gone = false;
  #failure: Error | null = null;

  constructor(output: Writable) {
    this.#output = output;
    output.on('error', (error: NodeJS.ErrnoException) => {
      this.#gone = true;
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') this.#failure = error;
    });
    output.on('close', () => {
      this.#gone = true;
    });
  }

  /** Whether nobody reads any more. */
  get gone(): boolean {
    return this.#gone;
  }

  publish(message: OutputMessage): void {
    if (!this.#gone) this.#output.write(`${JSON.stringify(message)}\n`);
  }

  /**
   * Resolves when more can be written without piling up in memory: replay waits for it.
   * @throws Error of the output, except a closed pipe.
   */
  async ready(): Promise<void> {
    if (!this.#gone && this.#output.writableNeedDrain) await this.#drained();
    if (this.#failure) throw this.#failure;
  }

  #drained(): Promise<void> {
    const output = this.#output;
    return new Promise((resolve) => {
      const done = () => {
        for (const event of ['drain', 'close', 'error']) output.off(event, done);
        resolve();
      };
      for (const event of ['drain', 'close', 'error']) output.on(event, done);
    });
  }

  /** Waits until everything is written. The output itself stays open: it may be stdout. @throws as {@link ready}. */
  async close(): Promise<void> {
    if (!this.#gone) await new Promise<void>((resolve) => this.#output.write('', () => resolve()));
    if (this.#failure) throw this.#failure;
  }
}

export const consoleSink: SinkDefinition<Record<string, never>> = {
  type: 'console',
  summary: 'Writes what the nodes of its `input` make to standard output, as JSON lines.',
  params: z.strictObject({}),
};
