import { damaged } from '../dataset-error.js';
import { NdArray } from './nd-array.js';
import { ObjectArray, type PickleValue, readPickle } from './pickle.js';
import { readZip } from './zip.js';

/** What an array file holds: numbers, Python objects, or bytes (NumPy's `S`). */
export type NpyValue = NdArray | ObjectArray | Uint8Array;

/**
 * Reads NumPy's array file, versions 1 to 3
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 *
 * @param path file, for errors
 */
export function readNpy(bytes: Buffer, path: string): NpyValue {
  if (bytes.length < 12 || bytes.toString('latin1', 0, 6) !== '\x93NUMPY')
    throw damaged(path, 'not an array file of NumPy');
  const isLong = bytes[6] > 1;
  const length = isLong ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8);
  const start = (isLong ? 12 : 10) + length;
  const header = bytes.toString('latin1', isLong ? 12 : 10, start);
  const dtype = /'descr':\s*'([^']+)'/.exec(header)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (bytes.length < start || dtype === undefined || shape === undefined)
    throw damaged(path, 'the header of its array is cut or not known');
  const isFortran = /'fortran_order':\s*True/.test(header);
  const dims = shape.split(',').flatMap((n) => (n.trim() === '' ? [] : [Number(n)]));
  const content = bytes.subarray(start);
  if (dtype === '|O') return objectsOf(readPickle(content, path), path);
  if (/^\|S\d+$/.test(dtype)) return content;
  return new NdArray(dims, dtype, content, isFortran, path);
}

/** The arrays of an `.npz` archive by name, each read when it is asked for. */
export function readNpz(bytes: Buffer, path: string): ReadonlyMap<string, () => NpyValue> {
  return new Map(
    [...readZip(bytes, path)].map(([name, unpack]) => [
      name.replace(/\.npy$/, ''),
      () => readNpy(unpack(), path),
    ]),
  );
}

/** The array `name` of an archive; throws where there is none. */
export function arrayNamed(
  archive: ReadonlyMap<string, () => NpyValue>,
  name: string,
  path: string,
): NpyValue {
  const read = archive.get(name);
  if (!read) throw damaged(path, `has no array '${name}'`);
  return read();
}

/** What was pickled to bytes, and the bytes kept as an array: `np.savez(..., data=pickle.dumps(x))`. */
export function pickledIn(value: NpyValue, path: string): PickleValue {
  if (value instanceof Uint8Array) return readPickle(value, path);
  if (value instanceof NdArray) return readPickle(Uint8Array.from(value.numbers()), path);
  const [only] = value.values;
  if (value.values.length !== 1) throw damaged(path, 'holds several objects where one is expected');
  return only instanceof Uint8Array ? readPickle(only, path) : only;
}

function objectsOf(value: PickleValue, path: string): ObjectArray {
  if (value instanceof ObjectArray) return value;
  throw damaged(path, 'its objects are no array');
}
