import type { Label } from '../../datasets/dataset.js';
import type { EvaluationData, FoldOutcome } from '../fold-task.js';
import type { Quantity } from '../scores.js';
import type { Fold } from '../splits/fold.js';
import { type BlindContestant, type BlindName, blindContestants } from './contestants.js';
import { type ClassRule, solvedClasses, solvedValues, type ValueRule } from './solved.js';
import type { WindowFacts } from './window-facts.js';

/** What a contestant says of one quantity, one row a test window: a value, or probabilities. */
type Said = readonly (readonly number[])[];

/**
 * A contestant without signals on one fold: it learns from all that the fold has but its test part, for nothing stops it
 * early, and predicts that.
 *
 * @param facts of each window of `data`
 */
export function blindOutcome(
  name: BlindName,
  data: EvaluationData,
  facts: readonly WindowFacts[],
  { train, validation, test }: Fold,
): FoldOutcome {
  const contestant: BlindContestant = blindContestants[name];
  const learnt = [...train, ...validation];
  const { dimensions, classes } = data;
  const said = (quantity: Quantity): Said => {
    const labelled = learnt.flatMap((i) => {
      const target = targetOf(data.examples[i].label, quantity, classes.length);
      return target === null ? [] : [{ i, target }];
    });
    const nothing = quantity === 'class' ? classes.map(() => 1 / classes.length) : [0];
    if (labelled.length === 0) return test.map(() => nothing);
    return 'keys' in contestant
      ? means(contestant.keys, facts, labelled, test)
      : solved(contestant.inputs(facts, classes.length), facts, labelled, test, quantity);
  };
  const heads = dimensions.map(said);
  const clipped = (value: number): number => Math.max(-1, Math.min(1, value));
  return {
    heads: dimensions,
    classes,
    modalities: [],
    history: [],
    chosen: null,
    outputs: {
      heads: Float32Array.from(test.flatMap((_, row) => heads.map((own) => clipped(own[row][0])))),
      classes: Float32Array.from(classes.length > 0 ? said('class').flat() : []),
      modalities: new Float32Array(),
      routing: new Float32Array(),
    },
    missing: [],
    asynchrony: [],
    alone: [],
  };
}

interface Labelled {
  readonly i: number;
  /** A value, or 1 at the class. */
  readonly target: readonly number[];
}

function targetOf(label: Label, quantity: Quantity, classes: number): readonly number[] | null {
  if (quantity === 'class')
    return label.class === null ? null : Array.from({ length: classes }, (_, c) => Number(c === label.class));
  const value = label.targets[quantity];
  return value === undefined ? null : [value];
}

function means(
  keysOf: (facts: WindowFacts) => readonly string[],
  facts: readonly WindowFacts[],
  labelled: readonly Labelled[],
  test: readonly number[],
): Said {
  const sums = new Map<string | null, { readonly sum: number[]; count: number }>();
  const add = (key: string | null, target: readonly number[]): void => {
    const known = sums.get(key) ?? { sum: target.map(() => 0), count: 0 };
    target.forEach((value, c) => {
      known.sum[c] += value;
    });
    known.count++;
    sums.set(key, known);
  };
  for (const { i, target } of labelled) {
    add(null, target);
    for (const key of keysOf(facts[i])) add(key, target);
  }
  return test.map((i) => {
    const key = keysOf(facts[i]).find((own) => sums.has(own)) ?? null;
    const { sum, count } = sums.get(key)!;
    return sum.map((value) => value / count);
  });
}

function solved(
  inputsOf: (facts: WindowFacts, quantity: Quantity) => readonly number[],
  facts: readonly WindowFacts[],
  labelled: readonly Labelled[],
  test: readonly number[],
  quantity: Quantity,
): Said {
  const rows = labelled.map(({ i }) => inputsOf(facts[i], quantity));
  const told: ClassRule | ValueRule =
    quantity === 'class'
      ? solvedClasses(
          rows,
          labelled.map(({ target }) => target.indexOf(1)),
          labelled[0].target.length,
        )
      : solvedValues(
          rows,
          labelled.map(({ target }) => target[0]),
        );
  return test.map((i) => [told(inputsOf(facts[i], quantity))].flat());
}
