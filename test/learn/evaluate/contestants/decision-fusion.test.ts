import { describe, expect, it } from 'vitest';
import { trainDecisionFusion } from '../../../../src/learn/evaluate/contestants/decision-fusion.js';
import { modelProblems } from '../../../../src/learn/evaluate/contestants/model.js';
import { trainNetwork } from '../../../../src/learn/evaluate/contestants/network.js';
import { trainSolved } from '../../../../src/learn/evaluate/contestants/solved.js';
import { loadEvaluateConfig, type ModelPlan } from '../../../../src/learn/evaluate/evaluate-config.js';
import type { FoldEngine } from '../../../../src/learn/evaluate/fold-engine.js';
import { choquetIntegral, fitMeasure } from '../../../../src/learn/evaluate/fusion/choquet.js';
import type { Example } from '../../../../src/learn/examples/example.js';
import { loadExamples } from '../../../../src/learn/examples/example-set.js';
import { onlyModality } from '../../../../src/learn/examples/missing.js';
import { loadTfjsWasm } from '../../../../src/model/engines/tfjs-wasm.js';
import { configFile, tiny } from '../tiny.js';

const classes = ['low', 'middle', 'high'];
const fit = { epochs: 4, batch_size: 16, learning_rate: 0.02, loss: { cross_entropy: 1, mse: 1 } };
const unimodal = { type: 'concatenation', settings: { classes, heads: ['valence'] } };
const dataset = {
  ...tiny.data.dataset,
  labels: { kind: 'classes', classes },
  modalities: {
    eeg: { features: 4, effect: { low: 2, high: 2 } },
    eye: { features: 3, effect: { low: 1 } },
    skin: { features: 2, effect: { high: 1 } },
  },
};
const config = {
  ...tiny,
  data: { dataset, labels: { targets_from_class: { valence: [-1, 0, 1] } } },
  models: ['max', 'sum', 'choquet'].map((rule) => ({
    name: rule,
    type: 'decision-fusion',
    settings: { rule, unimodal },
    fit,
  })),
  ablations: [],
  main: { model: 'max', against: 'sum', quantity: 'class', metric: 'accuracy', level: 'window' },
  paper: [],
};
const { config: loaded, models } = await loadEvaluateConfig(configFile(config).path);
const { examples, inputs } = await loadExamples(loaded.data, { pipeline: null, directory: '/' });
const people = [...new Set(examples.map(({ person }) => person))];
const of = (...own: number[]): Example[] =>
  examples.filter(({ person }) => own.some((p) => people[p] === person));
const data = { train: of(0, 1), validation: of(2), test: of(3) };
const names = [...inputs.keys()];
const tf = await loadTfjsWasm();

/** [modality][n][class], each modality's classifier by itself. */
const alone = await Promise.all(
  names.map(async (name) => {
    const plan: ModelPlan = { ...models[0], ...unimodal, modalities: [name] };
    const trained = await trainNetwork({ tf }, plan, inputs, data, 1);
    const rowsOf = async (own: readonly Example[]) => {
      const { heads, classes: probabilities } = await trained.predict(own);
      return own.map((_, i) => ({ head: heads[i], row: [...probabilities.subarray(i * 3, i * 3 + 3)] }));
    };
    return { train: await rowsOf(data.train), test: await rowsOf(data.test) };
  }),
);
const normalised = (row: readonly number[]) => row.map((value) => value / row.reduce((sum, v) => sum + v));
const trained = await Promise.all(models.map((plan) => trainDecisionFusion({ tf }, plan, inputs, data, 1)));
const said = await Promise.all(trained.map((one) => one.predict(data.test)));

const expectRows = (found: Float32Array, expected: readonly (readonly number[])[]) => {
  expect(found).toHaveLength(expected.flat().length);
  expected.flat().forEach((value, i) => {
    expect(found[i]).toBeCloseTo(value, 5);
  });
};

