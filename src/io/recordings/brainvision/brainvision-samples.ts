import type { RandomAccessFile } from '../files/random-access-file.js';
import { readLines } from '../files/read-lines.js';

/** The data file of a BrainVision recording: raw values of all channels, in order. */
export interface BrainVisionSamples {
  /** Samples of each channel in the file. */
  readonly count: number;
  /** What was wrong with the file, one line each. */
  readonly problems: readonly string[];
  /** A pass over the samples; each call gives the next `n` as [C, n], NaN where the file lacks them. */
  read(): (n: number) => Float64Array;
}

export const binaryFormats = {
  INT_16: { width: 2, view: Int16Array },
  UINT_16: { width: 2, view: Uint16Array },
  INT_32: { width: 4, view: Int32Array },
  IEEE_FLOAT_32: { width: 4, view: Float32Array },
} as const;
export type BinaryFormat = keyof typeof binaryFormats;

export interface BinaryLayout {
  readonly channels: number;
  readonly format: BinaryFormat;
  readonly isBigEndian: boolean;
  /** Channel by channel instead of sample by sample. */
  readonly isVectorized: boolean;
  /** Samples of each channel that the header tells; null where it doesn't. */
  readonly told: number | null;
}

const BLOCK_BYTES = 1 << 20;

export class BinarySamples implements BrainVisionSamples {
  readonly count: number;
  readonly problems: string[] = [];

