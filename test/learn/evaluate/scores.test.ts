import { describe, expect, it } from 'vitest';
import { byTrial, meanScores, metricsOf, paired, scoresOf } from '../../../src/learn/evaluate/scores.js';
import type { Example } from '../../../src/learn/examples/example.js';
import { anExample } from '../fit/an-example.js';

const example = (trial: string, valence: number | undefined, own: number | null = null): Example =>
  anExample({ trial, label: { targets: valence === undefined ? {} : { valence }, class: own } });

describe('paired', () => {
  it('leaves out what no label tells', () => {
    const examples = [example('a', 0.5), example('a', undefined), example('b', -0.5)];
    const series = paired('valence', examples, Float32Array.of(1, 0.5, 2, 0.25, 3, -0.5), 2, 1);
    expect(series.predicted).toEqual([[0.5], [-0.5]]);
    expect(series.label).toEqual([0.5, -0.5]);
  });

  it('gives class probabilities by row', () => {
    const { predicted } = paired('class', [example('a', 0, 1)], Float32Array.of(0.25, 0.75), 2, 0);
    expect([...Array.from(predicted[0])]).toEqual([0.25, 0.75]);
  });
});

it('averages windows of a trial, label and prediction alike', () => {
  const examples = [example('a', 0), example('a', 1), example('b', -1)];
  const series = byTrial(paired('valence', examples, Float32Array.of(0.5, 1, -0.5), 1, 0));
  expect(series.predicted.map((row) => row[0])).toEqual([0.75, -0.5]);
  expect(series.label).toEqual([0.5, -1]);
});

describe('scoresOf', () => {
  it('takes the middle of the scale as Low', () => {
    const examples = [0, 0.5, -0.5, 0.25].map((value, i) => example(`${i}`, value));
    const series = paired('valence', examples, Float32Array.of(0.1, 0.2, -0.2, 0), 1, 0);
    const { accuracy, auc, ccc } = scoresOf(series, 0);
    // High: the second and fourth; said High: the first and second.
    expect(accuracy).toBe(0.5);
    expect(auc).toBe(0.75);
    expect(ccc).toBeGreaterThan(0);
  });

  it('gives the metrics that there are of a dimension, and of two classes', () => {
    const valence = paired('valence', [example('a', 1), example('b', -1)], Float32Array.of(0.5, 0), 1, 0);
    expect(Object.keys(scoresOf(valence, 0)).sort()).toEqual(metricsOf('dimension').sort());
    const own = paired('class', [example('a', 0, 1)], Float32Array.of(0.25, 0.75), 2, 0);
    expect(Object.keys(scoresOf(own, 2)).sort()).toEqual(metricsOf('class').sort());
  });

  it('has no AUC of three classes', () => {
    const series = paired('class', [example('a', 0, 2)], Float32Array.of(0.2, 0.2, 0.6), 3, 0);
    expect(scoresOf(series, 3)).toMatchObject({ accuracy: 1, macro_f1: 1 / 3 });
    expect(scoresOf(series, 3).auc).toBeUndefined();
  });
});

it('averages over dimensions what all have', () => {
  expect(meanScores([{ ccc: 0.5, mae: 1 }, { ccc: Number.NaN }])).toEqual({ ccc: Number.NaN });
});