describe('trainDecisionFusion', () => {
  const fusedBy = (rule: (scores: readonly number[], k: number) => number) =>
    data.test.map((_, i) =>
      normalised(
        classes.map((_, k) =>
          rule(
            alone.map(({ test }) => test[i].row[k]),
            k,
          ),
        ),
      ),
    );

  it('takes the greatest and the mean of what the classifiers say', () => {
    expectRows(
      said[0].classes,
      fusedBy((scores) => Math.max(...scores)),
    );
    expectRows(
      said[1].classes,
      fusedBy((scores) => scores.reduce((sum, score) => sum + score) / scores.length),
    );
  });

  it('integrates under measures of the training part, whatever the test labels are', async () => {
    const measures = classes.map((_, k) =>
      fitMeasure(
        data.train.map((_, i) => alone.map(({ train }) => train[i].row[k])),
        data.train.map(({ label }) => Number(label.class === k)),
      ),
    );
    expectRows(
      said[2].classes,
      fusedBy((scores, k) => choquetIntegral(measures[k], scores)),
    );
    const relabelled = data.test.map((example) => ({ ...example, label: { targets: {}, class: 0 } }));
    const other = await trainDecisionFusion({ tf }, models[2], inputs, { ...data, test: relabelled }, 1);
    expect((await other.predict(relabelled)).classes).toEqual(said[2].classes);
    await other.dispose();
  });

  it('fits measures to what was held out where it is asked to', async () => {
    const settings = { ...models[2].settings, measure_from: 'validation' };
    const held = await trainDecisionFusion({ tf }, { ...models[2], settings }, inputs, data, 1);
    expect((await held.predict(data.test)).classes).not.toEqual(said[2].classes);
    await held.dispose();
    const none = trainDecisionFusion(
      { tf },
      { ...models[2], settings },
      inputs,
      { ...data, validation: [] },
      1,
    );
    await expect(none).rejects.toThrow('no validation window has all of');
  });

  it('averages dimensions under every rule', () => {
    const mean = data.test.map((_, i) => [
      alone.reduce((sum, { test }) => sum + test[i].head, 0) / alone.length,
    ]);
    for (const { heads } of said) expectRows(heads, mean);
  });

  it('leaves out what a window lacks, and tells the training mean of one that lacks all', async () => {
    const eyeOnly = data.test
      .slice(0, 3)
      .map((example) => ({ ...example, frame: onlyModality(example.frame, 1) }));
    const nothing = { ...data.test[0], frame: onlyModality(data.test[0].frame, -1) };
    for (const one of trained) {
      const { classes: found, modalities } = await one.predict([...eyeOnly, nothing]);
      const labels = [...data.train, ...data.validation].map(({ label }) => label.class);
      const prior = classes.map((_, k) => labels.filter((own) => own === k).length / labels.length);
      if (one !== trained[2]) expectRows(found, [...alone[1].test.slice(0, 3).map(({ row }) => row), prior]);
      expect([...found].every((value) => value >= 0 && value <= 1)).toBe(true);
      expect([...modalities.subarray(0, 3)]).toEqual([0, 1, 0]);
    }
  });

  it('learns from windows that have a modality, and says where none has all', async () => {
    const split = data.train.map((example, i) => ({ ...example, frame: onlyModality(example.frame, i % 2) }));
    const partly = { ...data, train: split };
    const sum = await trainDecisionFusion({ tf }, models[1], inputs, partly, 1);
    const { modalities } = await sum.predict(data.test.slice(0, 1));
    expect([...modalities]).toEqual([0.5, 0.5, 0]);
    await sum.dispose();
    await expect(trainDecisionFusion({ tf }, models[2], inputs, partly, 1)).rejects.toThrow(
      'model choquet: no training window has all of eeg, eye, skin, which choquet needs; name fewer `modalities`',
    );
  });
});

describe('modelProblems', () => {
  it('finds none in what fits, and names what decision fusion has no use for', () => {
    expect(modelProblems(models[0], inputs, classes)).toEqual([]);
    const search = { configurations: 2, choose_on: 'validation' } as const;
    const [draw] = [{ 'unimodal.settings.hidden.0': [2, 4] as [number, number] }];
    expect(modelProblems({ ...models[0], search: { ...search, draw } }, inputs, classes)).toEqual([]);
    expect(
      modelProblems({ ...models[0], search: { ...search, draw: { rule: [1, 2] } } }, inputs, classes),
    ).toEqual(['draw.rule: only what is in unimodal.settings can be drawn']);
    expect(modelProblems({ ...models[0], modalities: ['face'] }, inputs, classes)[0]).toBe(
      'modalities: face: the data have eeg, eye, skin',
    );
  });
});

describe('decision fusion of solved classifiers', () => {
  it('fuses what each says alone, their penalties chosen by the windows held out', async () => {
    const logistic = { type: 'logistic', settings: { classes } };
    const search = { configurations: 3, draw: {}, choose_on: 'validation' } as const;
    const plan: ModelPlan = {
      ...models[1],
      settings: { rule: 'sum', unimodal: logistic },
      fit: null,
      search,
    };
    const engine = {} as FoldEngine;
    const sum = await trainDecisionFusion(engine, plan, inputs, data, 1);
    const { classes: fused } = await sum.predict(data.test);
    const each = await Promise.all(
      names.map(async (name) => {
        const member = await trainSolved(
          engine,
          { ...plan, ...logistic, modalities: [name] },
          inputs,
          data,
          2,
        );
        return (await member.predict(data.test)).classes;
      }),
    );
    expectRows(
      fused,
      data.test.map((_, i) =>
        normalised(classes.map((_, k) => each.reduce((all, own) => all + own[i * classes.length + k], 0))),
      ),
    );
  });
});
