import { expect, it } from 'vitest';
import { trialMeans } from '../../../src/learn/metrics/trial-mean.js';

it('averages windows to trials, long or short', () => {
  const { means, first } = trialMeans(
    [
      [1, 0],
      [4, 2],
      [3, 2],
    ],
    ['b', 'a', 'b'],
  );
  expect(means.map((mean) => [...mean])).toEqual([
    [2, 1],
    [4, 2],
  ]);
  expect(first).toEqual([0, 1]);
});
