import { type FileBytes, WholeFile } from './file-bytes.js';

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
  readonly #bytes: FileBytes;
  readonly #windows: LoadedWindow[] = [];
  #tick = 0;

  /** `bytes`: what stands for the file. Default: the file at `path`. */
  constructor(
    readonly path: string,
    bytes: FileBytes = new WholeFile(path),
  ) {
    this.#bytes = bytes;
    this.size = bytes.size;
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
    return this.#bytes.readInto(target, offset);
  }

  close(): void {
    this.#bytes.close();
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
