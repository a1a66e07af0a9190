import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { blindNames } from '../../../src/learn/evaluate/blind/contestants.js';
import { evaluate } from '../../../src/learn/evaluate/evaluate.js';
import type { EvaluationResult } from '../../../src/learn/evaluate/evaluation-result.js';
import { holm } from '../../../src/learn/metrics/holm.js';
import { configFile, options, tiny } from './tiny.js';

const read = (out: string, file: string): string => readFileSync(join(out, file), 'utf8');

/** Every output but the latency, which is measured. */
function outputs(out: string): Record<string, string> {
  const figures = readdirSync(join(out, 'figures')).map((file) => join('figures', file));
  return Object.fromEntries(['report.md', 'report.json', ...figures].map((file) => [file, read(out, file)]));
}

describe('evaluate', () => {
  const { path, out } = configFile(tiny);
  let result: EvaluationResult;
  beforeAll(async () => {
    result = await evaluate(path, options(out));
  });

  it('measures models, ablations and the means on the same folds', () => {
    const [split] = result.splits;
    expect(split).toMatchObject({ kind: 'subject', label: null, folds: 2, unit: 'person' });
    expect(split.tables.map(({ quantity, level }) => [quantity, level])).toEqual([
      ['valence', 'window'],
      ['arousal', 'window'],
      ['overall', 'window'],
    ]);
    const [valence] = split.tables;
    expect(valence.rows.map(({ model }) => model)).toEqual(['atam', 'no MI', ...blindNames]);
    for (const { figures } of valence.rows) expect(figures.mae!.counted).toBe(4);
    // A constant has no CCC with one person's labels.
    expect(valence.rows[2].figures.ccc).toMatchObject({ counted: 0, undefined: 4 });
    expect(valence.rows[0].figures.ccc!.mean).toBeGreaterThan(0.3);
    expect(valence.rows[0].figures.ccc!.seed_sd).toBeGreaterThan(0);
  });

  it('sets what sees no body and what knows the experiment beside them, and says what each may say', () => {
    const { verdicts, splits, ledger } = result;
    expect(verdicts.map(({ model, output, validated }) => [model, output, validated])).toEqual([
      ['atam', 'valence', false],
      ['atam', 'arousal', false],
      ['no MI', 'valence', false],
      ['no MI', 'arousal', false],
    ]);
    for (const { reason, conditions } of verdicts) {
      expect(reason).toBe('held-out: the data are simulated');
      expect(conditions).toHaveLength(1);
    }
    // Nothing was scored on people: there is nothing to count.
    expect(ledger).toEqual([]);
    expect(existsSync(join(out, '../ledger.jsonl'))).toBe(false);
    expect(splits[0].local).toHaveLength(2 * (2 + blindNames.length));
    expect(splits[0].local[0]).toMatchObject({ model: 'atam', group: 'model', metric: 'ccc_within_trials' });
    const report = read(out, 'report.md');
    expect(report).toMatch(/\| \*sees no body:\* \|[ |]+\n\| train-mean /);
    expect(report).toMatch(/\| \*knows the experiment:\* \|[ |]+\n\| schedule /);
    expect(report).toContain('| atam | valence | no | 4 ✗ | - | held-out: the data are simulated |');
    for (const name of blindNames) expect(report).toContain(`- \`${name}\``);
  });

  it('opens with the main comparison, written down before the first fold', () => {
    const { main, splits } = result;
    const overall = splits[0].tables.find(({ quantity }) => quantity === 'overall')!;
    const [model, against] = overall.rows.map(({ figures }) => figures.ccc!);
    expect(main).toMatchObject({ ...tiny.main, split: 1, after_folds: 0, after_others: 0, label: null });
    const { result: found } = main!;
    expect(found!.model.mean).toBeCloseTo(model.mean, 12);
    expect(found!.against.mean).toBeCloseTo(against.mean, 12);
    const [, other] = overall.comparison!.units;
    // There the reference is the model itself.
    expect(found!.difference).toBeCloseTo(-other.compared!.difference, 12);
    expect(found).toMatchObject({ unit: 'person', pairs: 4, wilcoxon: other.compared!.wilcoxon });
    expect(found!.interval[0]).toBeLessThanOrEqual(found!.difference);
    expect(found!.interval[1]).toBeGreaterThanOrEqual(found!.difference);
    const [, opening] = read(out, 'report.md').split('\n## ');
    expect(opening).toMatch(
      /^Main comparison\n\nCCC of overall, by window, split 1: atam less no MI\. More is better\. Written down before/,
    );
    expect(opening).toContain(main!.digest);
  });

  it('says what each model was given, and what held-out windows chose', () => {
    for (const own of result.models)
      expect(own).toMatchObject({ history: 1, configurations: 1, chosen: ['epoch'], chosen_by: '1 - CCC' });
    for (const { epochs, configurations } of result.splits[0].choices) {
      expect(configurations).toEqual([]);
      expect(epochs!.least).toBeLessThanOrEqual(epochs!.median);
      expect(epochs!.most).toBeLessThanOrEqual(30);
    }
    expect(result.splits[0].choices.map(({ model }) => model)).toEqual(['atam', 'no MI']);
  });

  it('corrects every table of p values by itself', () => {
    const [{ tables, sweeps }] = result.splits;
    const all = [
      ...tables.flatMap(({ comparison }) => [comparison!.units, comparison!.seeds!]),
      ...sweeps.flatMap(({ lost }) => (lost ? [lost] : [])),
    ];
    expect(all.length).toBeGreaterThan(8);
    for (const rows of all) {
      const compared = rows.flatMap((row) => row.compared ?? []);
      expect(compared.map((row) => row.wilcoxon_corrected)).toEqual(
        holm(compared.map(({ wilcoxon }) => wilcoxon)),
      );
      expect(compared.map((row) => row.t_corrected)).toEqual(holm(compared.map(({ t }) => t)));
    }
    const report = read(out, 'report.md');
    // One row a table, no p of it without its corrected one.
    const cells = [...report.matchAll(/^\| no MI \|.*\| (\S+ \(\S+\)) \| (\S+ \(\S+\)) \|$/gm)];
    expect(cells).toHaveLength(all.length);
    expect(report.match(/^Secondary: /gm)!.length).toBe(all.length);
  });

  it('compares over people and over seeds', () => {
    const { comparison } = result.splits[0].tables[0];
    const [reference, other] = comparison!.units;
    expect(reference).toMatchObject({ model: 'atam', compared: null });
    expect(other).toMatchObject({ model: 'no MI', compared: { pairs: 4 } });
    expect(comparison!.seeds![1].compared).toMatchObject({ pairs: 2 });
  });

  it('sweeps over absences and shifts, beginning where the table stands', () => {
    const { sweeps, tables } = result.splits[0];
    const overall = sweeps.filter(({ quantity }) => quantity === 'overall');
    expect(overall.map(({ sweep, modality }) => [sweep, modality])).toEqual([
      ['single', null],
      ['bursts', null],
      ['asynchrony', 'eeg'],
      ['asynchrony', 'eye'],
    ]);
    const own = tables[2].rows[0].figures.ccc!.mean;
    for (const { models } of overall) {
      const [{ name, points }] = models;
      expect(name).toBe('atam');
      expect(points.find(({ at }) => at === 0)!.spread.mean).toBeCloseTo(own, 6);
    }
    const [single] = overall;
    const [, most] = single.models[0].points;
    expect(most.share).toBeGreaterThan(0.2);
    expect(most.share).toBeLessThan(0.4);
    expect(most.spread.mean).toBeLessThan(own);
    expect(single.lost!.map(({ model, compared }) => [model, compared?.pairs])).toEqual([
      ['atam', undefined],
      ['no MI', 4],
    ]);
    expect(single.lost![0].own.mean).toBeCloseTo(own - single.models[0].points.at(-1)!.spread.mean, 6);
    expect(overall[2].lost).toBeNull();
  });

  it('sets our figures beside the published ones', () => {
    const [table1, another, table2] = result.paper;
    expect(table1.ours).toEqual([
      expect.objectContaining({ split: 0, mean: result.splits[0].tables[2].rows[0].figures.ccc!.mean }),
    ]);
    expect(another.ours).toEqual([]);
    expect(table2.ours).toHaveLength(1);
    expect(read(out, 'report.md')).toMatch(/\| Table 1 \| atam \| overall \| CCC \| - \| 0\.9 ± 0\.01 \| \d/);
  });

  it('says what intervals held, and how well seeds know error', () => {
    const { coverage, aurc } = result.splits[0];
    expect(coverage).toHaveLength(4);
    for (const { covered, width, adaptive } of coverage) {
      expect(covered.counted).toBe(4);
      expect(width).toBeGreaterThan(0);
      // The labels change within trials: they arrive.
      expect(adaptive!.covered.counted).toBe(4);
      expect(Math.abs(adaptive!.width - width)).toBeLessThan(0.5 * width);
    }
    expect(aurc).toHaveLength(4);
  });

  it('draws what there is', () => {
    const files = readdirSync(join(out, 'figures'));
    for (const part of [
      'loss',
      'attention',
      'mutual-information',
      'cosine',
      'course-1',
      'missing-bursts',
      'shift-eye',
    ])
      expect(
        files.some((file) => file.includes(part)),
        part,
      ).toBe(true);
    const report = read(out, 'report.md');
    for (const file of files) expect(report).toContain(`(figures/${file})`);
    expect(JSON.stringify(outputs(out))).not.toContain('LEAKY');
  });

  it('times each model, apart from the rest', () => {
    const rows = JSON.parse(read(out, 'latency.json'));
    expect(rows.map(({ model }: { model: string }) => model)).toEqual(['atam', 'no MI']);
    // A second on the clock of these tests.
    for (const row of rows) expect(row).toMatchObject({ median_ms: 1000, p95_ms: 1000 });
    expect(read(out, 'latency.md')).toContain('| no MI |');
  });

  it('goes on where it was stopped, to the same bytes', async () => {
    const before = outputs(out);
    const again = configFile(tiny);
    const stop = new AbortController();
    const finished: string[] = [];
    const partly = evaluate(
      again.path,
      options(again.out, {
        signal: stop.signal,
        progress: (line) => {
          finished.push(line);
          if (line.startsWith('fold 3 of 8')) stop.abort(new Error('stopped'));
        },
      }),
    );
    await expect(partly).rejects.toThrow('stopped');
    expect(existsSync(join(again.out, 'report.md'))).toBe(false);
    const lines: string[] = [];
    await evaluate(again.path, options(again.out, { progress: (line) => lines.push(line) }));
    expect(lines).toContain('3 of 8 folds are there from an earlier run');
    expect(lines.filter((line) => line.startsWith('fold '))).toHaveLength(5);
    expect(outputs(again.out)).toEqual(before);
  });

  it.skipIf(!existsSync(join(import.meta.dirname, '../../../dist/learn/evaluate/fold-worker.js')))(
    'gives the same bytes over several threads that read from the disk',
    async () => {
      const again = configFile(tiny);
      await evaluate(again.path, options(again.out, { workers: 2, memory: 0 }));
      expect(outputs(again.out)).toEqual(outputs(out));
    },
  );
});

