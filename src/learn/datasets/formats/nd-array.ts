import { damaged } from '../dataset-error.js';

interface NumberKind {
  readonly bytes: number;
  read(view: DataView, at: number, isLittleEndian: boolean): number;
}

/** NumPy's kinds of numbers, by the letter and the size of a dtype. */
const kinds: Readonly<Record<string, NumberKind>> = {
  f8: { bytes: 8, read: (v, at, le) => v.getFloat64(at, le) },
  f4: { bytes: 4, read: (v, at, le) => v.getFloat32(at, le) },
  i8: { bytes: 8, read: (v, at, le) => Number(v.getBigInt64(at, le)) },
  i4: { bytes: 4, read: (v, at, le) => v.getInt32(at, le) },
  i2: { bytes: 2, read: (v, at, le) => v.getInt16(at, le) },
  i1: { bytes: 1, read: (v, at) => v.getInt8(at) },
  u8: { bytes: 8, read: (v, at, le) => Number(v.getBigUint64(at, le)) },
  u4: { bytes: 4, read: (v, at, le) => v.getUint32(at, le) },
  u2: { bytes: 2, read: (v, at, le) => v.getUint16(at, le) },
  u1: { bytes: 1, read: (v, at) => v.getUint8(at) },
  b1: { bytes: 1, read: (v, at) => v.getUint8(at) },
};

/** A NumPy array of numbers, decoded where it is asked for: the bytes stay where they were read. */
export class NdArray {
  readonly dims: readonly number[];
  /** Elements. */
  readonly size: number;
  readonly #kind: NumberKind;
  readonly #isLittleEndian: boolean;
  readonly #view: DataView;
  readonly #isFortran: boolean;

  /**
   * @param dtype as NumPy writes it: `<f8`, `|u1`, `=i4`
   * @param isFortran whether the first index runs fastest
   * @param path file, for errors
   */
  constructor(dims: readonly number[], dtype: string, bytes: Uint8Array, isFortran: boolean, path: string) {
    const match = /^([<>|=]?)([a-z]\d+)$/.exec(dtype);
    const kind = match ? kinds[match[2]] : undefined;
    if (!match || !kind) throw damaged(path, `holds an array of '${dtype}', which are no plain numbers`);
    this.dims = dims;
    this.size = dims.reduce((product, n) => product * n, 1);
    if (bytes.byteLength !== this.size * kind.bytes)
      throw damaged(path, `an array of ${dims.join(' x ')} has ${bytes.byteLength} bytes`);
    this.#kind = kind;
    this.#isLittleEndian = match[1] !== '>';
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#isFortran = isFortran && dims.filter((n) => n > 1).length > 1;
  }

  /** `count` elements from element `from`, the last index running fastest. */
  numbers(from = 0, count = this.size - from): Float64Array {
    const { read, bytes } = this.#kind;
    const out = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const at = this.#isFortran ? this.#fortranIndex(from + i) : from + i;
      out[i] = read(this.#view, at * bytes, this.#isLittleEndian);
    }
    return out;
  }

  #fortranIndex(index: number): number {
    let rest = index;
    let place = 0;
    let step = this.size;
    for (let d = this.dims.length - 1; d >= 0; d--) {
      const n = this.dims[d];
      step /= n;
      place += (rest % n) * step;
      rest = Math.floor(rest / n);
    }
    return place;
  }
}
