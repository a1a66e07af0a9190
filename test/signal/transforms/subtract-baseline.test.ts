import { describe, expect, it } from 'vitest';
import { subtractBaseline } from '../../../src/signal/transforms/subtract-baseline.js';
import { schemaOf, vectorOf } from './feature-vectors.js';

const schema = schemaOf(['Fp1.de_alpha', 'Cz.de_alpha']);
const create = (params: Record<string, unknown> = {}) => {
  const processor = subtractBaseline.create(subtractBaseline.params.parse(params));
  processor.reset(schema, 'start');
  return processor;
};

describe('subtract-baseline', () => {
  it('takes out the mean of the rest, and says nothing before its end', () => {
    const processor = create({ from_s: 1, span_s: 3 });
    const rows = [
      [100, null],
      [2, null],
      [null, null],
      [4, null],
      [10, 1],
      [3, 2],
    ] as const;
    const out = rows.map((row, i) => processor.process(vectorOf(schema, row, 1 + i)));
    expect(out.map((v) => v.present[0])).toEqual([0, 0, 0, 0, 1, 1]);
    expect(out.slice(0, 4).map((v) => v.reason)).toEqual(['warming-up', 'warming-up', 'nan', 'warming-up']);
    expect(out.slice(4).map((v) => v.values[0])).toEqual([7, 0]);
    expect(out.map((v) => v.present[1])).not.toContain(1);
    expect(out[5].values[1]).toBeNaN();
  });

  it('keeps the rest over a change of layout and a stored session', () => {
    const [one, other] = [create({ span_s: 2 }), create({ span_s: 2 })];
    for (const [i, x] of [1, 3].entries()) one.process(vectorOf(schema, [x, x], 1 + i));
    one.reset(schemaOf(['Cz.de_alpha']), 'layout');
    expect(one.process(vectorOf(schemaOf(['Cz.de_alpha']), [5], 3)).values[0]).toBe(3);
    other.restore!(one.snapshot!());
    expect([...other.process(vectorOf(schema, [5, 6], 3)).values]).toEqual([3, 4]);
    one.reset(schema, 'start');
    expect(one.process(vectorOf(schema, [5, 6], 3)).reason).toBe('warming-up');
  });
});
