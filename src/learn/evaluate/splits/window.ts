import { z } from 'zod';
import { divideBy, type Placed, type SplitDefinition } from './definition.js';
import { dealUnits, drawUnits } from './group.js';
import { scopeSetting, scopesOf } from './scope.js';

const settings = z.strictObject({ kind: z.literal('window'), folds: z.int().min(2), within: scopeSetting });

const unit = ({ index }: Placed): string => String(index);

/**
 * Windows drawn at random, as many papers do. Windows of one trial, overlapping ones too, are on both sides, so that a
 * model that remembers trials is taken for one that reads emotions. Here to show how much of a figure that is.
 */
export const window: SplitDefinition<typeof settings> = {
  kind: 'window',
  summary: 'random windows of known trials',
  leaky: true,
  settings,
  divide(windows, { folds, within }, uniform) {
    return scopesOf(windows, within).flatMap(({ name, windows: own }) => {
      const part = dealUnits([own.map(unit)], folds, uniform);
      return Array.from({ length: folds }, (_, f) => ({
        name: `${name}windows ${f + 1} of ${folds}`,
        ...divideBy(own, (placed) => part.get(unit(placed)) === f),
      }));
    });
  },
  holdOut(windows, share, uniform) {
    const drawn = drawUnits([windows.map(unit)], share, uniform);
    return divideBy(windows, (placed) => drawn.has(unit(placed)));
  },
};
