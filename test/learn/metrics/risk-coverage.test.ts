import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/evaluation/metrics.json' with { type: 'json' };
import { riskCoverage } from '../../../src/learn/metrics/risk-coverage.js';

describe('riskCoverage', () => {
  it('equals numpy, ties counting with their mean', () => {
    const { uncertainty, loss, risk, aurc } = reference.risk_coverage;
    const curve = riskCoverage(uncertainty, loss);
    for (const [i, expected] of risk.entries()) expect(curve.risk[i]).toBeCloseTo(expected, 12);
    expect(curve.aurc).toBeCloseTo(aurc, 12);
    expect(curve.coverage.at(-1)).toBe(1);
  });

  it('is best when uncertainty is the error, worst when it is its opposite', () => {
    const loss = [0, 0, 1, 1];
    expect(riskCoverage(loss, loss).aurc).toBeLessThan(riskCoverage([0, 0, 0, 0], loss).aurc);
    expect(riskCoverage([1, 1, 0, 0], loss).aurc).toBeGreaterThan(riskCoverage([0, 0, 0, 0], loss).aurc);
  });
});
