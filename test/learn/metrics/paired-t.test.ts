import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/evaluation/metrics.json' with { type: 'json' };
import { incompleteBeta, pairedT } from '../../../src/learn/metrics/paired-t.js';

describe('pairedT', () => {
  it.each(reference.paired)('equals scipy (%#)', ({ a, b, t }) => {
    const own = pairedT(a, b);
    expect(own.statistic).toBeCloseTo(t.statistic, 11);
    expect(own.p).toBeCloseTo(t.p, 12);
  });

  it('has no p where all differences are equal, or there is one', () => {
    expect(pairedT([1, 2], [0, 1]).p).toBeNaN();
    expect(pairedT([1, Number.NaN], [0, 0])).toMatchObject({ pairs: 1, p: Number.NaN });
  });
});

it.each(reference.incomplete_beta)('incompleteBeta($a, $b, $x) equals scipy', ({ a, b, x, value }) => {
  expect(incompleteBeta(a, b, x)).toBeCloseTo(value, 12);
});
