import { expect, it } from 'vitest';
import { shifted } from '../../../../src/learn/evaluate/missing/asynchrony.js';
import { windowsOf } from './frames.js';

it('takes a modality from later or earlier windows of the same run, and nothing from outside it', () => {
  const windows = windowsOf(7, 2);
  const runs = [
    [0, 1, 2, 3],
    [4, 5, 6],
  ];
  const said = (hops: number, m: number) =>
    shifted(windows, runs, 1, hops).map(({ frame }) => (frame[m].present ? frame[m].values[0] : null));
  expect(said(1, 1)).toEqual([1, 2, 3, null, 5, 6, null]);
  expect(said(-2, 1)).toEqual([null, null, 0, 1, null, null, 4]);
  expect(said(1, 0)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(shifted(windows, runs, 1, 0)).toEqual(windows);
});
