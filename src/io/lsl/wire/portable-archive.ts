import type { Seconds } from '../../../core/clock.js';
import { type NumericFormat, numericLayouts, type SampleBatch } from '../channel-format.js';
import { LslError } from '../lsl-error.js';
import { formatInfo, type LslStreamInfo, STREAM_LIMITS } from '../stream-info.js';
import { XML_LIMITS } from '../xml.js';
import { type FeedDecoder, sampleTag } from './sample-decoder.js';
import type { OutgoingBatch } from './sample-encoder.js';

/*
 * Protocol 1.00 sends samples as an EOS portable archive over Boost serialization, version 9. Every integer is a signed
 * count of bytes, then these bytes, little-endian, without the leading ones that only repeat the sign; the count is
 * negative for negative numbers and 0 stands for 0. Floating-point numbers go as the integers of their bits, text as
 * its length and bytes. The first object is preceded by its class's tracking flag and version, both 0.
 */
const MAGIC = 0x7f;
const ARCHIVE_VERSION = 9;

class Incomplete extends Error {}
const incomplete = new Incomplete();

/** Reads the primitives; throws {@link Incomplete} at the end of what came so far. */
class ArchiveReader {
  at = 0;

  constructor(readonly bytes: Buffer) {}

  byte(): number {
    if (this.at >= this.bytes.length) throw incomplete;
    return this.bytes[this.at++];
  }

  integer(width: number): bigint {
    const size = (this.byte() << 24) >> 24;
    const length = Math.abs(size);
    if (length > width) throw new LslError('malformed', `an integer of ${length} bytes for ${width}`);
    if (this.at + length > this.bytes.length) throw incomplete;
    let value = size < 0 ? -1n : 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[this.at + i]);
    this.at += length;
    return value;
  }

  text(limit: number): string {
    const length = this.integer(8);
    if (length < 0n || length > BigInt(limit)) throw new LslError('too-large', `a text of ${length} bytes`);
    const end = this.at + Number(length);
    if (end > this.bytes.length) throw incomplete;
    const text = this.bytes.toString('utf8', this.at, end);
    this.at = end;
    return text;
  }
}

const bits = new DataView(new ArrayBuffer(8));

function doubleOf(integer: bigint): number {
  bits.setBigUint64(0, BigInt.asUintN(64, integer));
  return bits.getFloat64(0);
}

function floatOf(integer: bigint): number {
  bits.setUint32(0, Number(BigInt.asUintN(32, integer)));
  return bits.getFloat32(0);
}

/** Decoder of protocol 1.00. */
export class ArchiveDecoder implements FeedDecoder {
  #classRead = false;
  #last: Seconds = 0;
  readonly #interval: Seconds;

  constructor(readonly info: LslStreamInfo) {
    this.#interval = info.nominalRate_hz > 0 ? 1 / info.nominalRate_hz : 0;
  }

  /** The info document that a feed starts with, or null while it is not whole. @throws LslError. */
  decodeHeader(bytes: Buffer): { readonly info: string; readonly used: number } | null {
    const reader = new ArchiveReader(bytes);
    try {
      if (reader.byte() !== MAGIC) throw new LslError('malformed', 'no portable archive');
      const version = reader.integer(2);
      if (version < 1n) throw new LslError('unsupported', `archive version ${version}`);
      return { info: reader.text(XML_LIMITS.bytes), used: reader.at };
    } catch (error) {
      if (error === incomplete) return null;
      throw error;
    }
  }

