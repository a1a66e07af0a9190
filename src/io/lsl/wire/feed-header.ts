import { endianness } from 'node:os';
import { LslError } from '../lsl-error.js';
import { type LslStreamInfo, PROTOCOL_VERSION } from '../stream-info.js';

/** Longest head of a request or an answer. */
export const MAX_HEADER_BYTES = 16_384;

const END_OF_HEADER = '\r\n\r\n';
const LITTLE_ENDIAN = 1234;
const BIG_ENDIAN = 4321;
const hostByteOrder = endianness() === 'LE' ? LITTLE_ENDIAN : BIG_ENDIAN;

/** What a receiver asks for. */
export interface FeedRequest {
  readonly version: number;
  /** The outlet that is meant; '' for whichever listens. */
  readonly uid: string;
  /** Samples that the outlet should keep for the receiver. */
  readonly maxBufferLength: number;
  /** Samples that should go in one transmission; 0: as the outlet likes. */
  readonly maxChunkLength: number;
  readonly bigEndian: boolean;
  /** 110, or 100 for the portable archive. */
  readonly dataVersion: number;
  /** Whether the receiver can't hold subnormal numbers. */
  readonly suppressSubnormals: boolean;
}

/** What the outlet answers. */
export type FeedResponse = Pick<FeedRequest, 'dataVersion' | 'bigEndian' | 'suppressSubnormals'>;

export function formatFeedRequest(
  info: LslStreamInfo,
  buffer: { readonly maxBufferLength: number; readonly maxChunkLength: number },
): string {
  return [
    `LSL:streamfeed/${PROTOCOL_VERSION} ${info.uid}`,
    `Native-Byte-Order: ${hostByteOrder}`,
    // The outlet converts byte orders where it is the faster of the two: let it believe so.
    'Endian-Performance: 0',
    'Has-IEEE754-Floats: 1',
    'Supports-Subnormals: 1',
    `Value-Size: ${valueSize(info.channelFormat)}`,
    `Data-Protocol-Version: ${PROTOCOL_VERSION}`,
    `Max-Buffer-Length: ${buffer.maxBufferLength}`,
    `Max-Chunk-Length: ${buffer.maxChunkLength}`,
    `Hostname: ${line(info.hostname)}`,
    `Source-Id: ${line(info.sourceId)}`,
    `Session-Id: ${line(info.sessionId)}${END_OF_HEADER}`,
  ].join('\r\n');
}

/** liblsl compares it with the size of its own string object: 8 bytes where outlets of 1.10 were built. */
function valueSize(format: LslStreamInfo['channelFormat']): number {
  const sizes = { float32: 4, double64: 8, string: 8, int32: 4, int16: 2, int8: 1, int64: 8 };
  return sizes[format];
}

function line(text: string): string {
  return text.replace(/[\r\n;]/g, ' ');
}

/** The head at the start of `bytes`, or null while it is not whole. @throws LslError `too-large`. */
export function headerEnd(bytes: Buffer): { readonly text: string; readonly used: number } | null {
  const at = bytes.subarray(0, MAX_HEADER_BYTES).indexOf(END_OF_HEADER);
  if (at >= 0) return { text: bytes.toString('latin1', 0, at), used: at + END_OF_HEADER.length };
  if (bytes.length >= MAX_HEADER_BYTES) throw new LslError('too-large', 'a header without end');
  return null;
}

function fieldsOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const text of lines) {
    const colon = text.indexOf(':');
    if (colon > 0)
      fields.set(
        text.slice(0, colon).trim().toLowerCase(),
        text
          .slice(colon + 1)
          .split(';', 1)[0]
          .trim(),
      );
  }
  return fields;
}

