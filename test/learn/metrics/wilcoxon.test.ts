import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/evaluation/metrics.json' with { type: 'json' };
import { wilcoxonSignedRank } from '../../../src/learn/metrics/wilcoxon.js';

describe('wilcoxonSignedRank', () => {
  it.each(reference.paired)(
    'equals scipy, and all assignments of signs where there are ties (%#)',
    (pair) => {
      const { statistic, p, greater } = wilcoxonSignedRank(pair.a, pair.b);
      expect(statistic).toBe(pair.wilcoxon.statistic);
      expect(p).toBeCloseTo(pair.wilcoxon.p, 12);
      expect(greater).toBeCloseTo(pair.wilcoxon.greater, 12);
    },
  );

  it('leaves out pairs without a difference, or without a figure', () => {
    expect(wilcoxonSignedRank([1, 2, Number.NaN, 4], [1, 1, 1, 1])).toEqual({
      pairs: 2,
      statistic: 0,
      p: 0.5,
      greater: 0.25,
    });
    expect(wilcoxonSignedRank([1], [1]).p).toBeNaN();
    expect(wilcoxonSignedRank([1], [1]).greater).toBeNaN();
  });

  it('cannot be significant with five pairs', () => {
    expect(wilcoxonSignedRank([1, 2, 3, 4, 5], [0, 0, 0, 0, 0]).p).toBe(2 / 32);
    expect(wilcoxonSignedRank([0, 0, 0, 0, 0], [1, 2, 3, 4, 5]).greater).toBe(1);
  });
});
