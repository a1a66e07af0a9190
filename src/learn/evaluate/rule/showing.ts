import type { Seconds } from '../../../core/clock.js';
import { localAuc, localAucProblem } from '../../metrics/local-auc.js';
import { type LowerBound, lowerBound } from '../../metrics/lower-bound.js';
import { spread } from '../../metrics/spread.js';
import { wilcoxonSignedRank } from '../../metrics/wilcoxon.js';
import type { WindowFacts } from '../blind/window-facts.js';
import type { Quantity } from '../scores.js';
import type { Condition, Verdict } from '../verdict.js';
import { gainOverClock, type StackedFold } from './beyond-clock.js';
import { beyondDrift } from './beyond-drift.js';
import { personAreas } from './local-areas.js';
import { type OwnLabels, ownClassLabels, ownTrialLabels } from './own-labels.js';
import type { ScoredWindow } from './scored-window.js';
import { cccWithinTrials } from './within-trials.js';

/** A one-sided p is significant below this; of a bound, which is a 2.5th percentile, below half of it. */
export const ALPHA = 0.05;

/** What is known of the data beside a model's scores. */
export interface ShowingContext {
  readonly quantity: Quantity;
  readonly classes: number;
  readonly hop_s: Seconds;
  /** Of each window of the data. */
  readonly facts: readonly WindowFacts[];
  readonly rule: Verdict['rule'];
}

/** A model's conditions but for how people are held out, and their p together; null where one has none. */
export interface Showing {
  readonly conditions: readonly Condition[];
  readonly p: number | null;
}

/**
 * What a model's held-out scores show (../shared in words: docs/explanation/evaluations.md).
 *
 * @param windows every test window
 * @param stacked null: there are no inner folds
 */
export function showing(
  { quantity, classes, hop_s, facts, rule }: ShowingContext,
  windows: readonly ScoredWindow[],
  stacked: readonly StackedFold[] | null,
): Showing {
  if (rule === 'file-class') {
    const gains = beyondDrift(windows, classes);
    return together([
      bounded(
        'beyond-drift',
        lowerBound(gains, (drawn) => spread(drawn).mean, 0),
        0,
        spread(gains).counted,
        null,
      ),
    ]);
  }
  const isClass = quantity === 'class';
  return together([
    isClass ? localCondition(windows, classes) : withinTrials(windows),
    ownCondition(isClass ? ownClassLabels(windows, classes, hop_s) : ownTrialLabels(windows, hop_s)),
    stacked
      ? tested('beyond-clock', gainOverClock(stacked, facts, quantity, classes), null)
      : { ...nothing('beyond-clock'), reason: '`inner_folds: 0`: it was not tried' },
  ]);
}

function together(conditions: readonly Condition[]): Showing {
  const all = conditions.map(({ p, bound }) =>
    p === null ? Number.NaN : bound === null ? p : Math.min(1, 2 * p),
  );
  const p = Math.max(...all);
  return { conditions, p: Number.isNaN(p) ? null : p };
}

function localCondition(windows: readonly ScoredWindow[], classes: number): Condition {
  const areas = personAreas(windows, classes);
  const found = localAuc(areas);
  const counted = areas.filter(({ rises, falls }) => !Number.isNaN(rises) || !Number.isNaN(falls)).length;
  const bound = lowerBound(areas, (drawn) => localAuc(drawn).auc, 0.5);
  return bounded('local-auc', bound, 0.5, counted, localAucProblem(found));
}

function withinTrials(windows: readonly ScoredWindow[]): Condition {
  const people = cccWithinTrials(windows);
  const constant = windows.every(
    ({ trial, label }, i) => windows[i - 1]?.trial !== trial || windows[i - 1].label === label,
  );
  return bounded(
    'within-trials',
    lowerBound(people, (drawn) => spread(drawn).mean, 0),
    0,
    people.length,
    constant ? 'labels hold for whole trials: there is nothing within them to follow' : null,
  );
}

function ownCondition({ people, equal }: OwnLabels): Condition {
  const gains = people.map(({ own, others }) => own - others);
  return tested(
    'own-labels',
    gains,
    equal ? 'everybody has the same labels at the same seconds: a clock would do as well' : null,
  );
}

function bounded(
  name: Condition['name'],
  { estimate, bound, p }: LowerBound,
  level: number,
  people: number,
  problem: string | null,
): Condition {
  const reason =
    problem ??
    (Number.isNaN(bound)
      ? 'it has no figure'
      : bound > level
        ? null
        : `its lower bound is not above ${level}`);
  return {
    name,
    passed: reason === null,
    figure: finite(estimate),
    bound: finite(bound),
    p: problem === null ? finite(p) : null,
    people,
    reason,
  };
}

function tested(name: Condition['name'], gains: readonly number[], problem: string | null): Condition {
  const { mean, counted } = spread(gains);
  const { greater } = wilcoxonSignedRank(
    gains,
    gains.map(() => 0),
  );
  const reason =
    problem ??
    (Number.isNaN(greater) ? 'it has no figure' : greater < ALPHA ? null : `p is not below ${ALPHA}`);
  return {
    name,
    passed: reason === null,
    figure: finite(mean),
    bound: null,
    p: problem === null ? finite(greater) : null,
    people: counted,
    reason,
  };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

function nothing(name: Condition['name']): Omit<Condition, 'reason'> {
  return { name, passed: false, figure: null, bound: null, p: null, people: 0 };
}
