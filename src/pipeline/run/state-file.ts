import { createHash } from 'node:crypto';
import { InputError } from '../../core/errors.js';

/** What a file of state begins with: its kind and the version of its layout. */
const MAGIC = 'affectd-state 1\n';
const DIGEST_BYTES = 32;
const LENGTH_BYTES = 4;
const HEAD_BYTES = MAGIC.length + DIGEST_BYTES + LENGTH_BYTES;
/** Arrays begin at multiples of this, so that they can be read in place. */
const ALIGNMENT = 8;
/** The key that tells what JSON has no word for. */
const MARK = '$';

const arrays = {
  f64: Float64Array,
  f32: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  i16: Int16Array,
  u16: Uint16Array,
  i8: Int8Array,
  u8: Uint8Array,
} as const;
type ArrayKind = keyof typeof arrays;
type TypedArray = InstanceType<(typeof arrays)[ArrayKind]>;

const numbers = new Map<string, number>([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

/**
 * State (`Stateful`) as the bytes of a file, to the last bit: a line that tells the kind, the SHA-256 of what follows, the
 * length of a JSON text (little-endian, 4 bytes), that text in UTF-8, and the typed arrays that it refers to, little-endian.
 * In the text `{"$": ...}` is what JSON can't hold: `NaN`, infinities, -0, undefined, an array by its kind, place and
 * length, a map, and an object that has a key `$` itself, by their entries.
 *
 * Throws `TypeError` for what is no plain data, with its place.
 */
export function encodeState(state: unknown): Uint8Array {
  const found: { readonly at: number; readonly array: TypedArray }[] = [];
  let end = 0;
  const place = (kind: ArrayKind, array: TypedArray): object => {
    const at = end;
    found.push({ at, array });
    end += Math.ceil(array.byteLength / ALIGNMENT) * ALIGNMENT;
    return { [MARK]: kind, at, length: array.length };
  };
  const text = new TextEncoder().encode(JSON.stringify(plain(state, 'state', place)));
  const arraysAt = Math.ceil((HEAD_BYTES + text.length) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(arraysAt + end);
  bytes.set(new TextEncoder().encode(MAGIC));
  new DataView(bytes.buffer).setUint32(MAGIC.length + DIGEST_BYTES, text.length, true);
  bytes.set(text, HEAD_BYTES);
  for (const { at, array } of found)
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), arraysAt + at);
  bytes.set(digestOf(bytes), MAGIC.length);
  return bytes;
}

/** What {@link encodeState} was given. Throws {@link InputError} for bytes that are no whole state. */
export function decodeState(bytes: Uint8Array): unknown {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, MAGIC.length));
  if (head !== MAGIC)
    throw new InputError(
      'state-unreadable',
      head.startsWith('affectd-state ')
        ? 'the state was stored by another version of affectd; begin the session anew'
        : 'this is no stored state of affectd',
    );
  const digest = bytes.subarray(MAGIC.length, MAGIC.length + DIGEST_BYTES);
  const whole = bytes.length >= HEAD_BYTES && digestOf(bytes).every((byte, i) => byte === digest[i]);
  if (!whole) throw damaged();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(MAGIC.length + DIGEST_BYTES, true);
  const text = new TextDecoder().decode(bytes.subarray(HEAD_BYTES, HEAD_BYTES + length));
  const arraysAt = Math.ceil((HEAD_BYTES + length) / ALIGNMENT) * ALIGNMENT;
  try {
    return restored(JSON.parse(text) as unknown, (kind, at, count) => {
      const from = arraysAt + at;
      const end = from + count * arrays[kind].BYTES_PER_ELEMENT;
      // Before the array takes memory; false for what is no number, too.
      if (!(at >= 0 && count >= 0 && end <= bytes.length)) throw damaged();
      const array = new arrays[kind](count);
      new Uint8Array(array.buffer).set(bytes.subarray(from, end));
      return array;
    });
  } catch (cause) {
    // The digest was right, yet what was sealed is none of ours.
    throw damaged(cause);
  }
}

const damaged = (cause?: unknown) =>
  new InputError('state-unreadable', 'the stored state is damaged or cut short; begin the session anew', {
    cause,
  });

function digestOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256')
    .update(bytes.subarray(MAGIC.length + DIGEST_BYTES))
    .digest();
}

function plain(value: unknown, path: string, place: (kind: ArrayKind, array: TypedArray) => object): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (value === undefined) return { [MARK]: 'undefined' };
  if (typeof value === 'number') {
    const isPlain = Number.isFinite(value) && !Object.is(value, -0);
    return isPlain ? value : { [MARK]: Object.is(value, -0) ? '-0' : String(value) };
  }
  if (Array.isArray(value)) return value.map((item, i) => plain(item, `${path}[${i}]`, place));
  if (ArrayBuffer.isView(value)) {
    const kind = Object.entries(arrays).find(([, type]) => value.constructor === type)?.[0];
    if (kind) return place(kind as ArrayKind, value as TypedArray);
  } else if (value instanceof Map) {
    const entries = [...value].map(([key, own]) => [
      plain(key, `a key of ${path}`, place),
      plain(own, `${path}(${String(key)})`, place),
    ]);
    return { [MARK]: 'map', entries };
  } else if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    const entries = Object.entries(value).map(([key, own]) => [key, plain(own, `${path}.${key}`, place)]);
    return MARK in value ? { [MARK]: 'object', entries } : Object.fromEntries(entries);
  }
  const what = typeof value === 'object' ? value.constructor.name : typeof value;
  throw new TypeError(`${path} is no plain data but a ${what}`);
}

function restored(
  value: unknown,
  read: (kind: ArrayKind, at: number, length: number) => TypedArray,
): unknown {
  if (Array.isArray(value)) return value.map((item) => restored(item, read));
  if (value === null || typeof value !== 'object') return value;
  const { [MARK]: mark, ...own } = value as Record<string, unknown>;
  if (mark === undefined)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, restored(v, read)]));
  if (mark === 'undefined') return undefined;
  if (mark === 'object')
    return Object.fromEntries((own.entries as [string, unknown][]).map(([k, v]) => [k, restored(v, read)]));
  if (mark === 'map')
    return new Map(
      (own.entries as [unknown, unknown][]).map(([k, v]) => [restored(k, read), restored(v, read)]),
    );
  const number = numbers.get(mark as string);
  return number ?? read(mark as ArrayKind, own.at as number, own.length as number);
}
