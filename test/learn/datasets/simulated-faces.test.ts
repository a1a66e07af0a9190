import { expect, it } from 'vitest';
import type { ImageTrial } from '../../../src/learn/datasets/dataset.js';
import { openDataset, recordingsOf } from './read-dataset.js';

const settings = { seed: 'faces', images: { training: 60, validation: 20 }, size: 16, rater_sd: 0.2 };

async function imagesOf(list: string, given: object = {}): Promise<readonly ImageTrial[]> {
  const [recording] = await recordingsOf(
    await openDataset('simulated-faces', { ...settings, ...given }),
    list,
  );
  if (recording.kind !== 'images') throw new Error('no images');
  return recording.images;
}

it('draws two lists, the same for the same seed', async () => {
  const dataset = await openDataset('simulated-faces', settings);
  expect(dataset.people).toEqual(['training', 'validation']);
  expect(dataset.hasImages).toBe(true);
  const [first, again] = [await imagesOf('training'), await imagesOf('training')];
  expect(first).toHaveLength(60);
  expect(await imagesOf('validation')).toHaveLength(20);
  expect(await first[7].read()).toEqual(await again[7].read());
  expect(await first[7].read()).toHaveLength(16 * 16 * 3);
  expect(first.map(({ label }) => label)).toEqual(again.map(({ label }) => label));
  const other = await imagesOf('training', { seed: 'others' });
  expect(await other[7].read()).not.toEqual(await first[7].read());
});

it('rates what it shows, as far apart as raters are', async () => {
  const [rated, shown] = [await imagesOf('training'), await imagesOf('training', { rater_sd: 0 })];
  const errors = rated.map(({ label }, i) => label.targets.valence! - shown[i].label.targets.valence!);
  const sd = Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
  expect(sd).toBeGreaterThan(0.1);
  expect(sd).toBeLessThan(0.3);
  for (const { label } of rated)
    for (const value of Object.values(label.targets)) expect(Math.abs(value!)).toBeLessThanOrEqual(1);
  expect(await rated[3].read()).toEqual(await shown[3].read());
});
