import { open } from 'node:fs/promises';
import { constants, inflateSync } from 'node:zlib';
import { InputError } from '../../../core/errors.js';
import { damaged, otherLayout } from '../dataset-error.js';
import { type ByteSource, fileBytes, InflatedBytes } from './byte-source.js';

/** Numbers as the file stores them; 64-bit integers as doubles. */
export type MatNumbers =
  | Float64Array
  | Float32Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** A MATLAB value. `dims` has two members at least; elements are in column-major order. */
export type MatValue =
  | { readonly kind: 'numeric'; readonly dims: readonly number[]; readonly values: MatNumbers }
  /** `text`: the rows, one after the other. */
  | { readonly kind: 'char'; readonly dims: readonly number[]; readonly text: string }
  | { readonly kind: 'cell'; readonly dims: readonly number[]; readonly cells: readonly MatValue[] }
  /** `elements`: the fields of each struct of the array. */
  | {
      readonly kind: 'struct';
      readonly dims: readonly number[];
      readonly elements: readonly ReadonlyMap<string, MatValue>[];
    };

/** Data types of elements. */
const Mi = { int8: 1, utf8: 16, matrix: 14, compressed: 15 } as const;

type NumbersOf = (bytes: Uint8Array<ArrayBuffer>) => MatNumbers;

/** Bytes of a number, and the numbers, by data type; the bytes are in this machine's order. */
const numberTypes: Readonly<Record<number, readonly [bytes: number, of: NumbersOf]>> = {
  1: [1, (b) => new Int8Array(b.buffer)],
  2: [1, (b) => b],
  3: [2, (b) => new Int16Array(b.buffer)],
  4: [2, (b) => new Uint16Array(b.buffer)],
  5: [4, (b) => new Int32Array(b.buffer)],
  6: [4, (b) => new Uint32Array(b.buffer)],
  7: [4, (b) => new Float32Array(b.buffer)],
  9: [8, (b) => new Float64Array(b.buffer)],
  12: [8, (b) => Float64Array.from(new BigInt64Array(b.buffer), Number)],
  13: [8, (b) => Float64Array.from(new BigUint64Array(b.buffer), Number)],
  16: [1, (b) => b],
  17: [2, (b) => new Uint16Array(b.buffer)],
  18: [4, (b) => new Uint32Array(b.buffer)],
};

/** Classes of arrays. */
const Class = {
  cell: 1,
  struct: 2,
  object: 3,
  char: 4,
  sparse: 5,
  numeric: [6, 15],
  function: 16,
  opaque: 17,
} as const;
const COMPLEX = 0x0800;
const HEADER_BYTES = 128;
const isThisMachineLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

interface Entry {
  /** Of the variable's element, tag included. */
  readonly start: number;
  readonly bytes: number;
  readonly isCompressed: boolean;
}

/**
 * A MAT file of version 5 to 7 (MathWorks, MAT-File Format, R2024): its variables by name, each read when it is asked
 * for. Version 7.3 is HDF5 and is refused, as are sparse arrays, complex numbers and objects.
 */
export class Mat5File {
  private constructor(
    readonly path: string,
    private readonly entries: ReadonlyMap<string, Entry>,
    private readonly isLittleEndian: boolean,
  ) {}

  /** Reads the names of the variables and where they are. */
  static async open(path: string): Promise<Mat5File> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const at = async (offset: number, length: number) => {
        const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
        await file.read(bytes, 0, bytes.length, offset);
        return bytes;
      };
      const isLittleEndian = byteOrderOf(await at(0, HEADER_BYTES), path);
      const entries = new Map<string, Entry>();
      for (let start = HEADER_BYTES; start < size; ) {
        const tag = await at(start, 8);
        if (tag.length < 8) throw damaged(path, 'the file was cut short');
        const [type, bytes] = [0, 4].map((o) => (isLittleEndian ? tag.readUInt32LE(o) : tag.readUInt32BE(o)));
        if (start + 8 + bytes > size) throw damaged(path, 'the file was cut short');
        const isCompressed = type === Mi.compressed;
        if (isCompressed || type === Mi.matrix) {
          const head = await at(
            start + (isCompressed ? 8 : 0),
            Math.min(isCompressed ? bytes : 8 + bytes, 4096),
          );
          const source = new MemoryBytes(path, isCompressed ? inflatedHead(head, path) : head);
          const node = await MatNode.read(source, isLittleEndian).catch((cause) => {
            throw named(cause, path);
          });
          if (node) entries.set(node.name, { start, bytes, isCompressed });
        }
        start += 8 + bytes;
      }
      return new Mat5File(path, entries, isLittleEndian);
    } finally {
      await file.close();
    }
  }

  get names(): readonly string[] {
    return [...this.entries.keys()];
  }

  /** A whole variable. Throws `InputError` where there is none of this name. */
  async read(name: string): Promise<MatValue> {
    const { node, close } = await this.enter(name);
    try {
      return await node.read();
    } finally {
      await close();
    }
  }

  /** Opens a variable to go through it piece by piece; `close` ends that. */
  async enter(name: string): Promise<{ readonly node: MatNode; close(): Promise<void> }> {
    const entry = this.entries.get(name);
    if (!entry)
      throw otherLayout(
        this.path,
        `has no variable '${name}' (there are: ${this.names.join(', ') || 'none'})`,
      );
    const source = entry.isCompressed
      ? new InflatedBytes(this.path, entry.start + 8, entry.bytes)
      : await fileBytes(this.path, entry.start);
    try {
      return { node: (await MatNode.read(source, this.isLittleEndian))!, close: () => source.close() };
    } catch (error) {
      await source.close();
      throw error;
    }
  }
}

