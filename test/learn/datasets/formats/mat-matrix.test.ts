import { describe, expect, it } from 'vitest';
import { cellsOf, fieldOf, MatMatrix } from '../../../../src/learn/datasets/formats/mat-matrix.js';
import type { MatValue } from '../../../../src/learn/datasets/formats/mat5.js';

const numbers: MatValue = {
  kind: 'numeric',
  dims: [2, 3, 2],
  values: Float64Array.from({ length: 12 }, (_, i) => i),
};

describe('numbers of a MATLAB array', () => {
  it('are found along any dimension', () => {
    const matrix = new MatMatrix(numbers, 'x', 'x.mat');
    expect([...matrix.line(0, [0, 1, 1])]).toEqual([8, 9]);
    expect([...matrix.line(1, [1, 0, 0])]).toEqual([1, 3, 5]);
    expect([...matrix.line(2, [1, 2])]).toEqual([5, 11]);
  });

  it('are told from what is none', () => {
    expect(() => new MatMatrix({ kind: 'cell', dims: [0, 0], cells: [] }, "'x'", 'x.mat')).toThrow(
      "x.mat: 'x' is a cell, not numbers",
    );
    expect(() => new MatMatrix(undefined, "'x'", 'x.mat')).toThrow("x.mat: has no 'x'");
    expect(() => cellsOf(numbers, 'y', 'x.mat')).toThrow('x.mat: y is no cell array');
    expect(() => fieldOf(numbers, 'z', 'y', 'x.mat')).toThrow("x.mat: y has no field 'z'");
  });
});
