import { expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { drawnValues, withValues } from '../../../src/learn/evaluate/random-search.js';

it('draws whole numbers within their bounds, both included, and leaves the rest alone', () => {
  const settings = { transforms: { eeg: [150, 30], eye: [150, 30] }, width: 12 };
  const { uniform } = new Random(1);
  const drawn = Array.from({ length: 200 }, () =>
    withValues(
      settings,
      drawnValues({ 'transforms.eeg.0': [100, 102], 'transforms.eeg.1': [20, 20] }, uniform),
    ),
  ) as (typeof settings)[];
  expect(new Set(drawn.map(({ transforms }) => transforms.eeg[0]))).toEqual(new Set([100, 101, 102]));
  for (const { transforms, width } of drawn) {
    expect(transforms.eeg[1]).toBe(20);
    expect([transforms.eye, width]).toEqual([[150, 30], 12]);
  }
  expect(settings.transforms.eeg).toEqual([150, 30]);
  expect(() => withValues(settings, new Map([['a.b', 1]]))).toThrow('draw.a.b: the settings have no a');
});
