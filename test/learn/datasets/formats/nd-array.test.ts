import { describe, expect, it } from 'vitest';
import { NdArray } from '../../../../src/learn/datasets/formats/nd-array.js';

describe('NumPy arrays', () => {
  it('decode numbers that lie at any byte', () => {
    const bytes = new Uint8Array(3 + 16);
    new DataView(bytes.buffer).setFloat64(3, 1.5, true);
    new DataView(bytes.buffer).setFloat64(11, -2, true);
    const array = new NdArray([2], '<f8', bytes.subarray(3), false, 'x');
    expect([...array.numbers()]).toEqual([1.5, -2]);
    expect([...array.numbers(1)]).toEqual([-2]);
  });

  it('give the last index running fastest, however they are stored', () => {
    const array = new NdArray([2, 3], '|u1', Uint8Array.of(1, 4, 2, 5, 3, 6), true, 'x');
    expect([...array.numbers()]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('refuse what are no plain numbers, and another number of bytes', () => {
    expect(() => new NdArray([1], '<U4', new Uint8Array(16), false, 'x.npy')).toThrow(
      "x.npy: holds an array of '<U4', which are no plain numbers",
    );
    expect(() => new NdArray([2], '<f4', new Uint8Array(4), false, 'x.npy')).toThrow(
      'x.npy: an array of 2 has 4 bytes',
    );
  });
});
