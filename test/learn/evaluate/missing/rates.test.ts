import { expect, it } from 'vitest';
import { missingRates } from '../../../../src/learn/evaluate/missing/rates.js';

it('are the paper’s nine', () => {
  expect(missingRates).toEqual([0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4]);
});
