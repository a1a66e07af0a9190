import { inflateRawSync } from 'node:zlib';
import { damaged } from '../dataset-error.js';

/**
 * The members of a zip archive by name, each unpacked when it is asked for (PKWARE's APPNOTE 4.3; stored and deflated
 * members; sizes beyond 4 GiB are refused). Sizes are taken from the central directory: NumPy leaves them out before
 * the members.
 *
 * @param path file, for errors
 */
export function readZip(bytes: Buffer, path: string): ReadonlyMap<string, () => Buffer> {
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0 || end + 22 > bytes.length)
    throw damaged(
      path,
      bytes.toString('latin1', 0, 2) === 'PK' ? 'the archive was cut short' : 'not a zip archive',
    );
  const count = bytes.readUInt16LE(end + 10);
  const members = new Map<string, () => Buffer>();
  let at = bytes.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50)
      throw damaged(path, 'the list of its members is broken');
    const method = bytes.readUInt16LE(at + 10);
    const [packed, size] = [bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 24)];
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field));
    const local = bytes.readUInt32LE(at + 42);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    members.set(name, () => unpacked(bytes, { path, name, method, packed, size, local }));
    at += 46 + nameLength + extra + comment;
  }
  return members;
}

interface Member {
  readonly path: string;
  readonly name: string;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  /** Offset of its header. */
  readonly local: number;
}

function unpacked(bytes: Buffer, { path, name, method, packed, size, local }: Member): Buffer {
  if (packed === 0xffffffff || size === 0xffffffff) throw damaged(path, `${name} is beyond 4 GiB`);
  if (local + 30 > bytes.length) throw damaged(path, `${name} was cut short`);
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const content = bytes.subarray(start, start + packed);
  if (content.length < packed) throw damaged(path, `${name} was cut short`);
  if (method === 0) return content;
  if (method !== 8) throw damaged(path, `${name} is packed in a way that isn't known (${method})`);
  try {
    return inflateRawSync(content, { maxOutputLength: size });
  } catch (cause) {
    throw damaged(path, `${name} can't be unpacked`, cause);
  }
}
