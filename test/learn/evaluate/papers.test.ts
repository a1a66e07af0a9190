import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { evaluate } from '../../../src/learn/evaluate/evaluate.js';
import {
  type EvaluateConfig,
  loadEvaluateConfig,
  type PaperFigure,
  type PaperTable,
} from '../../../src/learn/evaluate/evaluate-config.js';
import { publishedTables } from '../../../src/learn/papers/citation.js';
import { loadPipeline } from '../../../src/pipeline/file/load.js';
import { fixtureCopy } from '../datasets/fixture-copy.js';
import { configFile, options } from './tiny.js';

const folder = join(import.meta.dirname, '../../../examples/evaluations');
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

describe.each(files)('%s', (file) => {
  it('is a configuration, named as its file, with a pipeline that loads', async () => {
    const { config, models, pipeline } = await loadEvaluateConfig(join(folder, file));
    expect(`${config.name}.yaml`).toBe(file);
    expect(models.length).toBeGreaterThan(0);
    if (pipeline !== null) expect((await loadPipeline(pipeline)).models.size).toBe(1);
  });
});

describe('what they print', () => {
  const configs = files.map((file) => parse(readFileSync(join(folder, file), 'utf8')));

  it('is every published table, and of the papers nothing but their tables', () => {
    const printed = new Set(
      configs.flatMap(({ paper_tables = [] }) => paper_tables.map(({ table }: PaperTable) => table)),
    );
    expect([...printed].sort()).toEqual([...publishedTables.keys()].sort());
    const others = configs.flatMap(({ paper = [] }) => paper.map(({ source }: PaperFigure) => source));
    expect(others.filter((source) => /^(?:ATAM|Hi-MoE|PRNet)\b/.test(source))).toEqual([]);
  });
});

/** People and sessions of the fixtures, and splits that so few trials allow. */
const small: Record<string, { dataset: object; splits: readonly object[]; settings?: object }> = {
  affectnet: {
    dataset: { size: 8 },
    splits: [{ kind: 'given', test: ['validation'] }],
    settings: { stages: [4, 4], features: 4 },
  },
  deap: { dataset: { people: ['s01', 's02'] }, splits: [{ kind: 'trial', folds: 2 }] },
  dreamer: { dataset: { people: ['s01', 's02'] }, splits: [{ kind: 'trial', folds: 2 }] },
  seed: {
    dataset: { people: ['1'], sessions: 1 },
    splits: [{ kind: 'first-clips', train: 9, within: 'session' }],
  },
  'seed-iv': {
    dataset: { people: ['1'], sessions: ['1'] },
    splits: [{ kind: 'first-clips', train: 16, within: 'session' }],
  },
  'seed-multimodal': {
    dataset: { people: ['14'] },
    splits: [{ kind: 'first-clips', train: 9, within: 'session' }],
  },
};

/** A copy of a pipeline with windows that fit the fixtures' trials, which last 3 or 4 s. */
function halvedWindows(path: string): string {
  const text = readFileSync(path, 'utf8');
  return configFile(text.replaceAll('window_s: 4', 'window_s: 2').replaceAll('hop_s: 2', 'hop_s: 1')).path;
}

/** The same evaluation on a few seconds of made-up data in the data set's own layout, one short epoch each. */
function shrunk(file: string): EvaluateConfig {
  const config = parse(readFileSync(join(folder, file), 'utf8'));
  const { kind } = config.data.dataset;
  const { dataset, splits, settings } = small[kind];
  const copy = fixtureCopy(kind);
  const leakySearch = config.search?.choose_on === 'test';
  const brief = { epochs: 1, batch_size: 8, keep: 'last', warmup_epochs: 0 };
  return {
    ...config,
    pipeline: config.pipeline && halvedWindows(resolve(folder, config.pipeline)),
    data: {
      ...config.data,
      step_s: 0.25,
      dataset: {
        ...config.data.dataset,
        ...dataset,
        path: copy,
        ...(config.data.dataset.ratings && { ratings: join(copy, 'metadata_csv/participant_ratings.csv') }),
        ...(config.data.dataset.face && { face: join(copy, 'face') }),
      },
    },
    splits,
    validation: 'none',
    seeds: [1],
    // What is drawn was held to the model's settings when the file was read.
    search: leakySearch ? { configurations: 2, choose_on: 'test' } : undefined,
    models: config.models.map(({ draw, ...model }: { draw?: object; fit?: object; settings: object }) => ({
      ...model,
      ...(leakySearch && { draw }),
      settings: { ...model.settings, ...settings },
      ...(model.fit && { fit: { ...model.fit, ...brief } }),
    })),
    // So few ratings have none in the middle of the scale.
    ablations: config.ablations?.filter((one: { label_range?: number }) => one.label_range === undefined),
    paper_tables: config.paper_tables?.map((beside: PaperTable) => ({
      ...beside,
      ours: Object.fromEntries(
        Object.entries(beside.ours ?? {}).filter(([, model]) => !model.startsWith('labels within')),
      ),
    })),
    sweeps: {
      ...(config.sweeps?.missing && { missing: { rates: [0, 0.4] } }),
      ...(config.sweeps?.asynchrony && { asynchrony: { shifts_s: [2] } }),
    },
  };
}

const runnable = files.filter((file) => !/^(leakage|simulated)/.test(file));

describe.each(runnable)('%s on fixtures', (file) => {
  it('runs from files to report, every model and ablation', { timeout: 300_000 }, async () => {
    const { path, out } = configFile(shrunk(file));
    const result = await evaluate(path, options(out, { leaky: true }));
    const [{ tables }] = result.splits;
    const told = tables.flatMap(({ rows }) => rows.map(({ model }) => model));
    for (const { name } of result.models) expect(told).toContain(name);
    const report = readFileSync(join(out, 'report.md'), 'utf8');
    for (const { source, row, printed } of result.paper) {
      expect(report).toContain(row === null ? '### Other works' : `### ${source}`);
      expect(report).toContain(printed.replaceAll('*', '\\*'));
    }
    expect(result.paper.some(({ ours }) => ours.length > 0)).toBe(true);
  });
});
