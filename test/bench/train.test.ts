import { describe, expect, it } from 'vitest';
import { benchTrain, benchTrainEegnet } from '../../src/bench/train.js';

describe('the training benchmarks', () => {
  it.each([
    ['train', benchTrain, 325_916],
    ['train-eegnet', benchTrainEegnet, 848_820],
  ] as const)(
    '%s tells how long a step takes, and what of it each part',
    async (bench, measure, parameters) => {
      const result = await measure({ seconds: 0.05, rounds: 1, python: null });
      expect(result).toMatchObject({ bench, batch: 32, parameters, peer: null, ratio: null });
      expect(result.ms_per_step).toBeGreaterThan(0);
      const parts = Object.values(result.profile);
      expect(Math.min(...parts)).toBeGreaterThan(0);
      expect(Object.keys(result.profile)).toEqual(expect.arrayContaining(['products', 'losses', 'adam']));
    },
  );
});
