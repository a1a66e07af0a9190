import type { RandomAccessFile } from '../files/random-access-file.js';
import type { XdfStream } from './xdf-index.js';
import { XdfSampleReader } from './xdf-sample-reader.js';

/** Longer chunks are taken in pieces: so much of a regular stream, s, and so many samples of an irregular one. */
const PIECE_S = 0.5;
const IRREGULAR_PIECE = 64;
/** A declared rate may be nonsense. */
const LONGEST_PIECE = 1 << 16;

/** Samples of one stream that stand together in the file. */
export interface XdfStamps {
  /** Where the last of them ends, in bytes. */
  readonly place: number;
  /** [n] the sender's stamps, s. */
  readonly stamps: Float64Array;
}

/** Samples of `stream` that are taken together at most. */
export function pieceLength({ sfreq }: Pick<XdfStream, 'sfreq'>): number {
  return sfreq > 0 ? Math.min(LONGEST_PIECE, Math.max(1, Math.round(PIECE_S * sfreq))) : IRREGULAR_PIECE;
}

/** Steps through a stream's stamps in pieces of a chunk. */
export class XdfStampReader {
  readonly #reader: XdfSampleReader;
  readonly #stream: XdfStream;
  readonly #stamps: Float64Array;
  #isAhead = false;

  /** `most`: samples a piece, at most. */
  constructor(file: RandomAccessFile, stream: XdfStream, most: number) {
    this.#reader = new XdfSampleReader(file, stream);
    this.#stream = stream;
    this.#stamps = new Float64Array(most);
  }

  /** What was wrong on the way, one line each. */
  get problems(): readonly string[] {
    return this.#reader.problems;
  }

  /** Samples whose stamps stand in the file; those of the others follow from the rate. */
  get written(): number {
    return this.#reader.written;
  }

  /** Null at the end. */
  next(): XdfStamps | null {
    const reader = this.#reader;
    if (!this.#isAhead && !reader.next()) return null;
    const { chunk } = reader;
    const stamps = this.#stamps;
    let n = 0;
    let place: number;
    do {
      stamps[n++] = reader.stamp;
      place = this.#stream.chunkOffsets[chunk] + reader.end;
      this.#isAhead = reader.next();
    } while (this.#isAhead && reader.chunk === chunk && n < stamps.length);
    return { place, stamps: stamps.slice(0, n) };
  }
}
