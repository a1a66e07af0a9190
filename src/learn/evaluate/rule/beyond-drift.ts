import type { Seconds } from '../../../core/clock.js';
import { areaUnderRoc } from '../../metrics/area-under-roc.js';
import { spread } from '../../metrics/spread.js';
import { groupBy } from '../splits/group.js';
import { type ScoredWindow, scoredClasses } from './scored-window.js';

/** Since a file's start, s: before it a baseline may be taken; from it on the rest that comes first ... */
const BASELINE_S = 60;
/** ... and from here on the rest that is compared with the task, and with the rest before it. */
const LATE_S = 120;

/** Whether each class of a session is one file of it, and somebody has several: what differs between files tells classes apart. */
export function labelIsFile(windows: readonly ScoredWindow[]): boolean {
  const sessions = [...groupBy(windows, ({ session }) => session).values()].map((own) => ({
    classes: new Set(own.map(({ label }) => label)).size,
    files: new Set(own.map(({ file }) => file)).size,
    pairs: new Set(own.map(({ label, file }) => `${label} ${file}`)).size,
  }));
  return (
    sessions.every(({ classes, files, pairs }) => classes === pairs && files === pairs) &&
    sessions.some(({ classes }) => classes > 1)
  );
}

/**
 * Where the label is the file, whatever differs between two files, or drifts, tells it. So each person's AUC of the other
 * classes against late rest, less that of late rest against early rest, which is all drift: 0 of what only drifts as fast as before. Rest is the first
 * class. NaN where a person lacks one of the three stretches.
 */
export function beyondDrift(windows: readonly ScoredWindow[], classes: number): number[] {
  return [...groupBy(windows, ({ person }) => person).values()].map((own) => {
    const rest = own.filter(({ label }) => label === 0);
    const early = rest.filter((window) => isWithin(window, BASELINE_S, LATE_S));
    const late = rest.filter((window) => isWithin(window, LATE_S, Number.POSITIVE_INFINITY));
    const gains = scoredClasses(classes).flatMap((c, k) => {
      if (c === 0) return [];
      const task = own.filter(({ label }) => label === c);
      return [area(task, late, k) - area(late, early, k)];
    });
    return spread(gains).mean;
  });
}

const SLACK_S = 1e-6;

function isWithin({ start, end, since_onset }: ScoredWindow, from: Seconds, until: Seconds): boolean {
  return since_onset >= from - SLACK_S && since_onset + end - start <= until + SLACK_S;
}

function area(high: readonly ScoredWindow[], low: readonly ScoredWindow[], k: number): number {
  return areaUnderRoc(
    [...high, ...low].map(({ score }) => score[k]),
    [...high.map(() => true), ...low.map(() => false)],
  );
}
