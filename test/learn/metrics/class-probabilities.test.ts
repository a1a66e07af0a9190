import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/evaluation/metrics.json' with { type: 'json' };
import {
  mostLikely,
  probabilityScores,
  reliabilityBins,
} from '../../../src/learn/metrics/class-probabilities.js';

const { probabilities, label, ...expected } = reference.probabilities;

describe('probabilityScores', () => {
  it('equals scikit-learn and numpy', () => {
    const scores = probabilityScores(probabilities, label);
    expect(scores.brier).toBeCloseTo(expected.brier, 12);
    expect(scores.nll).toBeCloseTo(expected.nll, 12);
    expect(scores.ece).toBeCloseTo(expected.ece, 12);
  });

  it('stays finite for a label that was given no chance', () => {
    expect(probabilityScores([[1, 0]], [1])).toEqual({
      brier: 2,
      nll: expect.closeTo(15 * Math.log(10), 9),
      ece: 1,
    });
  });
});

describe('reliabilityBins', () => {
  it('holds every window once', () => {
    const bins = reliabilityBins(probabilities, label);
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(label.length);
    for (const { confidence } of bins) expect(confidence).toBeGreaterThan(1 / 3);
  });
});

it('takes the first of equally likely classes', () => {
  expect(mostLikely([0.2, 0.4, 0.4])).toBe(1);
});
