import { expect, it } from 'vitest';
import expected from '../../fixtures/pipelines/expected.json' with { type: 'json' };
import { largestError, runPipeline, valuesAt } from './run-pipeline.js';

it("pipelines/deap.yaml gives PRNet's 230 features as scipy gives them of the same samples", async () => {
  const session = { profile: 'deap32', seed: 'pipelines', duration_s: 8, only: ['eeg'] } as const;
  const values = valuesAt((await runPipeline('deap', session)).get('eeg_features'), expected.deap.time);
  expect(Object.keys(values)).toEqual(Object.keys(expected.deap.values));
  expect(Object.keys(values)).toHaveLength(230);
  expect(largestError(values, expected.deap.values)).toBeLessThan(1e-9);
});
