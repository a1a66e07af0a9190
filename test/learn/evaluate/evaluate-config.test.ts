import { describe, expect, it } from 'vitest';
import { loadEvaluateConfig } from '../../../src/learn/evaluate/evaluate-config.js';
import { configFile, tiny } from './tiny.js';

const problemOf = async (config: unknown): Promise<{ code: string; message: string }> => {
  const { path } = configFile(config);
  const error = await loadEvaluateConfig(path).then(
    () => ({ code: 'none', message: 'none' }),
    (caught) => caught,
  );
  return { code: error.code, message: error.message.replace(`${path}: `, '') };
};
const [model] = tiny.models;

const beside = { table: 'Hi-MoE, Table 2 (regression)', differs: 'everything' };

describe('loadEvaluateConfig', () => {
  it('patches ablations onto their base', async () => {
    const { models } = await loadEvaluateConfig(configFile(tiny).path);
    expect(models.map(({ name, of }) => [name, of])).toEqual([
      ['atam', null],
      ['no MI', 'atam'],
    ]);
    expect(models[0].fit!.loss.mutual_information).toMatchObject({ weight: 0.1 });
    expect(models[1].fit!.loss).toEqual({ mse: { weight: 1 }, cosine: { weight: 0.02, form: 'squared' } });
  });

  it.each<[string, unknown, string]>([
    ['a misspelt key', { ...tiny, seed: 3 }, 'the file: Unrecognized key: "seed"'],
    ['an unknown split', { ...tiny, splits: [{ kind: 'trials' }] }, 'splits.0.kind: '],
    [
      'an unknown type',
      { ...tiny, models: [{ ...model, type: 'atom' }] },
      'models.0.type: atom is not one of',
    ],
    [
      'settings of another type',
      { ...tiny, models: [{ ...model, settings: { width: 4 } }] },
      'models.0.settings.transforms: ',
    ],
    [
      'a seed in fit',
      { ...tiny, models: [{ ...model, fit: { ...(model.fit as object), seed: 1 } }] },
      'models.0.fit.seed: it holds for all models; it stands at the top as `seeds`',
    ],
    ['two of a name', { ...tiny, models: [model, model] }, 'models.1.name: there are two models called atam'],
    [
      'an ablation of nothing',
      { ...tiny, ablations: [{ name: 'x', of: 'y' }] },
      'ablations.0.of: there is no model called y',
    ],
    [
      'a validation of its own',
      { ...tiny, models: [{ ...model, fit: { ...(model.fit as object), validation_missing: 0 } }] },
      'models.0.fit.validation_missing: it holds for all models; it stands at the top as `validation_missing`',
    ],
    [
      'two models and no main comparison',
      { ...tiny, main: undefined },
      'main: missing; with several models, write down before the first run which two are compared and by what: main: { model: atam, against: no MI,',
    ],
    ...(
      [
        [{ model: 'x' }, 'main.model: x is not one of atam, no MI'],
        [{ against: 'atam' }, 'main.against: atam is the model itself'],
        [{ metric: 'nll' }, 'main.metric: overall has no nll; it has ccc, pcc,'],
        [{ quantity: 'class' }, 'main.metric: class has no ccc; it has accuracy,'],
        [{ split: 2 }, 'main.split: there are 1 splits'],
        [{ metric: 'speed' }, 'main.metric: '],
      ] as const
    ).map(([change, message]): [string, unknown, string] => [
      `a main comparison with ${Object.values(change)}`,
      { ...tiny, main: { ...tiny.main, ...change } },
      message,
    ]),
    [
      'a main comparison of what is lost without a sweep',
      { ...tiny, main: { ...tiny.main, lost: 'single' }, sweeps: {} },
      'main.lost: there is no sweep; give `sweeps.missing`',
    ],
    [
      'a main comparison at a level that is not told',
      { ...tiny, levels: ['trial'] },
      'main.level: window is not in `levels`',
    ],
    [
      'figures of no model',
      { ...tiny, paper: [{ ...tiny.paper[0], model: 'x' }] },
      'paper.0.model: x is not one of atam, no MI',
    ],
    [
      'a table that no paper has',
      { ...tiny, paper_tables: [{ ...beside, table: 'Hi-MoE, Table 2 (ablation)' }] },
      'paper_tables.0.table: ',
    ],
    [
      'a table twice',
      { ...tiny, paper_tables: [beside, beside] },
      'paper_tables.1.table: Hi-MoE, Table 2 (regression) is there twice; keep one',
    ],
    [
      'columns of another table',
      { ...tiny, paper_tables: [{ ...beside, columns: 'SEED' }] },
      'paper_tables.0.columns: SEED is not one of DEAP, DREAMER',
    ],
    [
      'a row of another table',
      { ...tiny, paper_tables: [{ ...beside, ours: { ATAM: 'atam' } }] },
      'paper_tables.0.ours: ATAM is not a row; those are Late Fusion (2017): EEG, PPS; ',
    ],
    [
      'a row beside no model',
      { ...tiny, paper_tables: [{ ...beside, ours: { 'Ours: EEG, PPS': 'x' } }] },
      'paper_tables.0.ours.Ours: EEG, PPS: x is not one of atam, no MI',
    ],
    [
      'the best epoch of no validation',
      { ...tiny, validation: 'none' },
      'models.0.fit.keep: with validation: none there is no best epoch; keep: last',
    ],
  ])('names the place of %s', async (_, config, message) => {
    const problem = await problemOf(config);
    expect(problem.code).toBe('evaluation-invalid');
    expect(problem.message).toContain(message);
  });

  const sequence = {
    name: 'sequence',
    type: 'bilstm',
    settings: { steps: 3, heads: ['valence'] },
    fit: { epochs: 1, batch_size: 8, learning_rate: 0.01, loss: { mse: 1 } },
  };
  const ridge = { name: 'ridge', type: 'ridge', settings: { heads: ['valence'] } };
  const draw = { 'transforms.eeg.0': [4, 9] };
  const both = {
    ...tiny,
    history: 3,
    search: { configurations: 4 },
    models: [{ ...model, draw }, { ...sequence, draw: { hidden: [2, 8] } }, ridge],
  };

  it('gives every model the same history, configurations and validation, and ablations those of their base', async () => {
    const { models } = await loadEvaluateConfig(configFile(both).path);
    expect(models.map(({ name }) => name)).toEqual(['atam', 'sequence', 'ridge', 'no MI']);
    for (const { history, search, validation_missing, exception } of models)
      expect([history, search!.configurations, validation_missing, exception]).toEqual([3, 4, 0.3, null]);
    expect(models.map(({ search }) => search!.draw)).toEqual([draw, { hidden: [2, 8] }, {}, draw]);
  });

  it('lets a named exception differ, which stands in no main comparison', async () => {
    const reason = 'As in its paper.';
    const excepted = { ...sequence, exception: { history: 3, configurations: 1, reason } };
    const config = { ...both, history: undefined, models: [{ ...model, draw }, excepted, ridge] };
    const { models } = await loadEvaluateConfig(configFile(config).path);
    expect(models.map(({ history }) => history)).toEqual([null, 3, null, null]);
    expect(models.map(({ search }) => search?.configurations)).toEqual([4, undefined, 4, 4]);
    const main = { ...tiny.main, against: 'sequence', quantity: 'valence' };
    expect((await problemOf({ ...config, main })).message).toBe(
      'main.against: sequence is an exception; compare two that had the same opportunities',
    );
    // A linear model may be shown at its best beside networks that try one configuration.
    const best = { ...ridge, exception: { configurations: 7, reason } };
    const alone = await loadEvaluateConfig(configFile({ ...tiny, models: [model, best] }).path);
    expect(alone.models.map(({ search }) => search?.configurations)).toEqual([undefined, 7, undefined]);
  });

  it.each<[string, object, string]>([
    [
      'a history of one model',
      { models: [{ ...model, history: 3 }] },
      'models.0: Unrecognized key: "history"',
    ],
    [
      'a search of one model',
      { models: [{ ...model, search: { configurations: 3 } }] },
      'models.0: Unrecognized key: "search"',
    ],
    [
      'a sequence of another length',
      { history: 4 },
      'models.1.settings.steps: 3, but it sees 4 windows; `history` at the top gives every model so many, `exception` this one alone',
    ],
    [
      'a model that tries one configuration where the others try more',
      { models: [model, ...both.models.slice(1)] },
      'models.0.draw: missing; it tries 4 configurations as all models do; say what is drawn, or make it an `exception` with its reason',
    ],
    [
      'a draw of what is not there',
      { models: [{ ...model, draw: { 'transform.eeg.0': [4, 9] } }] },
      'models.0.draw.transform.eeg.0: the settings have no transform.eeg',
    ],
    [
      'a draw that the settings do not allow',
      { models: [{ ...model, draw: { width: [0, 9] } }] },
      'models.0.settings.width: ',
    ],
    [
      'a draw without a search',
      { search: undefined, models: [{ ...model, draw }] },
      'models.0.draw: nothing is drawn without `search`',
    ],
    [
      'a choice among configurations without a validation set',
      { validation: 'none' },
      'models.0: 4 configurations, but with validation: none there is nothing to choose on; validation: held-out',
    ],
    [
      'an exception from nothing',
      { models: [{ ...model, draw, exception: { reason: 'So.' } }] },
      'models.0.exception: it excepts the model from nothing; say its history or its configurations, or leave it out',
    ],
  ])('refuses %s', async (_, change, message) => {
    expect((await problemOf({ ...both, ...change })).message).toContain(message);
  });

  it('names a file that is not there, or no YAML', async () => {
    await expect(loadEvaluateConfig('/nowhere.yaml')).rejects.toMatchObject({
      code: 'evaluation-unreadable',
      message: '/nowhere.yaml: cannot be read (ENOENT)',
    });
    expect((await problemOf('a: [')).code).toBe('evaluation-invalid');
  });
});
