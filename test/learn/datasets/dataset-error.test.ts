import { describe, expect, it } from 'vitest';
import { damaged, missing, otherLayout } from '../../../src/learn/datasets/dataset-error.js';

describe('errors of a copy', () => {
  it('name the file and the mend, in one line, and end with exit code 3', () => {
    const errors = [
      missing('/a/s01.dat', 'get it'),
      damaged('/a/s01.dat', 'it was cut short'),
      otherLayout('/a/s01.dat', "has no 'data'"),
    ];
    expect(errors.map(({ code, exitCode, message }) => [code, exitCode, message])).toEqual([
      ['dataset-missing', 3, '/a/s01.dat: no such file or folder; get it'],
      ['dataset-damaged', 3, '/a/s01.dat: it was cut short; get the file again'],
      ['dataset-layout', 3, "/a/s01.dat: has no 'data'; point `path` at an original copy"],
    ]);
  });
});
