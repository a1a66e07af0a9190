import { describe, expect, it } from 'vitest';
import { choosePeople, numbered } from '../../../src/learn/datasets/people.js';

const fileOf = (person: string) => `/data/${person}.mat`;

describe('people of a copy', () => {
  it('are all of the data set’s, or those asked for', () => {
    expect(choosePeople(null, ['a', 'b'], ['b', 'a', 'c'], fileOf)).toEqual(['a', 'b']);
    expect(choosePeople(['b', 'b'], ['a', 'b'], ['b'], fileOf)).toEqual(['b']);
  });

  it('that are missing are told with the first file', () => {
    expect(() => choosePeople(null, ['a', 'b', 'c'], ['b'], fileOf)).toThrow(
      '/data/a.mat (nor for 1 others): no such file or folder; get the whole data set, or list in `people` whom you have (b)',
    );
    expect(() => choosePeople(['c'], ['a'], [], fileOf)).toThrow(
      '/data/c.mat: no such file or folder; get the whole data set',
    );
  });

  it('are numbered', () => {
    expect(numbered('s', 3, 2)).toEqual(['s01', 's02', 's03']);
    expect(numbered('', 2)).toEqual(['1', '2']);
  });
});
