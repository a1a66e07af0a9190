import { writeFileSync } from 'node:fs';

/** What a MAT file can hold, as far as data sets use it. */
export type MatData =
  | { readonly dims: readonly number[]; readonly values: Float64Array | Float32Array }
  | { readonly cells: readonly MatData[]; readonly isColumn?: boolean }
  | { readonly fields: Readonly<Record<string, MatData>> }
  | string;

/** Numbers [rows, columns] from a function of both. */
export function matrix(
  rows: number,
  columns: number,
  value: (row: number, column: number) => number,
): MatData {
  const values = new Float64Array(rows * columns);
  for (let c = 0; c < columns; c++) for (let r = 0; r < rows; r++) values[c * rows + r] = value(r, c);
  return { dims: [rows, columns], values };
}

/** Writes a MAT file of version 5, as `scipy.io.savemat` without compression does. Cells are 1 x n unless they say otherwise. */
export function writeMat5(path: string, variables: Readonly<Record<string, MatData>>): void {
  const head = Buffer.alloc(128, ' ');
  head.write('MATLAB 5.0 MAT-file');
  head.writeUInt16LE(0x0100, 124);
  head.write('IM', 126);
  writeFileSync(
    path,
    Buffer.concat([head, ...Object.entries(variables).map(([name, data]) => array(name, data))]),
  );
}

const tags = { int8: 1, uint16: 4, int32: 5, uint32: 6, single: 7, double: 9, matrix: 14 } as const;
const classes = { cell: 1, struct: 2, char: 4, double: 6, single: 7 } as const;

function element(tag: number, content: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(tag, 0);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc((8 - (content.length % 8)) % 8)]);
}

function int32(...values: number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function array(name: string, data: MatData): Buffer {
  const { kind, dims, content } = partsOf(data);
  return element(
    tags.matrix,
    Buffer.concat([
      element(tags.uint32, int32(kind, 0)),
      element(tags.int32, int32(...dims)),
      element(tags.int8, Buffer.from(name, 'latin1')),
      ...content,
    ]),
  );
}

function partsOf(data: MatData): { kind: number; dims: readonly number[]; content: Buffer[] } {
  if (typeof data === 'string') {
    const content = [element(tags.uint16, Buffer.from(data, 'utf16le'))];
    return { kind: classes.char, dims: [1, data.length], content };
  }
  if ('cells' in data) {
    const { cells, isColumn = false } = data;
    const dims = isColumn ? [cells.length, 1] : [1, cells.length];
    return { kind: classes.cell, dims, content: cells.map((cell) => array('', cell)) };
  }
  if ('fields' in data) {
    const names = Object.keys(data.fields);
    const width = Math.max(...names.map((name) => name.length)) + 1;
    const list = Buffer.concat(names.map((name) => Buffer.concat([Buffer.from(name, 'latin1')], width)));
    const content = [
      element(tags.int32, int32(width)),
      element(tags.int8, list),
      ...Object.values(data.fields).map((field) => array('', field)),
    ];
    return { kind: classes.struct, dims: [1, 1], content };
  }
  const { dims, values } = data;
  const name = values instanceof Float32Array ? 'single' : 'double';
  return { kind: classes[name], dims, content: [element(tags[name], bytesOf(values))] };
}