describe('a main comparison', () => {
  const linear = { type: 'ridge', settings: { heads: ['valence', 'arousal'] } };
  const config = {
    ...tiny,
    seeds: [1, 2],
    models: [
      { name: 'soft', ...linear },
      { name: 'hard', ...linear, settings: { ...linear.settings, penalty: 100 } },
      { name: 'eeg', ...linear, modalities: ['eeg'] },
    ],
    ablations: [],
    main: { model: 'soft', against: 'hard', quantity: 'overall', metric: 'ccc', level: 'window' },
    sweeps: {},
    paper: [],
  };
  const mainOf = async (change: object, out: string, leaky = false) => {
    const { main } = await evaluate(configFile({ ...config, ...change }).path, options(out, { leaky }));
    return main!;
  };

  it('that was changed when folds were known says so, and so does its report, also when it goes back', async () => {
    const { out } = configFile('');
    const first = await mainOf({}, out);
    // Three solved models on two folds: seeds make no difference to them.
    expect(readdirSync(join(out, 'folds'))).toHaveLength(6);
    const before = outputs(out);
    expect(await mainOf({}, out)).toEqual(first);
    expect(outputs(out)).toEqual(before);

    const changed = await mainOf({ main: { ...config.main, against: 'eeg' } }, out);
    expect(changed).toMatchObject({ after_folds: 6, after_others: 1 });
    expect(read(out, 'report.md')).toContain('**Written down after 6 folds were computed**');
    // The same two by another metric, or the same by another penalty, are other comparisons.
    expect(await mainOf({ main: { ...config.main, metric: 'mae' } }, out)).toMatchObject({ after_folds: 6 });
    const [soft, ...rest] = config.models;
    const tuned = { models: [{ ...soft, settings: { ...soft.settings, penalty: 0.5 } }, ...rest] };
    expect(await mainOf(tuned, out)).toMatchObject({ after_folds: 6, after_others: 3 });
    // A third model that it isn't about changes nothing.
    expect(await mainOf({ models: config.models.slice(0, 2) }, out)).toEqual(first);
  });

  it('tells what each loses under absences', async () => {
    const sweeps = { missing: { rates: [0, 0.2, 0.4] } };
    const { path, out } = configFile({ ...config, sweeps, main: { ...config.main, lost: 'single' } });
    const { main, splits } = await evaluate(path, options(out));
    const { lost } = splits[0].sweeps.find(
      ({ sweep, quantity }) => sweep === 'single' && quantity === 'overall',
    )!;
    expect(main!.result!.model).toEqual(lost![0].own);
    expect(main!.result!.against).toEqual(lost![1].own);
    expect(main!.result!.difference).toBeCloseTo(-lost![1].compared!.difference, 12);
    expect(read(out, 'report.md')).toContain('soft less hard. Less is better.');
  });

  it('has no result where its split was left out, and is LEAKY where it was not', async () => {
    const { out } = configFile('');
    const change = {
      splits: [...config.splits, { kind: 'window', folds: 2 }],
      main: { ...config.main, split: 2 },
    };
    expect(await mainOf(change, out)).toMatchObject({ result: null, label: null });
    expect(read(out, 'report.md')).toContain('It has no result: its split was left out');
    expect(await mainOf(change, out, true)).toMatchObject({ result: { pairs: 4 }, label: 'LEAKY' });
    expect(read(out, 'report.md')).toContain('## Main comparison (LEAKY)');
  });

  it('by AUC needs two classes', async () => {
    const main = { ...config.main, quantity: 'class', metric: 'auc' };
    const { path, out } = configFile({ ...config, main });
    await expect(evaluate(path, options(out))).rejects.toThrow(
      'main.metric: auc is of two classes; the data have 0',
    );
  });
});

