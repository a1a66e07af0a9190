import { type LocalAreas, localAreas } from '../../metrics/local-auc.js';
import { spread } from '../../metrics/spread.js';
import { groupBy } from '../splits/group.js';
import { type ScoredWindow, scoredClasses } from './scored-window.js';

/** Each person's areas around changes of the label; of several classes the mean of each against the rest. */
export function personAreas(windows: readonly ScoredWindow[], classes: number): LocalAreas[] {
  return [...groupBy(windows, ({ person }) => person).values()].map((own) => {
    const sessions = [...groupBy(own, ({ session }) => session).values()];
    const all = scoredClasses(classes).map((c, k) =>
      localAreas(
        sessions.map((session) =>
          session.map(({ start, end, since_onset, trial, label, score }) => ({
            start,
            end,
            trial,
            onset: start - since_onset,
            positive: label === c,
            score: score[k],
          })),
        ),
      ),
    );
    return {
      rises: spread(all.map(({ rises }) => rises)).mean,
      falls: spread(all.map(({ falls }) => falls)).mean,
    };
  });
}
