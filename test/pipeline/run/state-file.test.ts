import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.js';
import { Random } from '../../../src/core/random.js';
import { decodeState, encodeState } from '../../../src/pipeline/run/state-file.js';

/** A file that holds `text`, sealed as ours are. */
function sealed(text: string): Uint8Array {
  const head = Buffer.alloc(16 + 32 + 4);
  head.write('affectd-state 1\n');
  head.writeUInt32LE(text.length, 48);
  const bytes = Buffer.concat([head, Buffer.from(text)]);
  createHash('sha256').update(bytes.subarray(48)).digest().copy(bytes, 16); // biome-ignore format: one line
  return bytes;
}

const there = (state: unknown): unknown => decodeState(encodeState(state));

describe('a state file', () => {
  it('keeps what JSON loses', () => {
    const state = {
      numbers: [Number.NaN, Infinity, -Infinity, -0, 0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2],
      nothing: [null, undefined],
      text: ['', 'µV', '\ud800', '{"$":"NaN"}', 'constructor'],
    };
    const back = there(state) as typeof state;
    expect(back).toStrictEqual(state);
    for (const [i, x] of state.numbers.entries()) expect(Object.is(back.numbers[i], x)).toBe(true);
  });

  it('keeps keys that mean something to JSON, to JavaScript, or to the file itself', () => {
    const state = {
      $: 'f64',
      of: { $: { $: 'NaN' }, at: 0, length: 1 },
      ...Object.fromEntries([
        ['__proto__', 1],
        ['constructor', 2],
      ]),
    };
    expect(there(state)).toStrictEqual(state);
    expect(Object.keys(there(state) as object)).toEqual(['$', 'of', '__proto__', 'constructor']);
  });

  it('keeps maps in their order, with keys of any kind', () => {
    const map = new Map<unknown, unknown>([
      ['constructor', new Map([[-0, Number.NaN]])],
      [2, undefined],
      ['', new Float64Array(1)],
    ]);
    const back = there({ map }) as { map: typeof map };
    expect(back).toStrictEqual({ map });
    expect([...back.map.keys()]).toEqual([...map.keys()]);
  });

  it('keeps every kind of typed array, bit by bit, of views what they show', () => {
    const random = new Random('state');
    const bits = Uint8Array.from({ length: 64 }, () => 256 * random.uniform());
    const kinds = [
      Float64Array,
      Float32Array,
      Int32Array,
      Uint32Array,
      Int16Array,
      Uint16Array,
      Int8Array,
      Uint8Array,
    ] as const;
    for (const Kind of kinds) {
      const array = new Kind(bits.buffer, 16, 3);
      const [back, empty] = there([array, new Kind(0)]) as [typeof array, typeof array];
      expect(back).toBeInstanceOf(Kind);
      expect(empty).toHaveLength(0);
      const bytesOf = (a: typeof array) => [...new Uint8Array(a.buffer, a.byteOffset, a.byteLength)];
      expect(bytesOf(back)).toEqual(bytesOf(array));
      expect(back.buffer.byteLength).toBe(array.byteLength);
    }
  });

  it('refuses what is no plain data, and says where it is', () => {
    const refused = (of: unknown) => () => encodeState({ nodes: [{ of }] });
    expect(refused(new Set())).toThrow('state.nodes[0].of is no plain data but a Set');
    expect(refused(() => 1)).toThrow(/function/);
    expect(refused(1n)).toThrow(/bigint/);
    expect(refused(new DataView(new ArrayBuffer(1)))).toThrow(/DataView/);
    expect(refused(new (class Own {})())).toThrow(/Own/);
  });

  it('finds damage anywhere, and what is no state', () => {
    const bytes = encodeState({ a: 1, b: new Float64Array(3) });
    for (let i = 16; i < bytes.length; i++) {
      const damaged = bytes.slice();
      damaged[i] ^= 1;
      expect(() => decodeState(damaged), `byte ${i}`).toThrow(/damaged/);
    }
    for (const length of [20, 52, 60, bytes.length - 1])
      expect(() => decodeState(bytes.subarray(0, length))).toThrow(/damaged or cut short/);
    expect(() => decodeState(new TextEncoder().encode('affectd-state 2\n'))).toThrow(/another version/);
    expect(() => decodeState(new Uint8Array(0))).toThrow(/no stored state/);
  });

  it.each([
    '',
    'null]',
    '{"$":"f16","at":0,"length":0}',
    '{"$":"f64","at":0,"length":1}',
    '{"$":"f64","at":-8,"length":1}',
    '{"$":"u8","at":0,"length":-1}',
    '{"$":"u8","at":0,"length":4000000000}',
    '{"$":"u8","length":0}',
    '{"$":"map"}',
    '{"$":"map","entries":[3]}',
    '{"$":"object","entries":{}}',
    `${'['.repeat(1e5)}${']'.repeat(1e5)}`,
  ])('finds damage that was sealed: %#', (text) => {
    expect(decodeState(sealed('{"a":[1]}'))).toEqual({ a: [1] });
    const read = () => decodeState(sealed(text));
    expect(read).toThrow(InputError);
    expect(read).toThrow(/damaged/);
  });
});
