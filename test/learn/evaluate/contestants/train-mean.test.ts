import { describe, expect, it } from 'vitest';
import { trainMean } from '../../../../src/learn/evaluate/contestants/train-mean.js';
import type { Example } from '../../../../src/learn/examples/example.js';
import { anExample } from '../../fit/an-example.js';

const example = (valence: number, own: number): Example =>
  anExample({ label: { targets: { valence }, class: own } });
const data = {
  train: [example(0.5, 0), example(0, 0), example(-1, 1)],
  validation: [example(-0.5, 1)],
  test: [example(1, 0)],
};

describe('trainMean', () => {
  it('says the mean label of everything but the test part', async () => {
    const { heads, classes } = await trainMean(data, ['valence'], ['x', 'y']).predict([
      example(1, 1),
      example(0, 0),
    ]);
    expect([...heads]).toEqual([-0.25, -0.25]);
    expect([...classes]).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  it('stays sensible where nothing is labelled', async () => {
    const unlabelled = anExample({ label: { targets: {}, class: null } });
    const mean = trainMean({ train: [unlabelled], validation: [], test: data.test }, ['arousal'], ['x', 'y']);
    expect(await mean.predict([unlabelled])).toMatchObject({
      heads: Float32Array.of(0),
      classes: Float32Array.of(0.5, 0.5),
    });
  });
});
