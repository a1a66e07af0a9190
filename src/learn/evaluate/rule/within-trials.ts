import { spread } from '../../metrics/spread.js';
import { groupBy } from '../splits/group.js';
import { cccOrNothing } from './own-labels.js';
import type { ScoredWindow } from './scored-window.js';

/** Each person's CCC within trials, mean over trials: what a model knows of changes, not of which trial or person it is. A constant series counts 0. */
export function cccWithinTrials(windows: readonly ScoredWindow[]): number[] {
  return [...groupBy(windows, ({ person }) => person).values()].map((own) => {
    const trials = [...groupBy(own, ({ trial }) => trial).values()];
    return spread(
      trials.map((rows) =>
        cccOrNothing(
          rows.map(({ score }) => score[0]),
          rows.map(({ label }) => label),
        ),
      ),
    ).mean;
  });
}
