import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SystemClock } from '../../../src/core/clock.js';
import { loadEvaluateConfig } from '../../../src/learn/evaluate/evaluate-config.js';
import type { EvaluationData } from '../../../src/learn/evaluate/fold-task.js';
import { judgeSketch } from '../../../src/learn/evaluate/judge-sketch.js';
import type { JudgedSplits } from '../../../src/learn/evaluate/judge-splits.js';
import type { LedgerLine } from '../../../src/learn/evaluate/rule/ledger.js';
import { sketch, sketchKinds } from '../../../src/learn/evaluate/rule/sketch.js';
import { valueSketch, valueSketchKinds } from '../../../src/learn/evaluate/rule/value-sketch.js';
import { verdictsOf } from '../../../src/learn/evaluate/rule/verdicts.js';
import { type Verdict, verdictSchema } from '../../../src/learn/evaluate/verdict.js';

interface Counted {
  readonly seeds: number;
  readonly validated: number;
  readonly passed: Readonly<Record<string, number>>;
  readonly runs: readonly {
    readonly seed: number;
    readonly validated: boolean;
    readonly conditions: readonly {
      readonly name: string;
      readonly figure: number;
      readonly p: number | null;
    }[];
  }[];
}
const fixtures = join(import.meta.dirname, '../../../fixtures/evaluation');
const countedIn = (file: string): Readonly<Record<string, Counted>> =>
  JSON.parse(readFileSync(join(fixtures, file), 'utf8'));
const counted = countedIn('rule-sketches.json');
const countedValues = countedIn('value-sketches.json');