/** A value that is being read: its head is known, its content comes next in the file. */
export class MatNode {
  private constructor(
    private readonly source: ByteSource,
    private readonly isLittleEndian: boolean,
    private readonly end: number,
    private readonly classOf: number,
    private readonly flags: number,
    readonly dims: readonly number[],
    readonly name: string,
  ) {}

  /** The head of the next element; null for an opaque object, which has none. */
  static async read(source: ByteSource, isLittleEndian: boolean): Promise<MatNode | null> {
    const { type, bytes } = await tagOf(source, isLittleEndian);
    if (type !== Mi.matrix)
      throw damaged(source.path, `an array is expected, there is an element of type ${type}`);
    const end = source.position + bytes;
    const make = (classOf: number, flags: number, dims: readonly number[], name: string) =>
      new MatNode(source, isLittleEndian, end, classOf, flags, dims, name);
    // MATLAB writes an empty array in a cell or struct without anything.
    if (bytes === 0) return make(Class.numeric[0], 0, [0, 0], '');
    const [flags] = await numbersOf(source, isLittleEndian);
    const classOf = flags & 0xff;
    if (classOf === Class.opaque) return null;
    const dims = [...(await numbersOf(source, isLittleEndian))];
    const name = String.fromCharCode(...(await numbersOf(source, isLittleEndian)));
    return make(classOf, flags, dims, name);
  }

  get size(): number {
    return this.dims.reduce((product, n) => product * n, 1);
  }

  /**
   * Cells in order, or for each struct its fields in order. Each is to be read, entered or left before the next one is
   * asked for; what is left is skipped.
   */
  async *children(): AsyncGenerator<{
    readonly field: string;
    readonly index: number;
    readonly node: MatNode;
  }> {
    const fields = this.classOf === Class.struct ? await this.#fieldNames() : [''];
    if (this.classOf !== Class.struct && this.classOf !== Class.cell)
      throw otherLayout(this.source.path, `'${this.name}' is neither a struct nor a cell array`);
    for (let index = 0; fields.length > 0 && index < this.size; index++)
      for (const field of fields) {
        if (this.source.position >= this.end)
          throw damaged(this.source.path, `'${this.name}' has fewer elements than ${this.dims.join(' x ')}`);
        const node = await MatNode.read(this.source, this.isLittleEndian);
        if (!node)
          throw otherLayout(this.source.path, `holds an object of MATLAB's in '${field || this.name}'`);
        if (node.end > this.end)
          throw damaged(this.source.path, `'${field || this.name}' is longer than what holds it`);
        yield { field, index, node };
        await this.source.skip(node.end - this.source.position);
      }
  }

  /** The whole value. */
  async read(): Promise<MatValue> {
    try {
      return await this.#value();
    } catch (cause) {
      throw named(cause, this.source.path);
    }
  }

  async #value(): Promise<MatValue> {
    const { dims, classOf, source } = this;
    const place = this.name ? ` in '${this.name}'` : '';
    if (classOf === Class.cell) {
      const cells: MatValue[] = [];
      for await (const { node } of this.children()) cells.push(await node.read());
      return { kind: 'cell', dims, cells };
    }
    if (classOf === Class.struct) {
      const elements: Map<string, MatValue>[] = [];
      for await (const { field, index, node } of this.children()) {
        elements[index] ??= new Map();
        elements[index].set(field, await node.read());
      }
      return { kind: 'struct', dims, elements };
    }
    if (classOf === Class.char) {
      const text = this.end > source.position ? await textOf(source, this.isLittleEndian) : '';
      // A spoilt shape may be larger than any memory.
      const most = Math.max(dims[0], this.size);
      if (dims[0] > 1 && most > text.length)
        throw damaged(source.path, `a text of ${dims.join(' x ')} has ${text.length} letters`);
      return { kind: 'char', dims, text: rowsOf(text, dims) };
    }
    if (classOf === Class.sparse)
      throw otherLayout(source.path, `holds a sparse array${place}`, 'save it as full()');
    if (classOf < Class.numeric[0] || classOf > Class.numeric[1])
      throw otherLayout(source.path, `holds an object of MATLAB's${place}`);
    if (this.flags & COMPLEX) throw otherLayout(source.path, `holds complex numbers${place}`);
    const values = this.size === 0 ? new Float64Array(0) : await numbersOf(source, this.isLittleEndian);
    if (values.length !== this.size)
      throw damaged(source.path, `an array of ${dims.join(' x ')} has ${values.length} elements`);
    return { kind: 'numeric', dims, values };
  }

  async #fieldNames(): Promise<string[]> {
    const [length] = await numbersOf(this.source, this.isLittleEndian);
    const names = String.fromCharCode(...(await numbersOf(this.source, this.isLittleEndian)));
    if (!Number.isInteger(length) || length < 1)
      throw damaged(this.source.path, `the fields of '${this.name}' have no names`);
    return Array.from(
      { length: names.length / length },
      (_, i) => names.slice(i * length, (i + 1) * length).split('\0', 1)[0],
    );
  }
}

