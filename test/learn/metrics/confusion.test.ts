import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/evaluation/metrics.json' with { type: 'json' };
import { accuracy, balancedAccuracy, confusion, macroF1 } from '../../../src/learn/metrics/confusion.js';

describe('confusion', () => {
  const { predicted, label, classes, ...expected } = reference.classes;
  const counted = confusion(predicted, label, classes);

  it('equals scikit-learn', () => {
    expect(counted.counts).toEqual(expected.confusion);
    expect(accuracy(counted)).toBeCloseTo(expected.accuracy, 12);
    expect(balancedAccuracy(counted)).toBeCloseTo(expected.balanced_accuracy, 12);
    expect(macroF1(counted)).toBeCloseTo(expected.macro_f1, 12);
  });

  it('counts a class that never comes as 0 in F1, and not at all in balanced accuracy', () => {
    const right = confusion([0, 1], [0, 1], 4);
    expect(macroF1(right)).toBe(0.5);
    expect(balancedAccuracy(right)).toBe(1);
  });
});
