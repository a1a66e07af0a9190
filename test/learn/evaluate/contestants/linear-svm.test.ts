import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blindNames } from '../../../../src/learn/evaluate/blind/contestants.js';
import { modelProblems } from '../../../../src/learn/evaluate/contestants/model.js';
import { trainSolved } from '../../../../src/learn/evaluate/contestants/solved.js';
import { evaluate } from '../../../../src/learn/evaluate/evaluate.js';
import { loadEvaluateConfig, type ModelPlan } from '../../../../src/learn/evaluate/evaluate-config.js';
import type { FoldEngine } from '../../../../src/learn/evaluate/fold-engine.js';
import { softmaxRows } from '../../../../src/learn/evaluate/outputs.js';
import type { ModelInputs } from '../../../../src/learn/examples/dataset.js';
import type { Example } from '../../../../src/learn/examples/example.js';
import { largestOf } from '../../../../src/learn/fit/predicting.js';
import { anExample } from '../../fit/an-example.js';
import { configFile, options, tiny } from '../tiny.js';

const path = join(import.meta.dirname, '../../../../fixtures/training/linear-svm.json');
const { train, test, standardised } = JSON.parse(readFileSync(path, 'utf8')) as {
  train: Part;
  test: Part;
  standardised: { c: number; decision: number[][]; accuracy: number }[];
};
interface Part {
  rows: number[][];
  class: number[];
}
const classes = ['negative', 'neutral', 'positive'];
/** The reference's columns as two modalities. */
const EEG = 30;
const features = (count: number) => ({
  kind: 'features' as const,
  features: Array.from({ length: count }, (_, f) => ({ channel: 'c', feature: `f${f}`, unit: '' })),
  upstream: '',
});
const inputs: ModelInputs = new Map([
  ['eeg', features(EEG)],
  ['eye', features(train.rows[0].length - EEG)],
]);
const modality = (values: number[], present = true) => ({
  values: Float32Array.from(values),
  mask: Uint8Array.from(values, () => Number(present)),
  present,
});
const examplesOf = (part: Part): Example[] =>
  part.rows.map((row, i) =>
    anExample({
      trial: `${i}`,
      position: i,
      frame: [modality(row.slice(0, EEG)), modality(row.slice(EEG))],
      label: { targets: {}, class: part.class[i] },
    }),
  );
const learnt = examplesOf(train);
const asked = examplesOf(test);
const plan: ModelPlan = {
  name: 'SVM',
  type: 'linear-svm',
  of: null,
  modalities: null,
  select: null,
  history: null,
  settings: { classes },
  fit: null,
  clip_sd: null,
  with_mask: false,
  label_range: null,
  search: null,
  validation_missing: 0,
  exception: null,
};
/** It is solved on the spot, by no engine. */
const none = {} as FoldEngine;
const trained = (
  settings: object,
  data = { train: learnt, validation: [] as Example[], test: [] as Example[] },
) => trainSolved(none, { ...plan, settings: { classes, ...settings } }, inputs, data, 1);

describe('a linear SVM', () => {
  it.each(standardised)(
    "decides and scores as scikit-learn's at C = $c",
    async ({ c, decision, accuracy }) => {
      const { classes: found } = await (await trained({ c })).predict(asked);
      const expected = softmaxRows(Float32Array.from(decision.flat()), classes.length);
      // Features are standardised to float32.
      const gaps = found.map((value, i) => Math.abs(value - expected[i]));
      expect(Math.max(...gaps)).toBeLessThan(1e-5);
      const right = largestOf(found, classes.length).filter((k, i) => k === test.class[i]).length;
      expect(Math.abs(right / asked.length - accuracy)).toBeLessThanOrEqual(0.005);
    },
  );

  it('learns from the training part alone, and from no window without a class', async () => {
    const unlabelled = asked.map((example) => ({ ...example, label: { targets: {}, class: null } }));
    const half = learnt.slice(0, 100);
    const [whole, parted] = await Promise.all([
      trained({}, { train: half, validation: [], test: [] }),
      trained({}, { train: half, validation: learnt.slice(100), test: asked }),
    ]);
    expect((await parted.predict(asked)).classes).toEqual((await whole.predict(asked)).classes);
    await expect(trained({}, { train: unlabelled, validation: [], test: [] })).rejects.toThrow(
      'model SVM: no training window has a class',
    );
  });

  it('takes what a window lacks as its mean, and says what is there', async () => {
    const { predict } = await trained({});
    const lacking = { ...asked[0], frame: [asked[0].frame[0], modality(train.rows[0].slice(EEG), false)] };
    const nothing = { ...asked[0], frame: asked[0].frame.map(({ values }) => modality([...values], false)) };
    const mean = (f: number): number =>
      learnt.reduce((sum, { frame }) => sum + frame[1].values[f], 0) / learnt.length;
    const middle = {
      ...asked[0],
      frame: [asked[0].frame[0], modality(train.rows[0].slice(EEG).map((_, f) => mean(f)))],
    };
    const { classes: found, modalities } = await predict([lacking, nothing, middle]);
    expect([...modalities]).toEqual([1, 0, 0, 0, 0.5, 0.5]);
    for (let k = 0; k < classes.length; k++) expect(found[k]).toBeCloseTo(found[6 + k], 5);
  });
});

