import { describe, expect, it } from 'vitest';
import type { FeatureProcessor } from '../../../src/core/processor.js';
import { normalize } from '../../../src/signal/transforms/normalize.js';
import { schemaOf, vectorOf } from './feature-vectors.js';
import { noise } from './signals.js';

const schema = schemaOf(['Fp1.de_alpha', 'pupil.pupil_mean']);
function create(params: Record<string, unknown> = {}): FeatureProcessor {
  const processor = normalize.create(normalize.params.parse(params));
  processor.reset(schema, 'start');
  return processor;
}

describe('normalize', () => {
  it('equals the weighted mean and deviation of what was measured so far', () => {
    const half_life_s = 20;
    const processor = create({ half_life_s, min_s: 0 });
    const x = noise(100, 1).map((v) => 3 + 0.2 * v);
    for (const [n, value] of x.entries()) {
      const out = processor.process(vectorOf(schema, [value, 1], 4 + n * 0.5)).values[0];
      // Every window stands for 0.5 s; its weight halves every half_life_s.
      const weights = x.slice(0, n + 1).map((_, i) => 0.5 * 2 ** ((-(n - i) * 0.5) / half_life_s));
      const total = weights.reduce((a, b) => a + b);
      const mean = weights.reduce((sum, w, i) => sum + w * x[i], 0) / total;
      const variance = weights.reduce((sum, w, i) => sum + w * (x[i] - mean) * (x[i] - mean), 0) / total;
      if (n === 0) expect(out).toBe(0);
      else expect(out).toBeCloseTo((value - mean) / Math.sqrt(variance), 9);
    }
  });

  it('warms up without a prior and speaks at once with one', () => {
    const processor = create({ prior_sd: { pupil: 0.3 }, min_s: 10, half_life_s: 1e9 });
    const first = processor.process(vectorOf(schema, [1, 4], 4));
    expect([...first.present]).toEqual([0, 1]);
    expect(first.values[1]).toBe(0);
    const second = processor.process(vectorOf(schema, [1, 4.3], 4.5));
    // Mean 4.15; the prior weighs 30 s, the two windows 1 s.
    expect(second.values[1]).toBeCloseTo(0.15 / Math.sqrt((30 * 0.09 + 2 * 0.5 * 0.0225) / 31), 6);
    let last = second;
    for (let i = 2; i < 20; i++) last = processor.process(vectorOf(schema, [i, 4], 4 + i * 0.5));
    expect([...last.present]).toEqual([1, 1]);
    const cold = create();
    expect(cold.process(vectorOf(schema, [1, 2], 4)).reason).toBe('warming-up');
  });

  it('takes the longest fitting prior', () => {
    const processor = create({
      prior_sd: { de: 1, de_alpha: 2, 'Fp1.de_alpha': 4 },
      prior_s: 1e9,
      half_life_s: 1e9,
    });
    processor.process(vectorOf(schema, [0, 0], 4));
    // Mean 1 of 0 and 2.
    expect(processor.process(vectorOf(schema, [2, 0], 4.5)).values[0]).toBeCloseTo(1 / 4, 6);
  });

  it('learns nothing from masked values, whatever lies under the mask', () => {
    const [clean, dirty] = [create({ min_s: 0 }), create({ min_s: 0 })];
    for (let i = 0; i < 20; i++) {
      const masked = i % 3 === 0;
      const vector = vectorOf(schema, [masked ? null : i * 0.1, 1], 4 + i);
      const garbage = { ...vector, values: vector.values.map((v) => (Number.isNaN(v) ? 1e300 : v)) };
      expect(dirty.process(garbage)).toEqual(clean.process(vector));
    }
  });

  it('centres', () => {
    const processor = create({ mode: 'center', min_s: 0 });
    processor.process(vectorOf(schema, [2, 1], 4));
    expect(processor.process(vectorOf(schema, [4, 1], 4.5)).values[0]).toBeCloseTo(1, 2);
  });

  it('gives 0, not noise, for what never moves', () => {
    const processor = create({ min_s: 0 });
    for (let i = 0; i < 50; i++)
      expect(processor.process(vectorOf(schema, [0.1, 1e5 + 0.1], 4 + i / 3)).values).toEqual(
        new Float64Array(2),
      );
  });

  it('goes on from a snapshot to the last bit', () => {
    const run = (processor: FeatureProcessor, from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) =>
        processor.process(vectorOf(schema, [Math.sin(from + i), i % 2 ? null : 3 + i], 4 + (from + i) / 2)),
      );
    const whole = create();
    run(whole, 0, 40);
    const stored = structuredClone(whole.snapshot!());
    const resumed = create();
    resumed.restore!(stored);
    expect(run(resumed, 40, 60)).toEqual(run(whole, 40, 60));
  });

  it('keeps a baseline over a change of layout and forgets it at a start', () => {
    const processor = create({ min_s: 0 });
    for (let i = 0; i < 20; i++) processor.process(vectorOf(schema, [5, 1], 4 + i));
    const other = schemaOf(['Cz.de_alpha', 'Fp1.de_alpha']);
    processor.reset(other, 'layout');
    expect(processor.process(vectorOf(other, [1, 7], 24)).values[1]).toBeGreaterThan(1);
    processor.reset(schema, 'start');
    expect(processor.process(vectorOf(schema, [7, 1], 25)).values[0]).toBe(0);
  });

  it('two instances share nothing', () => {
    const [one, other] = [create({ min_s: 0 }), create({ min_s: 0 })];
    for (let i = 0; i < 10; i++) other.process(vectorOf(schema, [100 * i, 3], 4 + i));
    expect(one.process(vectorOf(schema, [1, 1], 4)).values[0]).toBe(0);
  });
});