describe('evaluate with leaky parts', () => {
  const [model] = tiny.models;
  const quick = {
    ...tiny,
    seeds: [1],
    ablations: [],
    main: undefined,
    sweeps: { missing: { rates: [0, 0.4] } },
    paper: [],
  };
  const leaky = { ...quick, splits: [{ kind: 'window', folds: 2 }, ...tiny.splits] };

  it('leaves leaky splits out', async () => {
    const { path, out } = configFile(leaky);
    const lines: string[] = [];
    const result = await evaluate(path, options(out, { progress: (line) => lines.push(line) }));
    expect(result.splits.map(({ kind }) => kind)).toEqual(['subject']);
    expect(lines).toContain('split window is left out: it is leaky, and runs with --leaky only');
    expect(read(out, 'report.md')).toContain('`window` was left out');
  });

  it('says LEAKY in every output of what is', async () => {
    const { path, out } = configFile(leaky);
    const result = await evaluate(path, options(out, { leaky: true }));
    expect(result.label).toBe('LEAKY');
    expect(result.splits.map(({ label }) => label)).toEqual(['LEAKY', null]);
    const report = read(out, 'report.md');
    expect(report).toMatch(/^# Evaluation: tiny \(LEAKY\)/);
    const [, , may, window, subject] = report.split('\n## ');
    expect(may).toContain('LEAKY');
    for (const heading of window.match(/^### .*$/gm)!) expect(heading).toContain('(LEAKY)');
    expect(subject).not.toContain('LEAKY');
    for (const [file, text] of Object.entries(outputs(out)))
      if (file.startsWith('figures')) expect(text.includes('LEAKY'), file).toBe(file.includes('1-window'));
  });

  it('trains on labels within a range, and says when there are none', async () => {
    const within = (label_range: number) => configFile({ ...quick, models: [{ ...model, label_range }] });
    const [wide, narrow] = [within(2), within(1e-6)];
    const { splits } = await evaluate(wide.path, options(wide.out));
    expect(splits[0].tables[0].rows[0].figures.ccc!.mean).toBeGreaterThan(0.3);
    await expect(evaluate(narrow.path, options(narrow.out))).rejects.toThrow(
      'model atam: no training label lies within ± 0.000001; widen label_range',
    );
  });

  it('refuses when nothing honest is left, or a model is chosen on test data', async () => {
    const only = configFile({ ...quick, splits: [{ kind: 'window', folds: 2 }] });
    await expect(evaluate(only.path, options(only.out))).rejects.toMatchObject({ code: 'evaluation-leaky' });
    const chosen = configFile({
      ...quick,
      search: { configurations: 2, choose_on: 'test' },
      models: [{ ...model, draw: { 'transforms.eeg.0': [4, 9] } }],
    });
    await expect(evaluate(chosen.path, options(chosen.out))).rejects.toMatchObject({
      code: 'evaluation-leaky',
    });
    const result = await evaluate(chosen.path, options(chosen.out, { leaky: true }));
    expect(result).toMatchObject({ label: 'LEAKY', leaky_models: ['atam'] });
    expect(read(chosen.out, 'report.md')).toContain('LEAKY: atam was chosen on the test part');
  });
});

describe('evaluate with classes', () => {
  const classes = {
    name: 'classes',
    summary: 'Two classes.',
    data: {
      dataset: {
        kind: 'simulated-features',
        seed: 'classes',
        people: 3,
        sessions: 2,
        trials: 6,
        windows: 4,
        labels: { kind: 'classes', classes: ['calm', 'stressed'] },
        modalities: { eda: { features: 6, effect: { stressed: 3 } } },
      },
    },
    splits: [{ kind: 'first-clips', train: 4, within: 'session' }],
    validation: 'none',
    models: [
      {
        name: 'prnet',
        type: 'prnet',
        select: { features: 3, by: 'class' },
        settings: { hidden: [8], classes: ['calm', 'stressed'] },
        fit: { epochs: 6, batch_size: 8, learning_rate: 0.03, keep: 'last', loss: { cross_entropy: 1 } },
      },
      {
        name: 'sequence',
        type: 'bilstm',
        exception: { history: 3, reason: 'A sequence model.' },
        settings: { steps: 3, hidden: 4, classes: ['calm', 'stressed'] },
        fit: { epochs: 2, batch_size: 8, learning_rate: 0.03, keep: 'last', loss: { cross_entropy: 1 } },
      },
      { name: 'linear', type: 'logistic', settings: { classes: ['calm', 'stressed'] } },
    ],
    main: { model: 'prnet', against: 'linear', quantity: 'class', metric: 'accuracy', level: 'trial' },
  };

  it('has accuracies, calibration and AUC by session', async () => {
    const { path, out } = configFile(classes);
    const result = await evaluate(path, options(out));
    const [{ unit, folds, tables, auc, aurc }] = result.splits;
    expect([unit, folds]).toEqual(['session', 6]);
    const [{ quantity, level, rows }] = tables;
    expect([quantity, level]).toEqual(['class', 'trial']);
    expect(rows[0].figures.accuracy!.counted).toBe(6);
    expect(rows[0].figures.accuracy!.mean).toBeGreaterThan(0.6);
    expect(Object.keys(rows[0].figures)).toEqual([
      'accuracy',
      'balanced_accuracy',
      'macro_f1',
      'auc',
      'brier',
      'nll',
      'ece',
    ]);
    expect(rows.map(({ model }) => model)).toEqual(['prnet', 'sequence', 'linear', ...blindNames]);
    expect(auc[0].interval.low).toBeLessThanOrEqual(auc[0].interval.estimate);
    expect(aurc).toHaveLength(3);
    expect(result.models.map(({ history, chosen, exception }) => [history, chosen, exception])).toEqual([
      [1, [], null],
      [3, [], 'A sequence model.'],
      [1, [], null],
    ]);
    expect(read(out, 'report.md')).toContain('- Exception: **sequence**. A sequence model.');
    const files = readdirSync(join(out, 'figures'));
    for (const part of ['confusion', 'reliability', 'risk-coverage-class'])
      expect(files.some((file) => file.includes(part))).toBe(true);
  });
});
