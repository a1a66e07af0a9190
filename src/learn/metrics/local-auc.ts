import type { Seconds } from '../../core/clock.js';
import { areaUnderRoc } from './area-under-roc.js';
import { spread } from './spread.js';

/** A labelled window and what a model said of it; times on the clock of its session. */
export interface LocalWindow {
  readonly start: Seconds;
  readonly end: Seconds;
  /** Its trial, and when that began. */
  readonly trial: string;
  readonly onset: Seconds;
  readonly positive: boolean;
  /** High where the model takes it for positive. */
  readonly score: number;
}

/** How far from a change of label windows may lie, s. */
export const LOCAL_S = 200;
/** Room for rounding, s. */
const SLACK_S = 1e-6;

/** One person's areas around changes of the label. */
export interface LocalAreas {
  /** Mean over changes to positive; NaN where there is none. */
  readonly rises: number;
  /** Mean over changes to negative; NaN where there is none. */
  readonly falls: number;
}

/**
 * AUC around each change of label: windows wholly within {@link LOCAL_S} before it against those after it, none of which
 * crosses another change. What drifts over a session gains on rises what it loses on falls.
 *
 * @param sessions of one person, the windows of each in order of time
 */
export function localAreas(sessions: readonly (readonly LocalWindow[])[]): LocalAreas {
  const areas = { rises: [] as number[], falls: [] as number[] };
  for (const session of sessions) {
    const blocks = blocksOf(session);
    for (const [b, after] of blocks.entries()) {
      if (b === 0) continue;
      const change = after.from;
      const sides = [
        ...blocks[b - 1].windows.filter(
          ({ start, end }) =>
            start >= Math.max(blocks[b - 1].from, change - LOCAL_S) - SLACK_S && end <= change + SLACK_S,
        ),
        ...after.windows.filter(
          ({ start, end }) =>
            start >= change - SLACK_S && end <= Math.min(after.until, change + LOCAL_S) + SLACK_S,
        ),
      ];
      areas[after.windows[0].positive ? 'rises' : 'falls'].push(
        areaUnderRoc(
          sides.map(({ score }) => score),
          sides.map(({ positive }) => positive),
        ),
      );
    }
  }
  return { rises: spread(areas.rises).mean, falls: spread(areas.falls).mean };
}

/** Windows of one label in a row, and between which changes they lie. */
interface Block {
  readonly windows: readonly LocalWindow[];
  readonly from: Seconds;
  readonly until: Seconds;
}

function blocksOf(session: readonly LocalWindow[]): Block[] {
  const runs: LocalWindow[][] = [];
  for (const window of session) {
    const run = runs.at(-1);
    if (run && run[0].positive === window.positive) run.push(window);
    else runs.push([window]);
  }
  const changes = runs.slice(1).map((run, r) => changeBetween(runs[r][runs[r].length - 1], run[0]));
  return runs.map((windows, r) => ({
    windows,
    from: changes[r - 1] ?? Number.NEGATIVE_INFINITY,
    until: changes[r] ?? Number.POSITIVE_INFINITY,
  }));
}

/** A label changes where its trial begins; within a trial half way between the windows that differ. */
function changeBetween(before: LocalWindow, after: LocalWindow): Seconds {
  if (before.trial !== after.trial) return after.onset;
  return (before.start + before.end + after.start + after.end) / 4;
}

/** Local AUC over people. */
export interface LocalAuc {
  /** Mean over people of rises, and of falls; NaN of none. */
  readonly rises: number;
  readonly falls: number;
  /** Mean of both; NaN where one is missing. */
  readonly auc: number;
}

export function localAuc(people: readonly LocalAreas[]): LocalAuc {
  const rises = spread(people.map((own) => own.rises)).mean;
  const falls = spread(people.map((own) => own.falls)).mean;
  return { rises, falls, auc: (rises + falls) / 2 };
}

/** Why there is no local AUC; null where there is one. */
export function localAucProblem({ rises, falls }: LocalAuc): string | null {
  if (Number.isNaN(rises) && Number.isNaN(falls))
    return `no label changes between windows ${LOCAL_S} s apart`;
  if (Number.isNaN(rises)) return 'no label rises: a drift downwards would look as good';
  if (Number.isNaN(falls)) return 'no label falls: a drift upwards would look as good';
  return null;
}
