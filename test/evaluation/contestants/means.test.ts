import { describe, expect, it } from 'vitest';
import { trainMeans } from '../../../src/evaluation/contestants/means.js';
import type { Example } from '../../../src/training/example.js';
import { anExample } from '../../training/an-example.js';

const example = (stimulus: string | null, valence: number, own: number): Example =>
  anExample({ stimulus, label: { targets: { valence }, class: own } });
const data = {
  train: [example('a', 0.5, 0), example('a', 0, 0), example('b', -1, 1)],
  validation: [example('b', -0.5, 1)],
  test: [],
};

describe('trainMeans', () => {
  it('says the mean label of everything but the test part', async () => {
    const { heads, classes } = await trainMeans('train-mean', data, ['valence'], ['x', 'y']).predict([
      example('a', 1, 1),
    ]);
    expect([...heads]).toEqual([-0.25]);
    expect([...classes]).toEqual([0.5, 0.5]);
  });

  it('says what the clip had, and the mean for clips that are new', async () => {
    const means = trainMeans('stimulus-mean', data, ['valence'], ['x', 'y']);
    const { heads, classes } = await means.predict([
      example('a', 1, 1),
      example('b', 1, 1),
      example('c', 1, 1),
      example(null, 1, 1),
    ]);
    expect([...heads]).toEqual([0.25, -0.75, -0.25, -0.25]);
    expect([...classes]).toEqual([1, 0, 0, 1, 0.5, 0.5, 0.5, 0.5]);
  });

  it('stays sensible where nothing is labelled', async () => {
    const unlabelled = { ...example('a', 0, 0), label: { targets: {}, class: null } };
    const means = trainMeans(
      'train-mean',
      { ...data, train: [unlabelled], validation: [] },
      ['arousal'],
      ['x', 'y'],
    );
    expect(await means.predict([unlabelled])).toMatchObject({
      heads: Float32Array.of(0),
      classes: Float32Array.of(0.5, 0.5),
    });
  });
});
