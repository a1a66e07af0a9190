import { InputError } from '../../../core/errors.js';
import { damaged } from '../dataset-error.js';
import { NdArray } from './nd-array.js';

/**
 * What a pickle of data holds. Python 2's `str`, which NumPy keeps its numbers in, is bytes, as `bytes` is; as the key
 * of a dictionary it is text.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | NdArray
  | ObjectArray
  | readonly PickleValue[]
  | ReadonlyMap<PickleValue, PickleValue>;

/** A NumPy array of Python objects. */
export class ObjectArray {
  constructor(
    readonly dims: readonly number[],
    readonly values: readonly PickleValue[],
  ) {}
}

/** A name that the pickle would have Python import. It is never run: {@link reductions} knows what a few of them mean. */
class Global {
  constructor(readonly name: string) {}
}

/** A NumPy type, and later its byte order. */
class DataType {
  order = '';
  constructor(readonly code: string) {}
}

/** A NumPy array before its state is set. */
class UnbuiltArray {
  array: NdArray | ObjectArray | null = null;
}

const MARK = Symbol('mark');

type Item = PickleValue | Global | DataType | UnbuiltArray | typeof MARK | Item[] | Map<Item, Item>;

/** What calls of known names give, computed here; all others are refused. */
const reductions: Readonly<Record<string, (args: readonly Item[], path: string) => Item>> = {
  'numpy.core.multiarray _reconstruct': () => new UnbuiltArray(),
  'numpy._core.multiarray _reconstruct': () => new UnbuiltArray(),
  'numpy.core.numeric _frombuffer': fromBuffer,
  'numpy._core.numeric _frombuffer': fromBuffer,
  'numpy dtype': ([code]) => new DataType(textOf(code)),
  'numpy.core.multiarray scalar': scalar,
  'numpy._core.multiarray scalar': scalar,
  '_codecs encode': ([text]) => Buffer.from(textOf(text), 'latin1'),
  'collections OrderedDict': () => new Map<Item, Item>(),
  '__builtin__ bytearray': bytesOf,
  'builtins bytearray': bytesOf,
  '__builtin__ bytes': bytesOf,
  'builtins bytes': bytesOf,
};

/**
 * Reads a pickle of protocols 0 to 5 that holds plain data and NumPy arrays, as Python 2 or 3 wrote it
 * (https://docs.python.org/3/library/pickletools.html). Nothing of it is executed: calls of anything but NumPy's and
 * Python's own constructors of data are refused.
 *
 * @param path file, for errors
 */
export function readPickle(bytes: Uint8Array, path: string): PickleValue {
  try {
    return new PickleReader(bytes, path).read();
  } catch (cause) {
    // A number that is none, a list that holds itself: whatever it is, it is no data.
    throw cause instanceof InputError ? cause : damaged(path, 'not a pickle of plain data', cause);
  }
}

class PickleReader {
  readonly #bytes: Buffer;
  #at = 0;
  #stack: Item[] = [];
  readonly #memo = new Map<number, Item>();