const folder = mkdtempSync(join(tmpdir(), 'affectd-sketch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const judge = async (config: string, name: string, data: EvaluationData): Promise<JudgedSplits> =>
  judgeSketch(await loadEvaluateConfig(join(fixtures, config)), name, data, {
    out: join(folder, config, name),
    version: '',
    workers: 1,
    clock: new SystemClock(),
    signal: new AbortController().signal,
  });

/** What scripts/measure-rule.mjs found is what the rule says now. */
function expectCounted({ runs: [first] }: Counted, [verdict]: readonly Verdict[]): void {
  const { seed, validated, conditions } = first;
  expect(seed).toBe(1);
  expect(verdict.validated).toBe(validated);
  for (const { name, figure, p } of conditions) {
    const found = verdict.conditions.find((own) => own.name === name)!;
    expect(found.figure, name).toBeCloseTo(figure, 6);
    if (p === null) expect(found.p, name).toBeNull();
    else expect(found.p, name).toBeCloseTo(p, 6);
  }
}

describe('the rule, on twenty sketches of each kind (scripts/measure-rule.mjs)', () => {
  it('validates what answers the label, and next to nothing else', () => {
    for (const kind of sketchKinds) expect(counted[kind]).toMatchObject({ seeds: 20 });
    expect(counted['true-effect'].validated).toBeGreaterThanOrEqual(18);
    for (const kind of ['warming-skin', 'warming-room', 'dropping-out', 'dropping-out-in-stress'] as const)
      expect(counted[kind].validated, kind).toBeLessThanOrEqual(3);
    expect(counted['equal-schedules'].validated).toBe(0);
  });

  it('needs more than one condition', () => {
    expect(counted['dropping-out-in-stress'].passed).toMatchObject({ 'local-auc': 20, 'own-labels': 20 });
    expect(counted['equal-schedules'].passed['local-auc']).toBe(20);
  });

  it('does so of values, too', () => {
    for (const kind of valueSketchKinds) expect(countedValues[kind]).toMatchObject({ seeds: 20 });
    expect(countedValues['true-effect'].validated).toBeGreaterThanOrEqual(18);
    for (const kind of ['warming-skin', 'dropping-out', 'dropping-out-in-arousal'])
      expect(countedValues[kind].validated, kind).toBeLessThanOrEqual(3);
    expect(countedValues['dropping-out-in-arousal'].passed).toMatchObject({
      'within-trials': 20,
      'own-labels': 20,
    });
  });
});

describe('judgeSketch', () => {
  let judged: JudgedSplits;
  beforeAll(async () => {
    judged = await judge('rule-sketch.yaml', 'true-effect', sketch('true-effect', 1));
  });
  /** The same outcomes with something else known of them. */
  const again = (change: Partial<Parameters<typeof verdictsOf>[0]>): Verdict => {
    const { facts, splits } = judged;
    const [verdict] = verdictsOf({
      data: sketch('true-effect', 1),
      facts,
      splits,
      simulated: false,
      models: [
        {
          name: 'linear',
          recipe: 'linear',
          leaky: false,
          modalities: ['skin', 'pulse'],
          sets: [['skin'], ['pulse']],
        },
      ],
      ledger: [],
      scored: { data: 'true-effect', people: ['a'] },
      ...change,
    }).verdicts;
    return verdict;
  };

  it('validates a true effect, and what of its sensors shows it alone', () => {
    const [verdict] = judged.verdicts;
    expect(verdictSchema.parse(JSON.parse(JSON.stringify(verdict)))).toEqual(verdict);
    expectCounted(counted['true-effect'], judged.verdicts);
    expect(verdict).toMatchObject({ rule: 'class', validated: true, reason: null, scored: 1 });
    expect(verdict.modalities[0]).toEqual(['skin', 'pulse']);
    expect(verdict.sets.map(({ modalities }) => modalities)).toEqual([['skin'], ['pulse']]);
    for (const { modalities, passed } of verdict.sets)
      expect(verdict.modalities.some((set) => set.join() === modalities.join())).toBe(passed);
    expect(judged.lines.map(({ model, output, modalities }) => [model, output, modalities])).toEqual([
      ['linear', 'class', null],
      ['linear', 'class', ['skin']],
      ['linear', 'class', ['pulse']],
    ]);
    expect(judged.lines[0].people).toHaveLength(16);
    expect(again({})).toEqual(verdict);
  });

  it('does not validate a skin that only warms', async () => {
    const { verdicts } = await judge('rule-sketch.yaml', 'warming-skin', sketch('warming-skin', 1));
    expectCounted(counted['warming-skin'], verdicts);
    expect(verdicts[0]).toMatchObject({ validated: false, modalities: [], sets: [] });
    expect(verdicts[0].reason).toMatch(/^local-auc: /);
  });

  it('validates a value that answers arousal, and not one that only warms', async () => {
    const [told, warming] = await Promise.all(
      (['true-effect', 'warming-skin'] as const).map(async (kind) => {
        const { verdicts } = await judge('value-sketch.yaml', kind, valueSketch(kind, 1));
        expectCounted(countedValues[kind], verdicts);
        return verdicts;
      }),
    );
    expect(told).toMatchObject([{ output: 'arousal', rule: 'dimension', validated: true, scored: 1 }]);
    expect(warming).toMatchObject([{ validated: false, modalities: [] }]);
    expect(warming[0].reason).toMatch(/^own-labels: /);
  });

  it('counts everything that was ever scored on these people', () => {
    const { p } = judged.verdicts[0];
    const line = (i: number, own: number | null): LedgerLine => ({
      data: 'true-effect',
      people: ['a'],
      recipe: `recipe ${i}`,
      model: `${i}`,
      output: 'class',
      modalities: null,
      p: own,
    });
    const tries = Math.ceil(0.05 / p!) + 1;
    const many = again({ ledger: Array.from({ length: tries }, (_, i) => line(i, 0.9)) });
    expect(many).toMatchObject({ validated: false, scored: tries + 1, modalities: [] });
    expect(many.conditions.every(({ passed }) => passed)).toBe(true);
    expect(many.reason).toMatch(/models and outputs on these people are counted$/);
    // The same recipe under another name is the same model, and what could not be tested counts for nothing.
    const same = again({ ledger: [{ ...line(0, 0.9), recipe: 'linear' }, line(1, null)] });
    expect(same).toMatchObject({ validated: true, scored: 2 });
  });

  it('never validates what is simulated, or was chosen on the test part', () => {
    expect(again({ simulated: true })).toMatchObject({
      validated: false,
      reason: 'held-out: the data are simulated',
    });
    const [model] = [{ name: 'linear', recipe: 'linear', leaky: true, modalities: ['skin'], sets: [] }];
    expect(again({ models: [model] })).toMatchObject({
      validated: false,
      reason: 'held-out: the model was chosen on the test part',
    });
  });
});
