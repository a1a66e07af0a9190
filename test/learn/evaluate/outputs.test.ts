import { expect, it } from 'vitest';
import { softmaxRows } from '../../../src/learn/evaluate/outputs.js';

it('makes rows of logits probabilities, large ones too', () => {
  const rows = softmaxRows(Float32Array.of(0, 0, 1000, 0), 2);
  expect([...rows]).toEqual([0.5, 0.5, 1, 0]);
  expect([...softmaxRows(new Float32Array(), 0)]).toEqual([]);
});
