import { z } from 'zod';
import { ConfigurationError } from '../../../core/errors.js';
import { divideBy, type Placed, type SplitDefinition } from './definition.js';
import { dealUnits, drawUnits, groupBy } from './group.js';
import { scopeSetting, scopesOf } from './scope.js';
import { unitOf } from './unit.js';

const settings = z.strictObject({
  kind: z.literal('trial'),
  folds: z.int().min(2).describe('Parts that are tested in turn.'),
  within: scopeSetting,
});

/** Trials of each person: their trials are spread over the folds. */
function strataOf(windows: readonly Placed[]): string[][] {
  return [...groupBy(windows, unitOf.subject).values()].map((own) => [...new Set(own.map(unitOf.trial))]);
}

/** Whole trials are held out; people and stimuli are known from training. */
export const trial: SplitDefinition<typeof settings> = {
  kind: 'trial',
  summary: 'new trials of known people',
  leaky: false,
  settings,
  divide(windows, { folds, within }, uniform) {
    return scopesOf(windows, within).flatMap(({ name, windows: own }) => {
      const strata = strataOf(own);
      const trials = strata.reduce((sum, { length }) => sum + length, 0);
      if (trials < folds)
        throw new ConfigurationError(
          'split-impossible',
          `split trial: ${folds} folds need as many trials, and ${name || 'the data '}has ${trials}`,
        );
      const part = dealUnits(strata, folds, uniform);
      return Array.from({ length: folds }, (_, f) => ({
        name: `${name}trials ${f + 1} of ${folds}`,
        ...divideBy(own, (window) => part.get(unitOf.trial(window)) === f),
      }));
    });
  },
  holdOut(windows, share, uniform) {
    const drawn = drawUnits(strataOf(windows), share, uniform);
    return divideBy(windows, (window) => drawn.has(unitOf.trial(window)));
  },
};
