import { describe, expect, it } from 'vitest';
import type { FeatureProcessor } from '../../../src/core/processor.js';
import { smooth } from '../../../src/signal/transforms/smooth.js';
import { schemaOf, vectorOf } from './feature-vectors.js';
import { noise } from './signals.js';

const schema = schemaOf(['Fp1.de_alpha', 'Cz.de_alpha']);
function create(params: Record<string, unknown> = {}): FeatureProcessor {
  const processor = smooth.create(smooth.params.parse(params));
  processor.reset(schema, 'start');
  return processor;
}
const run = (
  processor: FeatureProcessor,
  rows: readonly (readonly (number | null)[])[],
  hop_s = 1,
  from_s = 4,
) => rows.map((row, i) => processor.process(vectorOf(schema, row, from_s + i * hop_s)));

describe('smooth', () => {
  it('begins with the first value and settles to a time constant of 9.5 s at a hop of 1 s', () => {
    const out = run(create(), [
      ...Array.from({ length: 400 }, () => [0, 5]),
      ...Array.from({ length: 60 }, () => [1, 5]),
    ]);
    expect(out[0].values[0]).toBe(0);
    expect(out.every((v) => v.values[1] === 5)).toBe(true);
    const step = out.slice(400).map((v) => v.values[0]);
    expect(step.findIndex((v) => v >= 1 - Math.exp(-1)) + 1).toBeGreaterThanOrEqual(9);
    expect(step.findIndex((v) => v >= 1 - Math.exp(-1)) + 1).toBeLessThanOrEqual(10);
  });

  it('walks by time, not by windows, and leaves masked what is masked', () => {
    const out = run(create(), [
      [0, 0],
      [null, 0],
      [null, 0],
      [1, 1],
    ]);
    expect([...out[1].present]).toEqual([0, 1]);
    expect(out[1].values[0]).toBeNaN();
    // Three seconds of walk before the next value: gain (1 + 0.033) / (2 + 0.033).
    expect(out[3].values[0]).toBeCloseTo(1.033 / 2.033, 12);
    expect(
      run(
        create(),
        [
          [0, 0],
          [1, 1],
        ],
        3,
      )[1].values[0],
    ).toBeCloseTo(1.033 / 2.033, 12);
  });

  it('averages the last windows', () => {
    const out = run(create({ method: 'mean', windows: 3 }), [
      [1, 1],
      [2, null],
      [6, 3],
      [7, 5],
      [null, 9],
      [1, null],
    ]);
    expect(out.map((v) => v.values[0])).toEqual([1, 1.5, 3, 5, Number.NaN, 4]);
    expect(out.map((v) => v.values[1])).toEqual([1, Number.NaN, 2, 4, 17 / 3, Number.NaN]);
  });

  it.each(['lds', 'mean'])(
    '%s: keeps what it knows over a change of layout and a stored session',
    (method) => {
      const rows = noise(20, 1).map((x) => [x, -x]);
      const whole = run(create({ method }), rows);
      const [first, second] = [create({ method }), create({ method })];
      run(first, rows.slice(0, 10));
      first.reset(schemaOf(['Cz.de_alpha']), 'layout');
      first.reset(schema, 'layout');
      second.restore!(structuredClone(first.snapshot!()));
      const rest = rows.slice(10);
      expect(run(first, rest, 1, 14)).toEqual(whole.slice(10));
      expect(run(second, rest, 1, 14)).toEqual(whole.slice(10));
    },
  );

  it('instances share nothing', () => {
    const rows = noise(20, 1).map((x) => [x, -x]);
    const [one, other] = [create(), create()];
    const beside = rows.map((row, i) => {
      other.process(vectorOf(schema, [100, 100], 4 + i));
      return one.process(vectorOf(schema, row, 4 + i));
    });
    expect(beside).toEqual(run(create(), rows));
  });
});
