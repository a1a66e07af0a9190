import { describe, expect, it } from 'vitest';
import { agreement } from '../../../src/core/agreement.js';
import { meanAgreement } from '../../../src/learn/metrics/metrics.js';
import { reference } from '../fit/reference.js';

describe('agreement', () => {
  it('equals scipy', () => {
    const { predicted, label, ...expected } = reference.agreement;
    const computed = agreement(predicted, label);
    for (const [name, value] of Object.entries(expected))
      expect(computed[name as keyof typeof computed]).toBeCloseTo(value as number, 12);
  });

  it('is 1 for the label itself, and less for a shifted one', () => {
    const label = [1, 2, 3, 5];
    expect(agreement(label, label)).toEqual({ ccc: 1, pcc: expect.closeTo(1, 12), mae: 0, rmse: 0 });
    const shifted = agreement([2, 3, 4, 6], label);
    expect(shifted.pcc).toBeCloseTo(1, 12);
    expect(shifted.ccc).toBeLessThan(0.9);
  });

  it('is not a number for a constant series', () => {
    const constant = agreement([0.1, 0.1, 0.1], [0.1, 1.1, 2.1]);
    expect(constant.ccc).toBeNaN();
    expect(constant.mae).toBeCloseTo(1, 12);
  });
});

describe('meanAgreement', () => {
  it('averages over people and leaves out those without a CCC', () => {
    const people = [0.2, 0.6, Number.NaN].map((ccc, i) => ({ ccc, pcc: ccc, mae: i, rmse: 2 }));
    expect(meanAgreement(people)).toEqual({
      ccc: expect.closeTo(0.4, 12),
      pcc: expect.closeTo(0.4, 12),
      mae: 1,
      rmse: 2,
      cccSd: expect.closeTo(Math.sqrt(0.08), 12),
      people: 2,
    });
  });
});
