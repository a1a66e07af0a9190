import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { ConfigurationError } from '../core/errors.js';

/** Where a command's data goes: stdout, or a file that appears only when it is whole. */
export interface Output {
  /** Resolves when the destination can take more. */
  write(text: string): Promise<void>;
  /** Finishes the destination; a file gets its name now. */
  finish(): Promise<void>;
  /** Leaves nothing half-written behind. */
  discard(): Promise<void>;
}

/** Thrown when the reader of stdout went away (`affectd ... | head`): the end of the work, not a failure. */
export class ClosedPipe extends Error {}

export function openOutput(path: string | undefined, stdout: Writable): Output {
  return path === undefined || path === '-' ? new StreamOutput(stdout) : new FileOutput(path);
}

class StreamOutput implements Output {
  #closed = false;

  constructor(readonly stream: Writable) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.#closed = true;
    });
  }

  async write(text: string): Promise<void> {
    if (this.#closed || this.stream.destroyed) throw new ClosedPipe();
    if (this.stream.write(text)) return;
    await Promise.race([once(this.stream, 'drain'), once(this.stream, 'close')]).catch(() => {
      throw new ClosedPipe();
    });
  }

  async finish(): Promise<void> {}
  async discard(): Promise<void> {}
}

class FileOutput implements Output {
  readonly #partial: string;
  readonly #stream: Writable;
  readonly #opened: Promise<unknown>;

  constructor(readonly path: string) {
    this.#partial = `${path}.partial`;
    this.#stream = createWriteStream(this.#partial);
    this.#opened = once(this.#stream, 'open').catch((error: NodeJS.ErrnoException) => {
      throw new ConfigurationError(
        'output-unwritable',
        `--out ${path}: cannot be written (${error.code}); choose another place`,
      );
    });
    this.#opened.catch(() => {});
    this.#stream.on('error', () => {});
  }

  async write(text: string): Promise<void> {
    await this.#opened;
    if (!this.#stream.write(text)) await once(this.#stream, 'drain');
  }

  async finish(): Promise<void> {
    await this.#opened;
    this.#stream.end();
    await once(this.#stream, 'finish');
    await rename(this.#partial, this.path);
  }

  async discard(): Promise<void> {
    this.#stream.destroy();
    await rm(this.#partial, { force: true });
  }
}
