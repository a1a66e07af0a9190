import { once } from 'node:events';
import { createWriteStream, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { AffectdError, ConfigurationError } from '../core/errors.js';
import { XdfWriter, type XdfWriterOptions } from '../io/recordings/xdf/xdf-writer.js';

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

/** `inputs`: what the command reads, and so must not write over. */
export function openOutput(
  path: string | undefined,
  stdout: Writable,
  inputs: readonly string[] = [],
): Output {
  if (path === undefined || path === '-') return new StreamOutput(stdout);
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing?.isDirectory()) throw unwritable(path, 'is a folder; name a file in it');
  if (inputs.some((input) => resolve(input) === resolve(path)))
    throw unwritable(path, 'is the input; choose another place');
  // A device or a named pipe is written to; a file of its name must not take its place.
  if (existing && !existing.isFile()) return new StreamOutput(createWriteStream(path), path);
  return new FileOutput(path);
}

/** The file that a command writes to until its output is whole. */
export function partialPath(path: string): string {
  return `${path}.partial`;
}

export function unwritable(path: string, why: string): ConfigurationError {
  return new ConfigurationError('output-unwritable', `--out ${path}: ${why}`);
}

/** Starts an XDF file; `named`: what the person calls it, where it is written under another name first. */
export function createXdf(path: string, options: XdfWriterOptions, named = path): XdfWriter {
  try {
    return XdfWriter.create(path, options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw unwritable(named, `cannot be written (${code}); choose another place`);
  }
}

class StreamOutput implements Output {
  #failure: Error | null = null;

  constructor(
    readonly stream: Writable,
    /** Of a device that was opened for this output, and is closed with it. */
    readonly path: string | null = null,
  ) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#failure =
        error.code === 'EPIPE'
          ? new ClosedPipe()
          : new AffectdError(
              'output-failed',
              `${path ?? 'stdout'}: can't be written (${error.code}); free its disk or choose another place`,
            );
    });
  }

  async write(text: string): Promise<void> {
    this.#check();
    const more = this.stream.write(text);
    if (!more) await once(this.stream, 'drain').catch(() => {});
    this.#check();
  }

  /** A failing write is told by an event: waits until the last one is through. */
  async finish(): Promise<void> {
    this.#check();
    await new Promise<void>((resolve) => this.stream.write('', () => resolve()));
    if (this.path !== null) this.stream.end();
    this.#check();
  }

  async discard(): Promise<void> {
    if (this.path !== null) this.stream.destroy();
  }

  #check(): void {
    if (this.#failure) throw this.#failure;
    if (this.stream.destroyed) throw new ClosedPipe();
  }
}

class FileOutput implements Output {
  readonly #partial: string;
  readonly #stream: Writable;
  readonly #opened: Promise<unknown>;
  #failure: NodeJS.ErrnoException | null = null;

  constructor(readonly path: string) {
    this.#partial = partialPath(path);
    this.#stream = createWriteStream(this.#partial);
    this.#stream.on('error', (error) => {
      this.#failure = error;
    });
    this.#opened = once(this.#stream, 'open').catch((error: NodeJS.ErrnoException) => {
      throw unwritable(path, `cannot be written (${error.code}); choose another place`);
    });
    this.#opened.catch(() => {});
  }

  async write(text: string): Promise<void> {
    await this.#opened;
    this.#check();
    if (!this.#stream.write(text)) await once(this.#stream, 'drain').catch(() => {});
    this.#check();
  }

  async finish(): Promise<void> {
    await this.#opened;
    this.#stream.end();
    await once(this.#stream, 'finish').catch(() => {});
    this.#check();
    await rename(this.#partial, this.path);
  }

  async discard(): Promise<void> {
    this.#stream.destroy();
    await rm(this.#partial, { force: true });
  }

  #check(): void {
    if (!this.#failure) return;
    throw new AffectdError(
      'output-failed',
      `--out ${this.path}: can't be written (${this.#failure.code}); free its disk or choose another place`,
    );
  }
}
