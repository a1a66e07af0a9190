import { expect, it } from 'vitest';
import { benchTrainFaces } from '../../src/bench/train-faces.js';

it('tells how long a step on images takes, what of it each part, and how long the paper’s steps would', async () => {
  const result = await benchTrainFaces({ engine: 'wasm', batch: 4, seconds: 0, stages: [2, 2, 2, 2, 2] });
  expect(result).toMatchObject({ bench: 'train-faces', engine: 'wasm', batch: 4 });
  const { ms_per_step, profile, images_per_s, hours } = result;
  for (const ms of Object.values(profile)) expect(ms).toBeGreaterThan(0);
  expect(Math.max(...Object.values(profile))).toBeLessThanOrEqual(ms_per_step);
  expect(images_per_s).toBeCloseTo(4000 / ms_per_step, 0);
  expect(hours).toBeCloseTo((50 * ms_per_step) / 3600, 1);
});
