import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';

/** Where the bytes of a recording go, in order. */
export interface XdfOutput {
  write(bytes: Uint8Array): void;
  /** Nothing is written after this. */
  close(): void;
  /** Nothing of it is kept. */
  discard(): void;
}

/** A file that is written at once, in the caller's turn: for commands, which have nobody else to serve. */
export class FileOutput implements XdfOutput {
  readonly #fd: number;
  #isOpen = true;

  /** Creates or overwrites the file; throws the file system's error when it can't be written. */
  constructor(readonly path: string) {
    this.#fd = openSync(path, 'w');
  }

  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }

  discard(): void {
    this.close();
    unlinkSync(this.path);
  }
}