/** Reads an outlet's answer. @throws LslError `malformed`, `not-found`, `unsupported`, `refused`. */
export function parseFeedResponse(header: string, info: LslStreamInfo): FeedResponse {
  const [status = '', ...lines] = header.split(/\r?\n/);
  const match = /^LSL\/(\d{1,6}) (\d{3})\b/.exec(status);
  if (!match) throw new LslError('malformed', `an answer that LSL doesn't give: ${printable(status)}`);
  const code = Number(match[2]);
  if (code === 404) throw new LslError('not-found', 'the outlet at this address is another one by now');
  if (code !== 200) throw new LslError('refused', `the outlet answers ${printable(status)}`);
  const fields = fieldsOf(lines);
  const uid = fields.get('uid');
  if (uid !== undefined && uid.toLowerCase() !== info.uid.toLowerCase())
    throw new LslError('not-found', 'the outlet at this address is another one by now');
  const order = Number(fields.get('byte-order') ?? 0);
  if (order !== 0 && order !== LITTLE_ENDIAN && order !== BIG_ENDIAN)
    throw new LslError('unsupported', `byte order ${order}`);
  const dataVersion = Number(fields.get('data-protocol-version') ?? 100);
  if (dataVersion !== 100 && dataVersion !== PROTOCOL_VERSION)
    throw new LslError('unsupported', `data protocol ${dataVersion}`);
  return {
    dataVersion,
    bigEndian: (order === 0 ? hostByteOrder : order) === BIG_ENDIAN,
    suppressSubnormals: fields.get('suppress-subnormals') === '1',
  };
}

/** Reads a receiver's request of protocol 1.10. @throws LslError `malformed`, `unsupported`, `not-found`. */
export function parseFeedRequest(header: string, info: LslStreamInfo): FeedRequest {
  const [request = '', ...lines] = header.split(/\r?\n/);
  const match = /^LSL:streamfeed\/(\d{1,6})(?:[ \t]+(\S+))?\s*$/.exec(request);
  if (!match) throw new LslError('malformed', `a request that LSL doesn't make: ${printable(request)}`);
  const version = Number(match[1]);
  if (Math.floor(version / 100) > Math.floor(PROTOCOL_VERSION / 100))
    throw new LslError('unsupported', `protocol ${version}`);
  const uid = match[2] ?? '';
  if (uid !== '' && uid !== info.uid) throw new LslError('not-found', 'another outlet is meant');
  const fields = fieldsOf(lines);
  const order = Number(fields.get('native-byte-order') ?? LITTLE_ENDIAN);
  return {
    version,
    uid,
    maxBufferLength: count(fields.get('max-buffer-length'), 0),
    maxChunkLength: count(fields.get('max-chunk-length'), 0),
    bigEndian: order === BIG_ENDIAN || (order !== LITTLE_ENDIAN && hostByteOrder === BIG_ENDIAN),
    dataVersion:
      count(fields.get('data-protocol-version'), PROTOCOL_VERSION) < PROTOCOL_VERSION
        ? 100
        : PROTOCOL_VERSION,
    suppressSubnormals: fields.get('supports-subnormals') === '0',
  };
}

export function count(text: string | undefined, otherwise: number): number {
  const value = Number(text);
  return text !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : otherwise;
}

export function formatFeedResponse(
  info: LslStreamInfo,
  { bigEndian, dataVersion, suppressSubnormals }: FeedResponse,
): string {
  return [
    `LSL/${PROTOCOL_VERSION} 200 OK`,
    `UID: ${info.uid}`,
    `Byte-Order: ${bigEndian ? BIG_ENDIAN : LITTLE_ENDIAN}`,
    `Suppress-Subnormals: ${suppressSubnormals ? 1 : 0}`,
    `Data-Protocol-Version: ${dataVersion}${END_OF_HEADER}`,
  ].join('\r\n');
}

export function formatRefusal(error: LslError): string {
  const status =
    error.code === 'not-found'
      ? '404 Not found'
      : error.code === 'unsupported'
        ? '505 Version not supported'
        : '400 Bad request';
  return `LSL/${PROTOCOL_VERSION} ${status}${END_OF_HEADER}`;
}

/** The start of a peer's text, fit for a message. */
export function printable(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
