import { spread } from '../../metrics/spread.js';
import { clockInputs } from '../blind/contestants.js';
import { type ClassRule, solvedClasses, solvedValues, type ValueRule } from '../blind/solved.js';
import type { WindowFacts } from '../blind/window-facts.js';
import type { Quantity } from '../scores.js';
import { groupBy } from '../splits/group.js';
import type { ScoredWindow } from './scored-window.js';

/** One fold: scored by models that saw neither the window's person nor, of training windows, the fold's test part. */
export interface StackedFold {
  /** Training windows, by inner folds. */
  readonly train: readonly ScoredWindow[];
  readonly test: readonly ScoredWindow[];
}

/** Log-loss of a label that was given probability 0 is counted as -ln of this. */
const SMALLEST = 1e-15;

/**
 * What a model's score takes from the held-out loss of the clock and the masks, by person: the NLL of classes, the
 * squared error of values. Above 0 where the score adds something to them.
 *
 * @param facts of each window of the data
 */
export function gainOverClock(
  folds: readonly StackedFold[],
  facts: readonly WindowFacts[],
  quantity: Quantity,
  classes: number,
): number[] {
  const gains = folds.flatMap(({ train, test }) => {
    if (train.length === 0) return [];
    const blind = ({ index }: ScoredWindow): number[] => [
      ...clockInputs(facts[index], quantity),
      ...Array.from(facts[index].masks),
    ];
    const stacked = (window: ScoredWindow): number[] => [...blind(window), ...window.score];
    const [without, withScore] = [blind, stacked].map((inputs) => {
      const loss = lossOf(
        train.map(inputs),
        train.map(({ label }) => label),
        quantity,
        classes,
      );
      return test.map((window) => loss(inputs(window), window.label));
    });
    return test.map(({ person }, i) => ({ person, gain: without[i] - withScore[i] }));
  });
  return [...groupBy(gains, ({ person }) => person).values()].map(
    (own) => spread(own.map(({ gain }) => gain)).mean,
  );
}

function lossOf(
  rows: readonly number[][],
  label: readonly number[],
  quantity: Quantity,
  classes: number,
): (row: number[], label: number) => number {
  if (quantity === 'class') {
    const probabilities: ClassRule = solvedClasses(rows, label, classes);
    return (row, own) => -Math.log(Math.max(SMALLEST, probabilities(row)[own]));
  }
  const value: ValueRule = solvedValues(rows, label);
  return (row, own) => (value(row) - own) * (value(row) - own);
}
