import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blindNames } from '../../../../src/learn/evaluate/blind/contestants.js';
import { evaluate } from '../../../../src/learn/evaluate/evaluate.js';
import { configFile, options, tiny } from '../tiny.js';

describe('models that only evaluations have', () => {
  it('run from a file to a report with sweeps and latency', async () => {
    const unimodal = { type: 'prnet', settings: { hidden: [4], heads: ['valence', 'arousal'] } };
    const config = {
      ...tiny,
      seeds: [1],
      models: [
        {
          name: 'sum',
          type: 'decision-fusion',
          settings: { rule: 'sum', unimodal },
          fit: { epochs: 2, batch_size: 16, learning_rate: 0.02, loss: { mse: 1 } },
        },
        {
          name: 'solved',
          type: 'decision-fusion',
          settings: { rule: 'sum', unimodal: { type: 'ridge', settings: { heads: ['valence', 'arousal'] } } },
        },
      ],
      ablations: [
        {
          name: 'linear',
          of: 'sum',
          settings: { unimodal: { type: 'concatenation', settings: { hidden: [] } } },
        },
      ],
      main: { model: 'sum', against: 'linear', quantity: 'overall', metric: 'ccc', level: 'window' },
      paper: [],
    };
    const { path, out } = configFile(config);
    const { splits } = await evaluate(path, options(out));
    const [{ rows }] = splits[0].tables;
    expect(rows.map(({ model }) => model)).toEqual(['sum', 'solved', 'linear', ...blindNames]);
    expect(rows[0].figures.ccc!.mean).not.toBe(rows[2].figures.ccc!.mean);
    expect(new Set(splits[0].sweeps.map(({ sweep }) => sweep))).toEqual(
      new Set(['single', 'bursts', 'asynchrony']),
    );
    // Two classifiers of 4 units, with masks: (8 and 6) x 4 + 4, then two values each.
    const [sum, solved] = JSON.parse(readFileSync(join(out, 'latency.json'), 'utf8'));
    expect(sum.parameters).toBe(8 * 4 + 4 + 6 * 4 + 4 + 2 * 2 * 5);
    expect(solved.parameters).toBe(2 * (8 + 1) + 2 * (6 + 1));
  });

  it.each([
    ['rule', { rule: 'mean' }, 'models.0.settings.rule'],
    ['classifier', { unimodal: { type: 'atam', settings: {} } }, 'models.0.settings.unimodal.type'],
  ])('name the place of an unknown %s', async (_, change, place) => {
    const settings = { rule: 'max', unimodal: { type: 'concatenation', settings: {} }, ...change };
    const model = { ...tiny.models[0], type: 'decision-fusion', settings };
    const { path, out } = configFile({ ...tiny, models: [model], ablations: [], paper: [] });
    await expect(evaluate(path, options(out))).rejects.toThrow(place);
  });
});