describe('its plan', () => {
  it('is at odds with data of other classes', () => {
    expect(modelProblems(plan, inputs, classes)).toEqual([]);
    expect(modelProblems(plan, inputs, ['low', 'high'])).toEqual([
      "settings.classes: the data's are low, high, in this order",
    ]);
  });

  const dataset = {
    ...tiny.data.dataset,
    labels: { kind: 'classes', classes: ['low', 'high'] },
    modalities: { eeg: { features: 4, effect: { high: 3 } }, eye: { features: 3, effect: { low: 2 } } },
  };
  const svm: Record<string, unknown> = {
    name: 'SVM',
    type: 'linear-svm',
    settings: { classes: ['low', 'high'] },
  };
  const config = {
    ...tiny,
    data: { dataset },
    seeds: [1],
    models: [svm],
    ablations: [{ name: 'softer', of: 'SVM', settings: { c: 0.001 } }],
    main: { model: 'SVM', against: 'softer', quantity: 'class', metric: 'auc', level: 'window' },
    paper: [],
  };

  it('runs from a file to a report, with sweeps, ablations and latency', async () => {
    const { path: file, out } = configFile(config);
    const { splits } = await evaluate(file, options(out));
    const [{ rows }] = splits[0].tables;
    expect(rows.map(({ model }) => model)).toEqual(['SVM', 'softer', ...blindNames]);
    expect(rows[0].figures.accuracy!.mean).toBeGreaterThan(rows[2].figures.accuracy!.mean + 0.1);
    expect(new Set(splits[0].sweeps.map(({ sweep }) => sweep))).toEqual(
      new Set(['single', 'bursts', 'asynchrony']),
    );
    // Two classes of 4 and 3 features with masks, and an offset.
    expect(JSON.parse(readFileSync(join(out, 'latency.json'), 'utf8'))[0].parameters).toBe(2 * (14 + 1));
  });

  it.each<[string, object, string]>([
    [
      'a fit',
      { models: [{ ...svm, fit: { epochs: 1 } }] },
      'models.0.fit: linear-svm is solved, not fitted by steps; leave it out',
    ],
    [
      "an ablation's fit",
      { ablations: [{ name: 'x', of: 'SVM', fit: { epochs: 1 } }] },
      'ablations.0.fit: linear-svm is solved',
    ],
    [
      'no fit of what needs one',
      { models: [{ ...tiny.models[0], fit: undefined }], ablations: [] },
      'models.0.fit: atam needs it',
    ],
    ['one class', { models: [{ ...svm, settings: { classes: ['low'] } }] }, 'models.0.settings.classes: '],
    [
      'a draw',
      { search: { configurations: 2 }, models: [{ ...svm, draw: { c: [1, 2] } }] },
      'models.0.draw: linear-svm tries a grid of penalties; leave it out',
    ],
    [
      'training under absences',
      { sweeps: { missing: { rates: [0, 0.4], train: 'each-rate' } } },
      'sweeps.missing.train: SVM has no dropout to train with; train: once',
    ],
  ])('names the place of %s', async (_, change, message) => {
    const { path: file } = configFile({ ...config, ...change });
    await expect(loadEvaluateConfig(file)).rejects.toThrow(`${file}: ${message}`);
  });
});
