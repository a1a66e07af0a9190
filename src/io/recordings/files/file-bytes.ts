import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes that can be read at any place. */
export interface FileBytes {
  readonly size: number;
  /** Fills `target` from `offset`; returns the number of bytes read, which is less where they end. */
  readInto(target: Uint8Array, offset: number): number;
  close(): void;
}

/** A file as it is when it is opened: what is added later isn't read. */
export class WholeFile implements FileBytes {
  readonly size: number;
  readonly #fd: number;
  #isOpen = true;

  constructor(path: string) {
    this.#fd = openSync(path, 'r');
    this.size = fstatSync(this.#fd).size;
  }

  readInto(target: Uint8Array, offset: number): number {
    let done = 0;
    while (done < target.byteLength) {
      const n = readSync(this.#fd, target, done, target.byteLength - done, offset + done);
      if (n === 0) break;
      done += n;
    }
    return done;
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }
}

/** The first bytes of a file. */
export interface FilePiece {
  readonly path: string;
  readonly bytes: number;
}

/** Files that are open at once: streams that are read side by side stand near each other. */
const MOST_OPEN = 4;

/** Pieces of files, one behind the other, of which only those are open that are being read. */
export class JoinedFiles implements FileBytes {
  readonly size: number;
  readonly #pieces: readonly (FilePiece & { readonly from: number })[];
  /** By path, the one that was used last behind the others. */
  readonly #open = new Map<string, WholeFile>();

  constructor(pieces: readonly FilePiece[]) {
    let size = 0;
    this.#pieces = pieces.map((piece) => {
      const from = size;
      size += piece.bytes;
      return { ...piece, from };
    });
    this.size = size;
  }

  readInto(target: Uint8Array, offset: number): number {
    let done = 0;
    for (const { path, bytes, from } of this.#pieces) {
      const at = offset + done - from;
      if (at >= bytes) continue;
      const wanted = Math.min(target.byteLength - done, bytes - at);
      if (wanted === 0) break;
      const read = this.#file(path).readInto(target.subarray(done, done + wanted), at);
      done += read;
      if (read < wanted) break;
    }
    return done;
  }

  close(): void {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }

  #file(path: string): WholeFile {
    const file = this.#open.get(path) ?? new WholeFile(path);
    this.#open.delete(path);
    this.#open.set(path, file);
    if (this.#open.size > MOST_OPEN) {
      const [[oldest, idle]] = this.#open;
      idle.close();
      this.#open.delete(oldest);
    }
    return file;
  }
}
