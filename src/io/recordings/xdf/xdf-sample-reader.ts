import type { Seconds } from '../../../core/clock.js';
import type { RandomAccessFile } from '../files/random-access-file.js';
import { readVariableInteger, xdfNumericFormats } from './xdf-format.js';
import type { XdfStream } from './xdf-index.js';

/** Steps through one stream's samples in the order of the file; stops a chunk where its bytes make no sense. */
export class XdfSampleReader {
  /** The sender's stamp of the current sample: written, or deduced from the one before. */
  stamp: Seconds = 0;
  /** Samples so far whose stamps were written. */
  written = 0;
  /** What was wrong on the way, one line each. */
  readonly problems: string[] = [];

  readonly #file: RandomAccessFile;
  readonly #stream: XdfStream;
  readonly #interval: Seconds;
  readonly #valueBytes: number;
  #chunk = 0;
  #left = 0;
  #total = 0;
  #at = 0;
  #end = 0;
  #values = 0;
  #bytes = Buffer.alloc(0);
  #view = new DataView(new ArrayBuffer(0));

  /** `first`: the index of the chunk to begin with. */
  constructor(file: RandomAccessFile, stream: XdfStream, first = 0) {
    this.#chunk = first;
    this.#file = file;
    this.#stream = stream;
    this.#interval = stream.sfreq > 0 ? 1 / stream.sfreq : 0;
    this.#valueBytes = (xdfNumericFormats.get(stream.format)?.bytes ?? 0) * stream.channels.length;
  }

  /** Bytes of the current sample's values: they start at {@link valuesAt}. Valid until the next sample. */
  get view(): DataView {
    return this.#view;
  }

  get valuesAt(): number {
    return this.#values;
  }

  /** Index of the current sample's chunk among the stream's. */
  get chunk(): number {
    return this.#chunk - 1;
  }

  /** Where the current sample ends, in bytes from the start of its chunk's content. */
  get end(): number {
    return this.#at;
  }

  /** Moves to the next sample; false at the end. */
  next(): boolean {
    for (;;) {
      if (this.#left > 0) {
        if (this.#step()) {
          this.#left--;
          return true;
        }
        this.#report(`samples damaged or cut at byte ${this.#position(this.#at)}`);
        this.#left = 0;
      }
      if (!this.#openChunk()) return false;
    }
  }

  /** The current sample's texts, one a channel, of a string stream. */
  texts(): string[] {
    let at = this.#values;
    return this.#stream.channels.map(() => {
      const length = readVariableInteger(this.#view, at, this.#end)!;
      at = length.next + length.value;
      return this.#bytes.toString('utf8', length.next, at);
    });
  }

  #openChunk(): boolean {
    const { chunkOffsets, chunkLengths } = this.#stream;
    if (this.#chunk >= chunkOffsets.length) return false;
    const length = chunkLengths[this.#chunk];
    // Other streams read through the same windows before this chunk is done, so it is copied out.
    if (this.#bytes.length < length) {
      this.#bytes = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#bytes.length));
      this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
    }
    this.#end = this.#file.read(chunkOffsets[this.#chunk], length).copy(this.#bytes);
    this.#chunk++;
    const count = readVariableInteger(this.#view, 0, this.#end);
    if (!count) {
      this.#report(`samples damaged or cut at byte ${this.#position(0)}`);
      return true;
    }
    this.#at = count.next;
    this.#left = this.#total = count.value;
    return true;
  }

  #step(): boolean {
    if (this.#at >= this.#end) return false;
    const stampBytes = this.#view.getUint8(this.#at);
    if (stampBytes !== 0 && stampBytes !== 8) return false;
    const values = this.#at + 1 + stampBytes;
    if (values > this.#end) return false;
    const stamp = stampBytes === 8 ? this.#view.getFloat64(this.#at + 1, true) : this.stamp + this.#interval;
    if (!Number.isFinite(stamp)) return false;
    const next = this.#valueBytes > 0 ? values + this.#valueBytes : this.#afterTexts(values);
    if (next < 0 || next > this.#end) return false;
    this.stamp = stamp;
    if (stampBytes === 8) this.written++;
    this.#values = values;
    this.#at = next;
    return true;
  }

  #afterTexts(from: number): number {
    let at = from;
    for (let c = 0; c < this.#stream.channels.length; c++) {
      const length = readVariableInteger(this.#view, at, this.#end);
      if (!length) return -1;
      at = length.next + length.value;
    }
    return at;
  }

  #position(at: number): number {
    return this.#stream.chunkOffsets[this.#chunk - 1] + at;
  }

  #report(problem: string): void {
    this.problems.push(
      `stream '${this.#stream.name}': ${problem}; ${this.#total - this.#left} of its chunk's ${this.#total} samples used`,
    );
  }
}
