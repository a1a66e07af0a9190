import { describe, expect, it } from 'vitest';
import type { Example } from '../../../src/learn/examples/example.js';
import { Validation, validationMetric } from '../../../src/learn/fit/validation.js';
import { anExample } from './an-example.js';

const settings = { seed: 1, validation_missing: 0 };
const empty = new Float32Array();
const labelled = (classes: readonly number[]): Example[] =>
  classes.map((label, i) => {
    const example = anExample({ window: [i, i + 1] });
    return { ...example, label: { ...example.label, class: label } };
  });

describe('validationMetric', () => {
  it.each([
    ['NLL', { heads: [], classes: ['a', 'b'] }],
    ['NLL', { heads: ['valence'], binary_heads: true, classes: [] }],
    ['1 - CCC', { heads: ['valence'], classes: [] }],
    ['mean of NLL and 1 - CCC', { heads: ['valence'], classes: ['a', 'b'] }],
    [null, { heads: [], classes: [] }],
  ] as const)('is %s', (metric, told) => {
    expect(validationMetric(told)).toBe(metric);
  });
});

describe('Validation', () => {
  /** Logits that give the label `sure` where the prediction is right, and the other class as much where it's wrong. */
  const logits = (right: readonly boolean[], labels: readonly number[], sure: number): Float32Array =>
    Float32Array.from(
      right.flatMap((yes, i) => {
        const told = yes ? labels[i] : 1 - labels[i];
        return [told === 0 ? sure : 0, told === 1 ? sure : 0];
      }),
    );

  it('ranks by NLL where accuracy says the opposite', async () => {
    const labels = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1];
    const validation = new Validation({ heads: [], classes: ['a', 'b'] }, labelled(labels), settings);
    const loss = (wrong: number, sure: number) =>
      validation.loss(async () => ({
        heads: empty,
        classes: logits(
          labels.map((_, i) => i >= wrong),
          labels,
          sure,
        ),
      }));
    const [modest, sure] = [await loss(3, 1), await loss(2, 20)];
    // -ln p of 7 right and 3 wrong at odds of e; 2 of 10 wrong cost 20 nats each.
    expect(modest).toBeCloseTo(Math.log(1 + Math.exp(-1)) + 0.3, 6);
    expect(sure).toBeCloseTo(4, 6);
    expect(sure).toBeGreaterThan(modest);
  });

  it('stays finite where a float32 is surely wrong, and counts High and Low so too', async () => {
    const [far, high] = [
      new Validation({ heads: [], classes: ['a', 'b'] }, labelled([0]), settings),
      new Validation(
        { heads: ['valence'], binary_heads: true, classes: [] },
        [anExample({ valence: 0.3 })],
        settings,
      ),
    ];
    expect(await far.loss(async () => ({ heads: empty, classes: Float32Array.of(0, 900) }))).toBe(900);
    const told = (value: number) =>
      high.loss(async () => ({ heads: Float32Array.of(value), classes: empty }));
    expect(await told(0.5)).toBeCloseTo(-Math.log(0.75), 5);
    expect(await told(-1)).toBeCloseTo(-Math.log(1e-7), 5);
  });

  it('counts values by 1 - CCC of each person, which a wrong scale lowers', async () => {
    const examples = ['p', 'q'].flatMap((person) =>
      [-0.5, 0, 0.5].map((valence, i) => anExample({ person, window: [i, i + 1], valence })),
    );
    const validation = new Validation({ heads: ['valence'], classes: [] }, examples, settings);
    const scaled = (factor: number) =>
      validation.loss(async (asked) => ({
        heads: Float32Array.from(asked, ({ label }) => factor * label.targets.valence!),
        classes: empty,
      }));
    expect(await scaled(1)).toBeCloseTo(0, 6);
    expect(await scaled(2)).toBeCloseTo(1 - 4 / 5, 6);
  });

  it('looks at the same windows with and without modalities, and is NaN where nothing is labelled', async () => {
    const shown: boolean[][] = [];
    const frame = [0, 1].map(() => ({ values: Float32Array.of(1), mask: Uint8Array.of(1), present: true }));
    const examples = Array.from({ length: 40 }, (_, i) => anExample({ window: [i, i + 1], frame }));
    const validation = new Validation({ heads: [], classes: ['a', 'b'] }, examples, {
      seed: 1,
      validation_missing: 0.5,
    });
    for (let time = 0; time < 2; time++) {
      const loss = await validation.loss(async (asked) => {
        shown.push(asked.map(({ frame: [one, two] }) => one.present && two.present));
        return { heads: empty, classes: new Float32Array(2 * asked.length) };
      });
      expect(loss).toBeNaN();
    }
    expect(shown[0]).not.toContain(false);
    expect(shown[1]).toContain(false);
    expect(shown.slice(2)).toEqual(shown.slice(0, 2));
  });
});
