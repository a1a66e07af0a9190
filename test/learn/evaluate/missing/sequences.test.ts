import { expect, it } from 'vitest';
import { consecutiveRuns } from '../../../../src/learn/evaluate/missing/sequences.js';

it('orders each trial by time, and cuts it at gaps', () => {
  const windows = [
    ['a', 4],
    ['b', 0],
    ['a', 0],
    ['a', 2],
    ['b', 6],
    ['a', 6.1],
  ].map(([sequence, start]) => ({ sequence: String(sequence), start: Number(start) }));
  expect(consecutiveRuns(windows, 2)).toEqual([[2, 3, 0, 5], [1], [4]]);
});
