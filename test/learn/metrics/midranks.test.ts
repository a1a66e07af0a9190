import { expect, it } from 'vitest';
import { midranks } from '../../../src/learn/metrics/midranks.js';

it('gives equal values the mean of their places', () => {
  expect([...midranks([3, 1, 3, 2, 3])]).toEqual([4, 1, 4, 2, 4]);
  expect([...midranks([])]).toEqual([]);
});
