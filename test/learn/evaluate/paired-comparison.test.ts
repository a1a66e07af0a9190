import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/evaluation/metrics.json' with { type: 'json' };
import { pairedComparison } from '../../../src/learn/evaluate/paired-comparison.js';

const figures = (model: string, values: readonly number[]) => ({
  model,
  figures: new Map(values.map((value, i) => [`p${i}`, value])),
});

describe('pairedComparison', () => {
  const [pair] = reference.paired;

  it('tests each model against the reference, by unit', () => {
    const [own, other] = pairedComparison([figures('base', pair.b), figures('model', pair.a)], 'base');
    expect(own.compared).toBeNull();
    expect(other.compared).toMatchObject({ pairs: pair.a.length });
    expect(other.compared!.wilcoxon).toBeCloseTo(pair.wilcoxon.p, 12);
    expect(other.compared!.t).toBeCloseTo(pair.t.p, 12);
    expect(other.compared!.difference).toBeCloseTo(other.own.mean - own.own.mean, 12);
  });

  it('uses the units that both have, whatever their order, and corrects each test for all rows', () => {
    const base = figures('base', [0, 0, 0, 0, Number.NaN, 0]);
    const better = { model: 'better', figures: new Map([...figures('', [1, 2, 3, 4, 5]).figures].reverse()) };
    const alike = figures('alike', [1, -1, 2, -2, 3, -3]);
    const rows = pairedComparison([better, base, alike], 'base');
    expect(rows[0].compared).toMatchObject({ pairs: 4, difference: 2.5, wilcoxon: 0.125 });
    expect(rows[0].compared!.wilcoxon_corrected).toBe(0.25);
    expect(rows[0].own.counted).toBe(5);
    expect(rows[2].compared!.wilcoxon_corrected).toBe(0.6875);
    const [better_t, alike_t] = [rows[0].compared!, rows[2].compared!];
    expect(better_t.t_corrected).toBeCloseTo(2 * better_t.t, 12);
    expect(alike_t.t_corrected).toBeCloseTo(Math.max(alike_t.t, 2 * better_t.t), 12);
  });

  it('needs its reference', () => {
    expect(() => pairedComparison([], 'base')).toThrow('there is no model base');
  });
});