  constructor(
    private readonly file: RandomAccessFile,
    private readonly layout: BinaryLayout,
  ) {
    const { channels, told, isVectorized } = layout;
    const values = Math.floor(file.size / this.#width);
    const whole = Math.floor(values / channels);
    // Where channels follow each other, a cut file has the first ones whole, if only their length is known.
    this.count = told === null ? whole : isVectorized ? Math.min(told, values) : Math.min(told, whole);
    if (told !== null && whole !== told)
      this.problems.push(
        `the header tells ${told} samples, the file holds ${whole}${whole < told ? ': it was cut' : '; the rest is ignored'}`,
      );
    else if (told === null && file.size !== whole * channels * this.#width)
      this.problems.push('the last sample was cut; ignored');
  }

  read(): (n: number) => Float64Array {
    const { channels, isVectorized } = this.layout;
    const capacity = Math.max(1, Math.floor(BLOCK_BYTES / (channels * this.#width)));
    let block = { from: 0, n: 0, values: new Float64Array(0) as ArrayLike<number> };
    let at = 0;
    return (n) => {
      const data = new Float64Array(channels * n);
      for (let done = 0; done < n; ) {
        if (at >= block.from + block.n) block = this.#block(at, Math.min(capacity, this.count - at));
        const m = Math.min(n - done, block.from + block.n - at);
        const step = isVectorized ? 1 : channels;
        for (let c = 0; c < channels; c++) {
          let source = (at - block.from) * step + c * (isVectorized ? block.n : 1);
          for (let i = c * n + done, end = i + m; i < end; i++, source += step)
            data[i] = block.values[source];
        }
        at += m;
        done += m;
      }
      return data;
    };
  }

  get #width(): number {
    return binaryFormats[this.layout.format].width;
  }

  #block(from: number, n: number): { from: number; n: number; values: ArrayLike<number> } {
    const { channels, isVectorized, told } = this.layout;
    const width = this.#width;
    if (!isVectorized) return { from, n, values: this.#values(from * channels * width, n * channels) };
    const values = new Float64Array(channels * n).fill(Number.NaN);
    for (let c = 0; c < channels; c++)
      values.set(this.#values((c * (told ?? this.count) + from) * width, n), c * n);
    return { from, n, values };
  }

  /** Up to `n` values from byte `offset`. */
  #values(offset: number, n: number): ArrayLike<number> {
    const { format, isBigEndian } = this.layout;
    const { width, view } = binaryFormats[format];
    const bytes = Buffer.alloc(Math.max(0, n * width));
    const read = Math.floor(this.file.readInto(bytes, offset) / width);
    if (isBigEndian) width === 2 ? bytes.swap16() : bytes.swap32();
    return new view(bytes.buffer, bytes.byteOffset, n).subarray(0, read);
  }
}

export interface AsciiLayout {
  readonly channels: number;
  readonly isVectorized: boolean;
  readonly decimalSymbol: string;
  readonly skipLines: number;
  readonly skipColumns: number;
}

/** Values as text: a line for each sample or, vectorized, for each channel. */
export class AsciiSamples implements BrainVisionSamples {
  readonly count: number;
  readonly problems: string[] = [];
  readonly #offsets: number[] = [];

  constructor(
    private readonly file: RandomAccessFile,
    private readonly layout: AsciiLayout,
  ) {
    this.count = layout.isVectorized ? this.#countVectorized() : this.#countLines();
    if (file.size > 0 && file.read(file.size - 1, 1)[0] !== LINE_FEED)
      this.problems.push(
        'the last line of the data file has no end; its last value may be cut and is masked',
      );
  }

  read(): (n: number) => Float64Array {
    const { channels, isVectorized, skipColumns } = this.layout;
    const columns = isVectorized ? this.#offsets.map((offset) => this.#words(offset)) : null;
    const rows = isVectorized ? null : this.#rows();
    return (n) => {
      const data = new Float64Array(channels * n).fill(Number.NaN);
      if (columns)
        for (const [c, words] of columns.entries())
          for (let i = 0; i < n; i++) data[c * n + i] = this.#number(words.next().value);
      if (rows)
        for (let i = 0; i < n; i++) {
          const words = rows.next().value ?? [];
          for (let c = 0; c < channels; c++) data[c * n + i] = this.#number(words[skipColumns + c]);
        }
      return data;
    };
  }

  #number(word: string | undefined): number {
    return word === undefined || word === ''
      ? Number.NaN
      : Number(word.replace(this.layout.decimalSymbol, '.'));
  }

  *#rows(): Generator<string[]> {
    const lines = readLines(this.file);
    let line = lines.next();
    for (let l = 0; !line.done; l++, line = lines.next()) {
      const words = line.value.trim().split(SEPARATOR);
      if (l >= this.layout.skipLines && words[0] !== '') yield words;
    }
    // All words of the line that was cut, but the last, are whole.
    const words = line.value.trim().split(SEPARATOR).slice(0, -1);
    if (words.length > 0) yield words;
  }

  #countLines(): number {
    let count = 0;
    for (const _ of this.#rows()) count++;
    return count;
  }

  /** Finds where each channel's values start; the first channel tells how many there are. */
  #countVectorized(): number {
    const { skipLines, channels } = this.layout;
    let line = 0;
    let isStart = true;
    for (let at = 0; at < this.file.size; at += STEP_BYTES) {
      const bytes = this.file.read(at, STEP_BYTES);
      for (let i = 0; i < bytes.length; i++) {
        if (isStart && line >= skipLines && this.#offsets.length < channels) this.#offsets.push(at + i);
        isStart = bytes[i] === LINE_FEED;
        if (isStart) line++;
      }
    }
    let count = 0;
    if (this.#offsets.length > 0) for (const _ of this.#words(this.#offsets[0])) count++;
    if (this.#offsets.length < channels)
      this.problems.push(`the data file holds ${this.#offsets.length} of ${channels} channels: it was cut`);
    return count;
  }

  /** The values of the line that starts at `offset`, without the columns to skip. */
  *#words(offset: number): Generator<string, undefined> {
    let skip = this.layout.skipColumns;
    let word = '';
    for (let at = offset; at < this.file.size; at += STEP_BYTES) {
      for (const character of this.file.read(at, STEP_BYTES).toString('latin1')) {
        if (!BLANK.test(character)) {
          word += character;
          continue;
        }
        if (word !== '' && --skip < 0) yield word;
        word = '';
        if (character === '\n') return;
      }
    }
  }
}

const STEP_BYTES = 1 << 14;
const LINE_FEED = 0x0a;
const BLANK = /[\s;]/;
const SEPARATOR = /[\s;]+/;
