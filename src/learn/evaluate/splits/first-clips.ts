import { z } from 'zod';
import { divideBy, type Placed, type SplitDefinition } from './definition.js';
import type { Division } from './fold.js';
import { groupBy } from './group.js';
import { scopeSetting, scopesOf } from './scope.js';
import { unitOf } from './unit.js';

const settings = z.strictObject({
  kind: z.literal('first-clips'),
  train: z
    .int()
    .positive()
    .describe('Trials of each session, the first, that train; the remaining ones test.'),
  within: scopeSetting,
});

/** Holds all but the first trials of each session, `count` telling how many of how many are first. */
function divideSessions(windows: readonly Placed[], count: (trials: number) => number): Division {
  const held = new Set<string>();
  for (const own of groupBy(windows, unitOf.session).values()) {
    const trials = [...groupBy(own, unitOf.trial)].sort(([, [a]], [, [b]]) => a.position - b.position);
    for (const [unit] of trials.slice(count(trials.length))) held.add(unit);
  }
  return divideBy(windows, (window) => held.has(unitOf.trial(window)));
}

/** SEED's protocol: of each session the first 9 clips train and the other 6 test; 16 and 8 on SEED-IV. */
export const firstClips: SplitDefinition<typeof settings> = {
  kind: 'first-clips',
  summary: 'the later trials of known sessions',
  leaky: false,
  settings,
  divide(windows, { train, within }) {
    return scopesOf(windows, within).map(({ name, windows: own }) => ({
      name: `${name}after ${train} trials`,
      ...divideSessions(own, () => train),
    }));
  },
  holdOut(windows, share) {
    return divideSessions(windows, (trials) => trials - Math.max(1, Math.round(share * trials)));
  },
};