/** Whether the file is little-endian. Throws with the mend where it is of another version. */
function byteOrderOf(header: Buffer, path: string): boolean {
  const text = header.toString('latin1');
  if (text.startsWith('MATLAB 7.3') || text.startsWith('\x89HDF'))
    throw otherLayout(path, 'is a MAT file of version 7.3 (HDF5)', "save it with `save('-v7', ...)`");
  const order = text.slice(126, 128);
  if (header.length < HEADER_BYTES || (order !== 'IM' && order !== 'MI'))
    throw damaged(path, 'not a MAT file of version 5 to 7');
  return order === 'IM';
}

/** The first bytes that a compressed element unpacks to. */
function inflatedHead(packed: Buffer, path: string): Buffer {
  try {
    return inflateSync(packed, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (cause) {
    throw damaged(path, "a compressed variable can't be unpacked", cause);
  }
}

/** Bytes that are in memory. */
class MemoryBytes implements ByteSource {
  position = 0;

  constructor(
    readonly path: string,
    private readonly bytes: Buffer,
  ) {}

  async read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.position + length > this.bytes.length)
      throw damaged(this.path, 'the head of a variable is broken');
    this.position += length;
    return Uint8Array.from(this.bytes.subarray(this.position - length, this.position));
  }

  async skip(length: number): Promise<void> {
    this.position += length;
  }

  async close(): Promise<void> {}
}

/** What only a spoilt file leads to (a length beyond all memory, a letter that is none) as an error that names it. */
function named(cause: unknown, path: string): InputError {
  return cause instanceof InputError ? cause : damaged(path, 'its data is broken', cause);
}

interface Tag {
  readonly type: number;
  readonly bytes: number;
  /** Where the element is so small that its data is in the tag. */
  readonly data: Uint8Array<ArrayBuffer> | null;
}

async function tagOf(source: ByteSource, isLittleEndian: boolean): Promise<Tag> {
  const tag = await source.read(8);
  const view = new DataView(tag.buffer);
  const first = view.getUint32(0, isLittleEndian);
  const inTag = first >>> 16;
  if (inTag > 4) throw damaged(source.path, 'an element of its data is broken');
  if (inTag > 0) return { type: first & 0xffff, bytes: inTag, data: tag.slice(4, 4 + inTag) };
  return { type: first, bytes: view.getUint32(4, isLittleEndian), data: null };
}

async function contentOf(
  source: ByteSource,
  isLittleEndian: boolean,
): Promise<{ type: number; content: Uint8Array<ArrayBuffer> }> {
  const { type, bytes, data } = await tagOf(source, isLittleEndian);
  const [width] = numberTypes[type] ?? [0];
  if (width === 0 || bytes % width !== 0) throw damaged(source.path, `an element of type ${type} is broken`);
  const content = data ?? (await source.read(bytes));
  if (!data) await source.skip((8 - (bytes % 8)) % 8);
  if (isLittleEndian !== isThisMachineLittleEndian) reverseEach(content, width);
  return { type, content };
}

async function numbersOf(source: ByteSource, isLittleEndian: boolean): Promise<MatNumbers> {
  const { type, content } = await contentOf(source, isLittleEndian);
  return numberTypes[type][1](content);
}

async function textOf(source: ByteSource, isLittleEndian: boolean): Promise<string> {
  const { type, content } = await contentOf(source, isLittleEndian);
  if (type === Mi.utf8) return new TextDecoder().decode(content);
  let text = '';
  for (const code of numberTypes[type][1](content)) text += String.fromCodePoint(code);
  return text;
}

function reverseEach(bytes: Uint8Array, width: number): void {
  for (let at = 0; width > 1 && at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

/** The characters of a matrix, which are stored column by column, row by row. */
function rowsOf(text: string, [rows, columns]: readonly number[]): string {
  if (rows <= 1) return text;
  const letters = [...text];
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => letters[c * rows + r]).join(''),
  ).join('');
}
