import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInflate } from 'node:zlib';
import { damaged } from '../dataset-error.js';

/** Bytes that are read in order and once, with what isn't wanted skipped. */
export interface ByteSource {
  readonly path: string;
  /** Bytes before the next one. */
  readonly position: number;
  /** Exactly `length` bytes, in a buffer of their own. */
  read(length: number): Promise<Uint8Array<ArrayBuffer>>;
  skip(length: number): Promise<void>;
  close(): Promise<void>;
}

/** The bytes of a file from `start`. */
export async function fileBytes(path: string, start: number): Promise<ByteSource> {
  const file = await open(path, 'r');
  return new FileBytes(path, file, start, (await file.stat()).size);
}

class FileBytes implements ByteSource {
  position = 0;

  constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly start: number,
    private readonly size: number,
  ) {}

  async read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.start + this.position + length > this.size) throw damaged(this.path, 'the file was cut short');
    const bytes = new Uint8Array(length);
    const { bytesRead } = await this.file.read(bytes, 0, length, this.start + this.position);
    if (bytesRead < length) throw damaged(this.path, 'the file was cut short');
    this.position += length;
    return bytes;
  }

  async skip(length: number): Promise<void> {
    this.position += length;
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

const INFLATED_BYTES = 1 << 20;

/** What `length` bytes of a file from `start` unpack to (zlib), piece by piece. */
export class InflatedBytes implements ByteSource {
  position = 0;
  readonly #pieces: AsyncIterator<Buffer>;
  readonly #end: () => void;
  #piece: Uint8Array = new Uint8Array(0);

  constructor(
    readonly path: string,
    start: number,
    length: number,
  ) {
    const file = createReadStream(path, { start, end: start + length - 1 });
    const inflated = file.pipe(createInflate({ chunkSize: INFLATED_BYTES }));
    file.on('error', (error) => inflated.destroy(error));
    this.#pieces = inflated[Symbol.asyncIterator]();
    this.#end = () => {
      file.destroy();
      inflated.destroy();
    };
  }

  async read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    await this.#pass(length, (piece, at) => bytes.set(piece, at));
    return bytes;
  }

  async skip(length: number): Promise<void> {
    await this.#pass(length, () => {});
  }

  async close(): Promise<void> {
    this.#end();
  }

  async #pass(length: number, each: (piece: Uint8Array, at: number) => void): Promise<void> {
    for (let done = 0; done < length; ) {
      if (this.#piece.length === 0) this.#piece = await this.#next();
      const piece = this.#piece.subarray(0, length - done);
      each(piece, done);
      this.#piece = this.#piece.subarray(piece.length);
      done += piece.length;
      this.position += piece.length;
    }
  }

  async #next(): Promise<Uint8Array> {
    try {
      const { done, value } = await this.#pieces.next();
      if (!done) return value;
    } catch (cause) {
      throw damaged(this.path, "a compressed part can't be unpacked", cause);
    }
    throw damaged(this.path, 'a compressed part was cut short');
  }
}
