import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NdArray } from '../../../../src/learn/datasets/formats/nd-array.js';
import { ObjectArray, type PickleValue, readPickle } from '../../../../src/learn/datasets/formats/pickle.js';
import { fixtureCopy, fixtures } from '../fixture-copy.js';

const bytesOf = (name: string) => readFileSync(join(fixtures, 'formats', name));

function dictionary(value: PickleValue): ReadonlyMap<PickleValue, PickleValue> {
  if (!(value instanceof Map)) throw new Error('not a dictionary');
  return value;
}

function array(value: PickleValue | undefined): NdArray {
  if (!(value instanceof NdArray)) throw new Error('not an array');
  return value;
}

describe.each([0, 1, 2, 3, 4, 5])('a pickle of protocol %i', (protocol) => {
  const values = dictionary(readPickle(bytesOf(`values.${protocol}.pickle`), 'values'));

  it('gives plain data', () => {
    expect(values.get('none')).toBeNull();
    expect(values.get('flags')).toEqual([true, false]);
    expect(values.get('ints')).toEqual([0, 255, 65535, -1, 2 ** 31, -(2n ** 70n)]);
    expect(values.get('float')).toBe(-2.5);
    expect(values.get('text')).toBe('café');
    expect([...(values.get('bytes') as Uint8Array)]).toEqual([0, 128, 255]);
    expect(values.get('tuple')).toEqual([1, [2, 3]]);
    expect(values.get('again')).toEqual([1, [2, 3]]);
    expect(values.get('scalar')).toBe(1.25);
  });

  it('gives arrays in either order of bytes and of indices', () => {
    expect(array(values.get('c')).dims).toEqual([2, 3]);
    expect([...array(values.get('c')).numbers()]).toEqual([0, 1, 2, 3, 4, 5]);
    const f = array(values.get('f'));
    expect(f.dims).toEqual([2, 3, 4]);
    expect([...f.numbers()]).toEqual(Array.from({ length: 24 }, (_, i) => i));
    expect([...f.numbers(5, 3)]).toEqual([5, 6, 7]);
    const objects = values.get('objects');
    if (!(objects instanceof ObjectArray)) throw new Error('not an array of objects');
    expect([...array(objects.values[0]).numbers()]).toEqual([1, 1]);
    expect(objects.values[1]).toBeNull();
  });

  it('says so where it was cut, wherever that was', () => {
    const bytes = bytesOf(`values.${protocol}.pickle`);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
        expect(() => readPickle(bytes.subarray(0, length), 'x.dat')).toThrow(/^x\.dat: /);
      }),
    );
  });
});

describe('pickles', () => {
  it('of Python 2 keep numbers in text, which is read as bytes', () => {
    const path = join(fixtureCopy('deap'), 'data_preprocessed_python', 's01.dat');
    const found = dictionary(readPickle(readFileSync(path), path));
    expect([...found.keys()]).toEqual(['labels', 'data']);
    expect(array(found.get('data')).dims).toEqual([2, 40, 896]);
    expect([...array(found.get('labels')).numbers()]).toEqual([1, 9, 5, 7, 3, 4, 9, 1]);
  });

  it('run nothing', () => {
    expect(() => readPickle(bytesOf('hostile.pickle'), 'x.dat')).toThrow(
      'x.dat: holds a Python object (os.system), not plain data; nothing of it was run',
    );
  });

  it.each([0, 2, 4, 5])('of protocol %i that are spoilt anywhere give data or an error', (protocol) => {
    const sound = bytesOf(`values.${protocol}.pickle`);
    const change = fc.tuple(fc.integer({ min: 0, max: sound.length - 1 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(sound);
        for (const [place, value] of changes) bytes[place] = value;
        try {
          readPickle(bytes, 'x.dat');
        } catch (error) {
          expect(error).toMatchObject({
            code: 'dataset-damaged',
            message: expect.stringMatching(/^x\.dat: /),
          });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are told from anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readPickle(bytes, 'x.dat');
        } catch (error) {
          expect(error).toMatchObject({ code: 'dataset-damaged' });
        }
      }),
    );
  });
});
