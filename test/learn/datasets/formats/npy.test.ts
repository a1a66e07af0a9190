import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NdArray } from '../../../../src/learn/datasets/formats/nd-array.js';
import { arrayNamed, pickledIn, readNpy, readNpz } from '../../../../src/learn/datasets/formats/npy.js';
import { fixtures } from '../fixture-copy.js';

describe.each(['stored.npz', 'deflated.npz'])('arrays that NumPy saved in %s', (name) => {
  const archive = readNpz(readFileSync(join(fixtures, 'formats', name)), name);
  const numbers = (key: string) => {
    const value = arrayNamed(archive, key, name);
    if (!(value instanceof NdArray)) throw new Error('not numbers');
    return value;
  };

  it('are read by name', () => {
    expect([...archive.keys()]).toEqual(['c', 'f', 'bytes', 'objects', 'words']);
    expect(numbers('c').dims).toEqual([2, 3]);
    expect([...numbers('c').numbers()]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...numbers('f').numbers()]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('may be pickles, as bytes or as objects', () => {
    const inner = pickledIn(arrayNamed(archive, 'bytes', name), name);
    if (!(inner instanceof Map)) throw new Error('not a dictionary');
    expect([...inner.get(0).numbers()]).toEqual([1, 1]);
    expect(pickledIn(arrayNamed(archive, 'objects', name), name)).toEqual(new Map([['a', 1]]));
  });

  it('are refused where they are text or missing', () => {
    expect(() => arrayNamed(archive, 'words', name)).toThrow("holds an array of '<U1'");
    expect(() => arrayNamed(archive, 'data', name)).toThrow(`${name}: has no array 'data'`);
  });
});

describe('array files', () => {
  it.each(['stored.npz', 'deflated.npz'])('that are spoilt anywhere give data or an error: %s', (name) => {
    const sound = readFileSync(join(fixtures, 'formats', name));
    const change = fc.tuple(fc.integer({ min: 0, max: sound.length - 1 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(sound);
        for (const [place, value] of changes) bytes[place] = value;
        try {
          for (const read of readNpz(bytes, 'x.npz').values()) read();
        } catch (error) {
          expect(error).toMatchObject({
            code: 'dataset-damaged',
            message: expect.stringMatching(/^x\.npz: /),
          });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are told from others', () => {
    expect(() => readNpy(Buffer.from('hello'), 'x.npy')).toThrow('x.npy: not an array file of NumPy');
  });
});
