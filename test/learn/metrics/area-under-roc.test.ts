import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/evaluation/metrics.json' with { type: 'json' };
import { areaUnderRoc } from '../../../src/learn/metrics/area-under-roc.js';

describe('areaUnderRoc', () => {
  it('equals scikit-learn, ties counting half', () => {
    const { scores, positive, auc } = reference.auc;
    expect(areaUnderRoc(scores, positive)).toBeCloseTo(auc, 12);
    expect(areaUnderRoc([1, 1, 1], [true, false, true])).toBe(0.5);
  });

  it('is not a number without both classes', () => {
    expect(areaUnderRoc([1, 2], [true, true])).toBeNaN();
    expect(areaUnderRoc([], [])).toBeNaN();
  });
});
