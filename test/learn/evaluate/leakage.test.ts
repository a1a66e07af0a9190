import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/learn/evaluate/evaluate.js';
import type { EvaluationResult } from '../../../src/learn/evaluate/evaluation-result.js';
import { configFile, options } from './tiny.js';

const config = join(import.meta.dirname, '../../../examples/evaluations/leakage.yaml');

/** Trial drift, random ratings, no emotion: whatever is found beyond chance was leaked. */
describe('the leakage harness', () => {
  let result: EvaluationResult;
  beforeAll(async () => {
    result = await evaluate(config, options(configFile('').out, { leaky: true }));
  }, 600_000);

  const linear = (kind: string): number => {
    const { tables } = result.splits.find((split) => split.kind === kind)!;
    const { rows } = tables.find(({ quantity }) => quantity === 'overall')!;
    return rows.find(({ model }) => model === 'linear')!.figures.ccc!.mean;
  };

  it('takes memory for reading where windows of one trial are on both sides, and says LEAKY', () => {
    expect(linear('window')).toBeGreaterThan(0.9);
    expect(result.splits.map(({ kind, label }) => [kind, label])).toEqual([
      ['window', 'LEAKY'],
      ['trial', null],
      ['subject', null],
    ]);
  });

  it.each(['trial', 'subject'])('finds nothing where %ss are held out', (kind) => {
    expect(Math.abs(linear(kind))).toBeLessThan(0.1);
  });
});
