import { expect, it } from 'vitest';
import expected from '../../fixtures/pipelines/expected.json' with { type: 'json' };
import { largestError, runPipeline, valuesAt } from './run-pipeline.js';

it("pipelines/seed.yaml gives SEED's 310 entropies as scipy gives them of the same samples, and its eye features", async () => {
  const session = { profile: 'seed62', seed: 'pipelines', duration_s: 7, only: ['eeg', 'gaze'] } as const;
  const vectors = await runPipeline('seed', session);
  const values = valuesAt(vectors.get('eeg_de'), expected.seed.time);
  expect(Object.keys(values)).toEqual(Object.keys(expected.seed.values));
  expect(Object.keys(values)).toHaveLength(310);
  expect(largestError(values, expected.seed.values)).toBeLessThan(1e-9);
  expect(Object.keys(valuesAt(vectors.get('eye'), expected.seed.time))).toHaveLength(33);
});
