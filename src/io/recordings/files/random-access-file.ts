import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const WINDOW_BYTES = 1 << 20;
const WINDOWS = 4;

interface LoadedWindow {
  readonly start: number;
  readonly bytes: Buffer;
  length: number;
  used: number;
}

/**
 * A file read at any place through a few windows of one MiB, so that memory doesn't grow with the file. Reads are
 * synchronous: what streams next lies in a window, and the occasional miss costs less than a promise for each read.
 */
export class RandomAccessFile {
  readonly size: number;
  readonly #fd: number;
  readonly #windows: LoadedWindow[] = [];
  #tick = 0;
  #isOpen = true;

  constructor(readonly path: string) {
    this.#fd = openSync(path, 'r');
    this.size = fstatSync(this.#fd).size;
  }

  /** Up to `length` bytes from `offset`: fewer at the file's end. A view that is valid until the next read. */
  read(offset: number, length: number): Buffer {
    const wanted = Math.max(0, Math.min(length, this.size - offset));
    const start = offset - (offset % WINDOW_BYTES);
    if (offset + wanted > start + WINDOW_BYTES) {
      const bytes = Buffer.allocUnsafe(wanted);
      return bytes.subarray(0, this.readInto(bytes, offset));
    }
    const window = this.#window(start);
    const from = offset - start;
    return window.bytes.subarray(from, Math.min(from + wanted, window.length));
  }

  /** Fills `target` from `offset`, past the windows; returns the number of bytes read. */
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

  #window(start: number): LoadedWindow {
    let oldest: LoadedWindow | undefined;
    for (const window of this.#windows) {
      if (window.start === start) {
        window.used = ++this.#tick;
        return window;
      }
      if (!oldest || window.used < oldest.used) oldest = window;
    }
    const bytes =
      this.#windows.length < WINDOWS ? Buffer.allocUnsafeSlow(WINDOW_BYTES) : (oldest as LoadedWindow).bytes;
    const window = { start, bytes, length: this.readInto(bytes, start), used: ++this.#tick };
    const index = this.#windows.length < WINDOWS ? this.#windows.length : this.#windows.indexOf(oldest!);
    this.#windows[index] = window;
    return window;
  }
}
