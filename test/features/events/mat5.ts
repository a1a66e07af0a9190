import { inflateSync } from 'node:zlib';

/** A numeric array of a MAT v5 file, column-major. */
export interface MatArray {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}
export type MatValue = MatArray | Map<string, MatValue> | null;

/** Numeric arrays and structures of one element of a MAT v5 file, by name; other classes are null. */
export function readMat5(file: Uint8Array): Map<string, MatValue> {
  const values = new Map<string, MatValue>();
  for (const { type, body } of elements(file.subarray(128))) {
    const [matrix] = type === 15 ? elements(inflateSync(body)) : [{ type, body }];
    if (matrix.type === 14) {
      const { name, value } = readMatrix(matrix.body);
      values.set(name, value);
    }
  }
  return values;
}

interface Element {
  readonly type: number;
  readonly body: Uint8Array;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function elements(bytes: Uint8Array): Element[] {
  const view = viewOf(bytes);
  const found: Element[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const word = view.getUint32(at, true);
    // A length in the upper half marks an element of up to four bytes inside its own tag.
    if (word >>> 16) {
      found.push({ type: word & 0xffff, body: bytes.subarray(at + 4, at + 4 + (word >>> 16)) });
      at += 8;
      continue;
    }
    const length = view.getUint32(at + 4, true);
    found.push({ type: word, body: bytes.subarray(at + 8, at + 8 + length) });
    at += 8 + length + (word === 15 ? 0 : (8 - (length % 8)) % 8);
  }
  return found;
}

function numbers({ type, body }: Element): Float64Array {
  const view = viewOf(body);
  const readers: Record<number, readonly [number, (at: number) => number]> = {
    1: [1, (at) => view.getInt8(at)],
    2: [1, (at) => view.getUint8(at)],
    3: [2, (at) => view.getInt16(at, true)],
    4: [2, (at) => view.getUint16(at, true)],
    5: [4, (at) => view.getInt32(at, true)],
    6: [4, (at) => view.getUint32(at, true)],
    7: [4, (at) => view.getFloat32(at, true)],
    9: [8, (at) => view.getFloat64(at, true)],
  };
  const [width, read] = readers[type];
  return Float64Array.from({ length: body.length / width }, (_, i) => read(i * width));
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1').replace(/\0.*$/s, '');

function readMatrix(body: Uint8Array): { name: string; value: MatValue } {
  const [flags, dimensions, label, ...rest] = elements(body);
  const kind = viewOf(flags.body).getUint32(0, true) & 0xff;
  const [rows, columns] = numbers(dimensions);
  const name = text(label.body);
  if (kind === 2) {
    const width = numbers(rest[0])[0];
    const names = rest[1].body;
    const fields = new Map<string, MatValue>();
    for (let i = 0; (i + 1) * width <= names.length; i++)
      fields.set(text(names.subarray(i * width, (i + 1) * width)), readMatrix(rest[2 + i].body).value);
    return { name, value: fields };
  }
  return { name, value: kind >= 6 ? { rows, columns, data: numbers(rest[0]) } : null };
}
