import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { penaltyGrid } from '../../../../src/learn/evaluate/contestants/penalty-grid.js';
import { trainSolved } from '../../../../src/learn/evaluate/contestants/solved.js';
import type { ModelPlan } from '../../../../src/learn/evaluate/evaluate-config.js';
import type { FoldEngine } from '../../../../src/learn/evaluate/fold-engine.js';
import type { ModelInputs } from '../../../../src/learn/examples/dataset.js';
import type { Example } from '../../../../src/learn/examples/example.js';
import { ridge } from '../../../../src/learn/fit/ridge.js';
import { ridgeLogistic, ridgeLogits } from '../../../../src/learn/fit/ridge-logistic.js';
import { anExample } from '../../fit/an-example.js';

const FEATURES = 12;
const inputs: ModelInputs = new Map([
  [
    'eeg',
    {
      kind: 'features' as const,
      features: Array.from({ length: FEATURES }, (_, f) => ({ channel: 'c', feature: `f${f}`, unit: '' })),
      upstream: '',
    },
  ],
]);

/** Windows of which the first feature tells valence and the class, through as much noise as there is signal. */
function windows(person: string, count: number, seed: number): Example[] {
  const normal = new Random(seed).gaussian;
  return Array.from({ length: count }, (_, i): Example => {
    const valence = Math.max(-1, Math.min(1, 0.4 * normal()));
    const values = Float32Array.from({ length: FEATURES }, (_, f) => (f === 0 ? 3 * valence : 0) + normal());
    const frame = [{ values, mask: new Uint8Array(FEATURES).fill(1), present: true }];
    const example = anExample({ person, window: [i, i + 1], valence, arousal: -valence, frame });
    return { ...example, label: { ...example.label, class: Number(valence > 0) } };
  });
}

const engine = {} as FoldEngine;
const data = { train: windows('a', 40, 1), validation: windows('b', 80, 2), test: windows('c', 30, 3) };
const plan: ModelPlan = {
  name: 'linear',
  type: 'logistic',
  of: null,
  modalities: null,
  select: null,
  history: null,
  settings: { classes: ['low', 'high'], penalty: 2 },
  fit: null,
  clip_sd: null,
  with_mask: false,
  label_range: null,
  search: null,
  validation_missing: 0,
  exception: null,
};
const search = (choose_on: 'validation' | 'test' = 'validation') =>
  ({ configurations: 5, draw: {}, choose_on }) as const;

/** Standardised by hand on the training part. */
function standardised(examples: readonly Example[]): Float32Array[] {
  const of = (f: number) => data.train.map(({ frame }) => frame[0].values[f]);
  const moments = Array.from({ length: FEATURES }, (_, f) => {
    const mean = of(f).reduce((sum, value) => sum + value, 0) / data.train.length;
    const variance = of(f).reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.train.length;
    return { mean, sd: Math.sqrt(variance) };
  });
  return examples.map(({ frame }) =>
    Float32Array.from(frame[0].values, (value, f) => (value - moments[f].mean) / moments[f].sd),
  );
}

const gap = (found: Float32Array, expected: readonly number[]): number =>
  Math.max(...expected.map((value, i) => Math.abs(value - found[i])));
/** What logistic regression at a penalty says of some windows, and what that costs. */
function byHand(penalty: number, examples: readonly Example[]) {
  const label = data.train.map(({ label }) => label.class!);
  const fit = ridgeLogistic(standardised(data.train), label, 2, penalty);
  const high = standardised(examples).map((row) => 1 / (1 + Math.exp(-ridgeLogits(fit, row)[1])));
  const nll = high.reduce((sum, p, i) => sum - Math.log(examples[i].label.class === 1 ? p : 1 - p), 0);
  return { high, nll: nll / examples.length };
}

describe('trainSolved', () => {
  it('is logistic regression on the standardised training part, whatever the seed', async () => {
    const [one, other] = await Promise.all(
      [1, 2].map((seed) => trainSolved(engine, plan, inputs, data, seed)),
    );
    const { classes } = await one.predict(data.test);
    expect((await other.predict(data.test)).classes).toEqual(classes);
    const { high } = byHand(2, data.test);
    expect(
      gap(
        classes.filter((_, i) => i % 2 === 1),
        high,
      ),
    ).toBeLessThan(1e-5);
    expect(one.chosen).toEqual({ configuration: null, epoch: null });
  });

  it('is ridge regression of values, clipped to their scale', async () => {
    const settings = { heads: ['valence', 'arousal'], penalty: 3 };
    const trained = await trainSolved(engine, { ...plan, type: 'ridge', settings }, inputs, data, 1);
    const { heads, classes } = await trained.predict(data.test);
    expect(classes).toHaveLength(0);
    const weights = ridge(
      standardised(data.train),
      data.train.map(({ label }) => label.targets.valence!),
      3,
    );
    const valence = standardised(data.test).map((row) =>
      row.reduce((sum, value, f) => sum + weights[f] * value, weights[FEATURES]),
    );
    expect(
      gap(
        heads.filter((_, i) => i % 2 === 0),
        valence,
      ),
    ).toBeLessThan(1e-5);
    // Arousal is valence turned round.
    expect(
      gap(
        heads.filter((_, i) => i % 2 === 1),
        valence.map((value) => -value),
      ),
    ).toBeLessThan(1e-5);
    const far = anExample({
      frame: [
        {
          values: new Float32Array(FEATURES).fill(1e6),
          mask: new Uint8Array(FEATURES).fill(1),
          present: true,
        },
      ],
    });
    expect(Math.abs((await trained.predict([far])).heads[0])).toBe(1);
  });

  it('chooses its penalty by the NLL of what is held out, and learns nothing else from that', async () => {
    const nll = (of: readonly Example[]) => penaltyGrid(5).map((penalty) => byHand(penalty, of).nll);
    const best = (of: readonly Example[]) => penaltyGrid(5)[nll(of).indexOf(Math.min(...nll(of)))];
    const chosen = best(data.validation);
    // Neither end of the grid, and not what the test part would have chosen.
    expect([10_000, 0.01]).not.toContain(chosen);
    const trained = await trainSolved(engine, { ...plan, search: search() }, inputs, data, 1);
    expect(trained.chosen).toEqual({ configuration: `penalty ${chosen}`, epoch: null });
    const { classes } = await trained.predict(data.test);
    expect(
      gap(
        classes.filter((_, i) => i % 2 === 1),
        byHand(chosen, data.test).high,
      ),
    ).toBeLessThan(1e-5);
    const leaky = await trainSolved(engine, { ...plan, search: search('test') }, inputs, data, 1);
    expect(leaky.chosen!.configuration).toBe(`penalty ${best(data.test)}`);
  });

  it('sees the windows before, as networks do', async () => {
    const trained = await trainSolved(engine, { ...plan, history: 3 }, inputs, data, 1);
    const alone = await trained.predict(data.test.slice(2, 3));
    const after = await trained.predict(data.test.slice(0, 3));
    expect(after.classes[5]).not.toBeCloseTo(alone.classes[1], 3);
  });

  it('says which label is lacking', async () => {
    const settings = { heads: ['dominance'] };
    await expect(trainSolved(engine, { ...plan, type: 'ridge', settings }, inputs, data, 1)).rejects.toThrow(
      'model linear: no training window has a rating of dominance',
    );
  });
});
