import { describe, expect, it } from 'vitest';
import { loadEvaluateConfig } from '../../src/evaluation/evaluate-config.js';
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
      'models.0.fit.seed: seeds stand under `seeds`',
    ],
    ['two of a name', { ...tiny, models: [model, model] }, 'models.1.name: there are two models called atam'],
    [
      'an ablation of nothing',
      { ...tiny, ablations: [{ name: 'x', of: 'y' }] },
      'ablations.0.of: there is no model called y',
    ],
    ['an unknown reference', { ...tiny, compare_with: 'x' }, 'compare_with: x is not one of atam, no MI'],
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

  it('names a file that is not there, or no YAML', async () => {
    await expect(loadEvaluateConfig('/nowhere.yaml')).rejects.toMatchObject({
      code: 'evaluation-unreadable',
      message: '/nowhere.yaml: cannot be read (ENOENT)',
    });
    expect((await problemOf('a: [')).code).toBe('evaluation-invalid');
  });
});
