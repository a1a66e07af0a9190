import { endianness } from 'node:os';
import type { Seconds } from '../../../core/clock.js';
import { type NumericFormat, numericLayouts, type SampleBatch } from '../channel-format.js';
import { LslError } from '../lsl-error.js';
import { type LslStreamInfo, STREAM_LIMITS } from '../stream-info.js';

/** Tags before a sample: its stamp follows from the one before, or comes with it. */
export const sampleTag = { deduced: 1, transmitted: 2 } as const;

/** Takes bytes as they come and gives the samples that are whole. */
export interface FeedDecoder {
  /**
   * Samples at the start of `bytes`, and how many bytes they took. At most `limit` samples.
   * @throws LslError `malformed`, `too-large`.
   */
  decode(bytes: Buffer, limit?: number): { readonly batch: SampleBatch | null; readonly used: number };
  /** Forgets the last stamp: the next feed starts anew. */
  restart(): void;
}

export interface FeedEncoding {
  readonly bigEndian: boolean;
  readonly suppressSubnormals: boolean;
}

const hostBigEndian = endianness() === 'BE';

/** Decoder of protocol 1.10. */
export function sampleDecoder(info: LslStreamInfo, encoding: FeedEncoding): FeedDecoder {
  return info.channelFormat === 'string'
    ? new StringDecoder(info, encoding)
    : new NumericDecoder(info, info.channelFormat, encoding);
}

/** Stamps of one feed: those that are not sent follow the one before by the nominal rate. */
class Stamps {
  #last: Seconds = 0;
  readonly #interval: Seconds;

  constructor(nominalRate_hz: number) {
    this.#interval = nominalRate_hz > 0 ? 1 / nominalRate_hz : 0;
  }

  deduce(): Seconds {
    this.#last += this.#interval;
    return this.#last;
  }

  take(stamp: Seconds): Seconds {
    this.#last = stamp;
    return stamp;
  }

  restart(): void {
    this.#last = 0;
  }
}

class NumericDecoder implements FeedDecoder {
  readonly #stamps: Stamps;
  readonly #sampleBytes: number;

  constructor(
    readonly info: LslStreamInfo,
    readonly format: NumericFormat,
    readonly encoding: FeedEncoding,
  ) {
    this.#stamps = new Stamps(info.nominalRate_hz);
    this.#sampleBytes = numericLayouts[format].bytes * info.channelCount;
  }

  decode(bytes: Buffer, limit = Number.POSITIVE_INFINITY): ReturnType<FeedDecoder['decode']> {
    const size = this.#sampleBytes;
    let samples = 0;
    let used = 0;
    while (samples < limit && used < bytes.length) {
      const tag = bytes[used];
      if (tag !== sampleTag.deduced && tag !== sampleTag.transmitted)
        throw new LslError('malformed', `sample tag ${tag}`);
      const next = used + (tag === sampleTag.deduced ? 1 : 9) + size;
      if (next > bytes.length) break;
      used = next;
      samples++;
    }
    if (samples === 0) return { batch: null, used: 0 };
    const times = new Float64Array(samples);
    const store = new ArrayBuffer(samples * size);
    const raw = Buffer.from(store);
    const { bigEndian, suppressSubnormals } = this.encoding;
    for (let i = 0, at = 0; i < samples; i++) {
      if (bytes[at] === sampleTag.deduced) {
        times[i] = this.#stamps.deduce();
        at += 1;
      } else {
        times[i] = this.#stamps.take(bigEndian ? bytes.readDoubleBE(at + 1) : bytes.readDoubleLE(at + 1));
        at += 9;
      }
      bytes.copy(raw, i * size, at, at + size);
      at += size;
    }
    if (bigEndian !== hostBigEndian) swapBytes(raw, numericLayouts[this.format].bytes);
    const values = numericLayouts[this.format].values(0, store);
    if (suppressSubnormals) flushSubnormals(values);
    return { batch: { times, values }, used };
  }

  restart(): void {
    this.#stamps.restart();
  }
}

class StringDecoder implements FeedDecoder {
  readonly #stamps: Stamps;

  constructor(
    readonly info: LslStreamInfo,
    readonly encoding: FeedEncoding,
  ) {
    this.#stamps = new Stamps(info.nominalRate_hz);
  }

  decode(bytes: Buffer, limit = Number.POSITIVE_INFINITY): ReturnType<FeedDecoder['decode']> {
    const { channelCount } = this.info;
    const { bigEndian } = this.encoding;
    const times: number[] = [];
    const values: string[] = [];
    let used = 0;
    while (times.length < limit && used < bytes.length) {
      const tag = bytes[used];
      if (tag !== sampleTag.deduced && tag !== sampleTag.transmitted)
        throw new LslError('malformed', `sample tag ${tag}`);
      const stampAt = used + 1;
      const start = tag === sampleTag.deduced ? stampAt : stampAt + 8;
      const end = this.#skip(bytes, start);
      if (end < 0) break;
      if (tag === sampleTag.deduced) times.push(this.#stamps.deduce());
      else
        times.push(this.#stamps.take(bigEndian ? bytes.readDoubleBE(stampAt) : bytes.readDoubleLE(stampAt)));
      for (let c = 0, at = start; c < channelCount; c++) {
        const length = readLength(bytes, at, bigEndian);
        const from = at + 1 + bytes[at];
        values.push(bytes.toString('utf8', from, from + length));
        at = from + length;
      }
      used = end;
    }
    if (times.length === 0) return { batch: null, used: 0 };
    return { batch: { times: Float64Array.from(times), values }, used };
  }

  /** Where the sample whose values start at `at` ends; -1 while it is not whole. */
  #skip(bytes: Buffer, at: number): number {
    let end = at;
    for (let c = 0; c < this.info.channelCount; c++) {
      const length = readLength(bytes, end, this.encoding.bigEndian);
      if (length < 0) return -1;
      end += 1 + bytes[end] + length;
      if (end - at > STREAM_LIMITS.sampleBytes)
        throw new LslError('too-large', `a sample of more than ${STREAM_LIMITS.sampleBytes} bytes`);
      if (end > bytes.length) return -1;
    }
    return end;
  }

  restart(): void {
    this.#stamps.restart();
  }
}

/** Length of the text at `at`; -1 while it is not whole. */
function readLength(bytes: Buffer, at: number, bigEndian: boolean): number {
  if (at >= bytes.length) return -1;
  const width = bytes[at];
  if (width !== 1 && width !== 2 && width !== 4 && width !== 8)
    throw new LslError('malformed', `a text's length of ${width} bytes`);
  if (at + 1 + width > bytes.length) return -1;
  if (width === 8) return Number(bigEndian ? bytes.readBigUInt64BE(at + 1) : bytes.readBigUInt64LE(at + 1));
  return bigEndian ? bytes.readUIntBE(at + 1, width) : bytes.readUIntLE(at + 1, width);
}

export function swapBytes(bytes: Buffer, width: 1 | 2 | 4 | 8): void {
  if (width === 2) bytes.swap16();
  else if (width === 4) bytes.swap32();
  else if (width === 8) bytes.swap64();
}

function flushSubnormals(values: SampleBatch['values']): void {
  const smallest =
    values instanceof Float32Array
      ? 1.1754943508222875e-38
      : values instanceof Float64Array
        ? 2.2250738585072014e-308
        : 0;
  if (smallest === 0) return;
  const numbers = values as Float64Array;
  for (let i = 0; i < numbers.length; i++) if (Math.abs(numbers[i]) < smallest) numbers[i] *= 0;
}
