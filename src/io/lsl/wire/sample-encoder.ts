import { endianness } from 'node:os';
import { numericLayouts, type SampleBatch } from '../channel-format.js';
import { sampleTag, swapBytes } from './sample-decoder.js';

/** A batch to be sent. */
export interface OutgoingBatch extends SampleBatch {
  /** Whether only the first stamp is sent: the others follow from it by the nominal rate. */
  readonly deduced: boolean;
}

const hostBigEndian = endianness() === 'BE';

/** A batch in protocol 1.10. */
export function encodeSamples(batch: OutgoingBatch, bigEndian: boolean): Buffer {
  return isText(batch.values)
    ? encodeTexts(batch, batch.values, bigEndian)
    : encodeNumbers(batch, batch.values, bigEndian);
}

function isText(values: SampleBatch['values']): values is readonly string[] {
  return Array.isArray(values);
}

function encodeNumbers(
  { times, deduced }: OutgoingBatch,
  values: Exclude<SampleBatch['values'], readonly string[]>,
  bigEndian: boolean,
): Buffer {
  const samples = times.length;
  let raw = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  if (bigEndian !== hostBigEndian) {
    raw = Buffer.from(raw);
    swapBytes(raw, values.BYTES_PER_ELEMENT as 1 | 2 | 4 | 8);
  }
  const size = samples > 0 ? raw.length / samples : 0;
  const bytes = Buffer.allocUnsafe(raw.length + (deduced ? 8 + samples : 9 * samples));
  let at = 0;
  for (let i = 0; i < samples; i++) {
    at = writeStamp(bytes, at, times[i], deduced && i > 0, bigEndian);
    at += raw.copy(bytes, at, i * size, (i + 1) * size);
  }
  return bytes;
}

function writeStamp(bytes: Buffer, at: number, stamp: number, deduced: boolean, bigEndian: boolean): number {
  bytes[at] = deduced ? sampleTag.deduced : sampleTag.transmitted;
  if (deduced) return at + 1;
  return bigEndian ? bytes.writeDoubleBE(stamp, at + 1) : bytes.writeDoubleLE(stamp, at + 1);
}

function encodeTexts(
  { times, deduced }: OutgoingBatch,
  values: readonly string[],
  bigEndian: boolean,
): Buffer {
  const channels = times.length > 0 ? values.length / times.length : 0;
  const parts: Buffer[] = [];
  for (let i = 0; i < times.length; i++) {
    const head = Buffer.alloc(deduced && i > 0 ? 1 : 9);
    writeStamp(head, 0, times[i], deduced && i > 0, bigEndian);
    parts.push(head);
    for (let c = 0; c < channels; c++) {
      const text = Buffer.from(values[i * channels + c], 'utf8');
      parts.push(lengthBytes(text.length, bigEndian), text);
    }
  }
  return Buffer.concat(parts);
}

function lengthBytes(length: number, bigEndian: boolean): Buffer {
  if (length <= 0xff) return Buffer.from([1, length]);
  const bytes = Buffer.alloc(5);
  bytes[0] = 4;
  if (bigEndian) bytes.writeUInt32BE(length, 1);
  else bytes.writeUInt32LE(length, 1);
  return bytes;
}

/** Stamp of both samples that open a feed. */
const TEST_STAMP = 123_456.789;
/** Offsets of the samples that open a feed, in their order. */
export const testPatternOffsets = [4, 2] as const;

/** What the pattern adds to the offset, by format, so that each format's bytes all matter. */
const bases = {
  float32: 0n,
  double64: 16_777_217n,
  int32: 65_537n,
  int16: 257n,
  int8: 1n,
  int64: 2_147_483_649n,
} as const;

/** The sample by which both parties see that they mean the same bytes. */
export function testPattern(
  format: keyof typeof numericLayouts | 'string',
  channels: number,
  offset: number,
): SampleBatch {
  const times = Float64Array.of(TEST_STAMP);
  if (format === 'string') {
    const texts = Array.from({ length: channels }, (_, k) => String(k % 2 === 0 ? k + 10 : -(k + 10)));
    return { times, values: texts };
  }
  const values = numericLayouts[format].values(channels);
  const limits: Partial<Record<typeof format, bigint>> = {
    int8: 127n,
    int16: 32_767n,
    int32: 2_147_483_647n,
  };
  for (let k = 0; k < channels; k++) {
    const magnitude = BigInt(k + offset) + bases[format];
    const limit = limits[format];
    const wrapped = limit === undefined ? magnitude : magnitude % limit;
    const signed = k % 2 === 0 ? wrapped : -wrapped;
    if (values instanceof BigInt64Array) values[k] = signed;
    else values[k] = Number(signed);
  }
  return { times, values };
}

/** Whether a received sample is the pattern. */
export function isTestPattern(batch: SampleBatch, expected: SampleBatch): boolean {
  return (
    batch.times[0] === expected.times[0] &&
    batch.values.length === expected.values.length &&
    expected.values.every((value: unknown, k: number) => batch.values[k] === value)
  );
}