  decode(bytes: Buffer, limit = Number.POSITIVE_INFINITY): ReturnType<FeedDecoder['decode']> {
    const reader = new ArchiveReader(bytes);
    const times: number[] = [];
    const numbers: (number | bigint)[] = [];
    const texts: string[] = [];
    let used = 0;
    try {
      while (times.length < limit) {
        if (!this.#classRead) {
          reader.integer(1);
          reader.integer(4);
          this.#classRead = true;
          used = reader.at;
        }
        const tag = Number(reader.integer(1));
        if (tag !== sampleTag.deduced && tag !== sampleTag.transmitted)
          throw new LslError('malformed', `sample tag ${tag}`);
        const stamp = tag === sampleTag.deduced ? this.#last + this.#interval : doubleOf(reader.integer(8));
        const values = this.#values(reader);
        times.push(stamp);
        this.#last = stamp;
        if (typeof values[0] === 'string') for (const value of values) texts.push(value as string);
        else for (const value of values) numbers.push(value as number | bigint);
        used = reader.at;
      }
    } catch (error) {
      if (error !== incomplete) throw error;
      if (bytes.length - used > STREAM_LIMITS.sampleBytes)
        throw new LslError('too-large', `a sample of more than ${STREAM_LIMITS.sampleBytes} bytes`);
    }
    if (times.length === 0) return { batch: null, used };
    return { batch: { times: Float64Array.from(times), values: this.#layOut(numbers, texts) }, used };
  }

  restart(): void {
    this.#classRead = false;
    this.#last = 0;
  }

  #values(reader: ArchiveReader): readonly (number | bigint | string)[] {
    const { channelFormat, channelCount } = this.info;
    const values: (number | bigint | string)[] = [];
    for (let c = 0; c < channelCount; c++) {
      if (channelFormat === 'string') values.push(reader.text(STREAM_LIMITS.sampleBytes));
      else if (channelFormat === 'float32') values.push(floatOf(reader.integer(4)));
      else if (channelFormat === 'double64') values.push(doubleOf(reader.integer(8)));
      else {
        const integer = reader.integer(numericLayouts[channelFormat].bytes);
        values.push(channelFormat === 'int64' ? BigInt.asIntN(64, integer) : Number(integer));
      }
    }
    return values;
  }

  #layOut(numbers: readonly (number | bigint)[], texts: readonly string[]): SampleBatch['values'] {
    const { channelFormat } = this.info;
    if (channelFormat === 'string') return texts;
    const values = numericLayouts[channelFormat].values(numbers.length);
    if (values instanceof BigInt64Array) values.set(numbers as readonly bigint[]);
    else values.set(numbers as readonly number[]);
    return values;
  }
}

/** Encoder of protocol 1.00 for one receiver. */
export class ArchiveEncoder {
  #classWritten = false;

  constructor(readonly info: LslStreamInfo) {}

  /** What a feed starts with. */
  header(): Buffer {
    return Buffer.concat([
      Buffer.from([MAGIC]),
      integerBytes(BigInt(ARCHIVE_VERSION)),
      textBytes(formatInfo(this.info, 'short')),
    ]);
  }

  encode({ times, values, deduced }: OutgoingBatch): Buffer {
    const { channelFormat, channelCount } = this.info;
    const parts: Buffer[] = [];
    for (let i = 0; i < times.length; i++) {
      if (!this.#classWritten) parts.push(Buffer.from([0, 0]));
      this.#classWritten = true;
      const isDeduced = deduced && i > 0;
      parts.push(Buffer.from([1, isDeduced ? sampleTag.deduced : sampleTag.transmitted]));
      if (!isDeduced) parts.push(integerBytes(bitsOf('double64', times[i])));
      for (let c = 0; c < channelCount; c++) {
        const value = values[i * channelCount + c];
        if (channelFormat === 'string') parts.push(textBytes(String(value)));
        else if (channelFormat === 'int8') parts.push(smallInteger(Number(value)));
        else parts.push(integerBytes(bitsOf(channelFormat, value as number | bigint)));
      }
    }
    return Buffer.concat(parts);
  }
}

function bitsOf(format: NumericFormat, value: number | bigint): bigint {
  if (typeof value === 'bigint') return value;
  if (format === 'double64') {
    bits.setFloat64(0, value);
    return bits.getBigUint64(0);
  }
  if (format === 'float32') {
    bits.setFloat32(0, value);
    return BigInt(bits.getUint32(0));
  }
  return BigInt(value);
}

function smallInteger(value: number): Buffer {
  return value === 0 ? Buffer.from([0]) : Buffer.from([value > 0 ? 1 : 0xff, value & 0xff]);
}

function integerBytes(value: bigint): Buffer {
  if (value === 0n) return Buffer.from([0]);
  const bytes = [0];
  let rest = value;
  do {
    bytes.push(Number(rest & 0xffn));
    rest >>= 8n;
  } while (rest !== 0n && rest !== -1n);
  bytes[0] = (value > 0n ? bytes.length - 1 : 1 - bytes.length) & 0xff;
  return Buffer.from(bytes);
}

function textBytes(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([integerBytes(BigInt(bytes.length)), bytes]);
}