  constructor(
    bytes: Uint8Array,
    private readonly path: string,
  ) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): PickleValue {
    for (;;) {
      const code = this.#take(1)[0];
      if (code === 0x2e) return this.#finished(this.#pop());
      this.#step(code);
    }
  }

  #step(code: number): void {
    const stack = this.#stack;
    switch (code) {
      case 0x80: // PROTO
        this.#take(1);
        return;
      case 0x95: // FRAME
        this.#take(8);
        return;
      case 0x28: // MARK
        stack.push(MARK);
        return;
      case 0x30: // POP
        this.#pop();
        return;
      case 0x31: // POP_MARK
        this.#sinceMark();
        return;
      case 0x32: // DUP
        stack.push(this.#top());
        return;
      case 0x4e: // NONE
        stack.push(null);
        return;
      case 0x88: // NEWTRUE
        stack.push(true);
        return;
      case 0x89: // NEWFALSE
        stack.push(false);
        return;
      case 0x49: // INT
        stack.push(this.#decimal());
        return;
      case 0x4a: // BININT
        stack.push(this.#take(4).readInt32LE());
        return;
      case 0x4b: // BININT1
        stack.push(this.#take(1)[0]);
        return;
      case 0x4d: // BININT2
        stack.push(this.#take(2).readUInt16LE());
        return;
      case 0x4c: // LONG
        stack.push(this.#decimal());
        return;
      case 0x8a: // LONG1
        stack.push(longOf(this.#take(this.#take(1)[0])));
        return;
      case 0x8b: // LONG4
        stack.push(longOf(this.#take(this.#take(4).readInt32LE())));
        return;
      case 0x46: // FLOAT
        stack.push(Number(this.#line()));
        return;
      case 0x47: // BINFLOAT
        stack.push(this.#take(8).readDoubleBE());
        return;
      case 0x53: // STRING
        stack.push(unescaped(this.#line()));
        return;
      case 0x54: // BINSTRING
      case 0x42: // BINBYTES
        stack.push(this.#take(this.#take(4).readUInt32LE()));
        return;
      case 0x55: // SHORT_BINSTRING
      case 0x43: // SHORT_BINBYTES
        stack.push(this.#take(this.#take(1)[0]));
        return;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        stack.push(this.#take(this.#length8()));
        return;
      case 0x56: // UNICODE
        stack.push(unescapedUnicode(this.#line()));
        return;
      case 0x58: // BINUNICODE
        stack.push(this.#take(this.#take(4).readUInt32LE()).toString('utf8'));
        return;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(this.#take(this.#take(1)[0]).toString('utf8'));
        return;
      case 0x8d: // BINUNICODE8
        stack.push(this.#take(this.#length8()).toString('utf8'));
        return;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
      case 0x8f: // EMPTY_SET
        stack.push([]);
        return;
      case 0x61: // APPEND
        this.#extend([this.#pop()]);
        return;
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        this.#extend(this.#sinceMark());
        return;
      case 0x6c: // LIST
      case 0x74: // TUPLE
      case 0x91: // FROZENSET
        stack.push(this.#sinceMark());
        return;
      case 0x85: // TUPLE1
        stack.push([this.#pop()]);
        return;
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(this.#popMany(code - 0x84));
        return;
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        return;
      case 0x64: // DICT
        stack.push(new Map());
        this.#setItems(this.#sinceMark(1));
        return;
      case 0x73: // SETITEM
        this.#setItems(this.#popMany(2));
        return;
      case 0x75: // SETITEMS
        this.#setItems(this.#sinceMark());
        return;
      case 0x63: // GLOBAL
        stack.push(new Global(`${this.#line()} ${this.#line()}`));
        return;
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2);
        stack.push(new Global(`${textOf(module)} ${textOf(name)}`));
        return;
      }
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        this.#reduce();
        return;
      case 0x62: // BUILD
        this.#build();
        return;
      case 0x70: // PUT
        this.#memo.set(Number(this.#line()), this.#top());
        return;
      case 0x71: // BINPUT
        this.#memo.set(this.#take(1)[0], this.#top());
        return;
      case 0x72: // LONG_BINPUT
        this.#memo.set(this.#take(4).readUInt32LE(), this.#top());
        return;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case 0x67: // GET
        stack.push(this.#remembered(Number(this.#line())));
        return;
      case 0x68: // BINGET
        stack.push(this.#remembered(this.#take(1)[0]));
        return;
      case 0x6a: // LONG_BINGET
        stack.push(this.#remembered(this.#take(4).readUInt32LE()));
        return;
      default:
        throw damaged(this.path, `not a pickle of plain data (code ${code} at byte ${this.#at - 1})`);
    }
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw damaged(this.path, 'the pickle was cut short');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw damaged(this.path, 'the pickle was cut short');
    const line = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return line;
  }

  #length8(): number {
    return Number(this.#take(8).readBigUInt64LE());
  }

  #decimal(): Item {
    const text = this.#line().replace(/L$/, '');
    if (text === '00' || text === '01') return text === '01';
    const value = Number(text);
    return Number.isSafeInteger(value) ? value : BigInt(text);
  }

  #pop(): Item {
    if (this.#stack.length === 0) throw damaged(this.path, 'not a pickle');
    return this.#stack.pop()!;
  }

  #popMany(count: number): Item[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #top(): Item {
    const item = this.#pop();
    this.#stack.push(item);
    return item;
  }

  /** What was pushed since the last mark. `below`: items that were pushed after it and stay. */
  #sinceMark(below = 0): Item[] {
    const kept = this.#popMany(below);
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw damaged(this.path, 'not a pickle');
    const items = this.#stack.splice(mark);
    this.#stack.push(...kept);
    return items.slice(1);
  }

  #extend(items: readonly Item[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw damaged(this.path, 'not a pickle');
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly Item[]): void {
    const map = this.#top();
    if (!(map instanceof Map)) throw damaged(this.path, 'not a pickle of plain data');
    for (let i = 0; i + 1 < items.length; i += 2) {
      const key = items[i];
      map.set(key instanceof Uint8Array ? textOf(key) : key, items[i + 1]);
    }
  }

  #remembered(index: number): Item {
    const item = this.#memo.get(index);
    if (item === undefined) throw damaged(this.path, 'not a pickle');
    return item;
  }

  #reduce(): void {
    const [called, args] = this.#popMany(2);
    const reduction = called instanceof Global ? reductions[called.name] : undefined;
    if (!reduction || !Array.isArray(args))
      throw damaged(
        this.path,
        `holds a Python object (${called instanceof Global ? called.name.replace(' ', '.') : 'of no name'}), not plain data; nothing of it was run`,
      );
    this.#stack.push(reduction(args, this.path));
  }

  #build(): void {
    const state = this.#pop();
    const built = this.#top();
    if (!Array.isArray(state)) throw damaged(this.path, 'holds a Python object, not plain data');
    if (built instanceof DataType) built.order = state[1] === null ? '' : textOf(state[1]);
    else if (built instanceof UnbuiltArray) {
      const [, dims, type, isFortran, content] = state;
      if (!(type instanceof DataType) || !Array.isArray(dims)) throw damaged(this.path, 'not a NumPy array');
      const shape = dims.map(Number);
      built.array = Array.isArray(content)
        ? new ObjectArray(
            shape,
            content.map((item) => this.#finished(item)),
          )
        : new NdArray(
            shape,
            dtypeOf(type),
            bytesOf([content]),
            isFortran === true || isFortran === 1,
            this.path,
          );
    } else throw damaged(this.path, 'holds a Python object, not plain data');
  }

  /** The value without what only a pickle has. */
  #finished(item: Item): PickleValue {
    if (item instanceof UnbuiltArray) {
      if (item.array) return item.array;
      throw damaged(this.path, 'holds an array without numbers');
    }
    if (item instanceof Global || item instanceof DataType || item === MARK)
      throw damaged(this.path, 'holds a Python object, not plain data');
    if (Array.isArray(item)) return item.map((one) => this.#finished(one as Item));
    if (item instanceof Map)
      return new Map([...item].map(([key, value]) => [this.#finished(key), this.#finished(value)]));
    return item as PickleValue;
  }
}

function dtypeOf({ order, code }: DataType): string {
  return `${order}${code}`;
}

function scalar([type, content]: readonly Item[], path: string): Item {
  if (!(type instanceof DataType)) throw damaged(path, 'not a NumPy number');
  return new NdArray([], dtypeOf(type), bytesOf([content]), false, path).numbers()[0];
}

function fromBuffer([content, type, dims, order]: readonly Item[], path: string): Item {
  if (!(type instanceof DataType) || !Array.isArray(dims)) throw damaged(path, 'not a NumPy array');
  return new NdArray(dims.map(Number), dtypeOf(type), bytesOf([content]), textOf(order) === 'F', path);
}

function bytesOf([content]: readonly Item[]): Uint8Array {
  if (content === undefined) return new Uint8Array(0);
  if (Array.isArray(content)) return Uint8Array.from(content.map(Number));
  return content instanceof Uint8Array ? content : Buffer.from(textOf(content), 'latin1');
}

function textOf(item: Item | undefined): string {
  if (item instanceof Uint8Array) return Buffer.from(item).toString('latin1');
  return typeof item === 'string' ? item : String(item);
}

/** Two's complement, least significant byte first. */
function longOf(bytes: Buffer): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  if (bytes.length > 0 && bytes[bytes.length - 1] >= 0x80) value -= 1n << BigInt(8 * bytes.length);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The bytes that Python's `repr` of a string means. */
function unescaped(repr: string): Uint8Array {
  const names: Readonly<Record<string, string>> = {
    n: '\n',
    r: '\r',
    t: '\t',
    '\\': '\\',
    "'": "'",
    '"': '"',
  };
  const text = repr
    .slice(1, -1)
    .replace(/\\(x[0-9a-f]{2}|.)/g, (_, code: string) =>
      code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (names[code] ?? code),
    );
  return Buffer.from(text, 'latin1');
}

/** Python's `raw-unicode-escape`: Latin-1, and all else by number. */
function unescapedUnicode(line: string): string {
  return line.replace(/\\(?:u([0-9a-f]{4})|U([0-9a-f]{8}))/gi, (_, four?: string, eight?: string) =>
    String.fromCodePoint(Number.parseInt(four ?? eight!, 16)),
  );
}
