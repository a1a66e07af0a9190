import { agreement } from '../../../core/agreement.js';
import type { Seconds } from '../../../core/clock.js';
import { spread } from '../../metrics/spread.js';
import { groupBy } from '../splits/group.js';
import { classAuc } from './class-auc.js';
import type { ScoredWindow } from './scored-window.js';

/** How a model's score fits a person's labels, and those that other people had at the same seconds. */
export interface OwnAndOthers {
  readonly person: string;
  /** NaN where nobody else has labels there, or there is nothing to tell apart. */
  readonly own: number;
  readonly others: number;
}

export interface OwnLabels {
  readonly people: readonly OwnAndOthers[];
  /** Whether everybody's labels are the same at the same seconds, which leaves nothing to compare. */
  readonly equal: boolean;
}

/**
 * Of each person the AUC of their own labels, and of the labels that another person had at the same seconds since the
 * start of the session, both over the windows in which that person has a label, mean over the others. What only follows the clock fits both.
 */
export function ownClassLabels(windows: readonly ScoredWindow[], classes: number, hop_s: Seconds): OwnLabels {
  const people = [...groupBy(windows, ({ person }) => person)].map(([person, own]) => {
    const sessions = [...groupBy(own, ({ session }) => session).values()];
    const placed = sessions.flatMap((session, s) =>
      session.map((window) => ({ window, place: `${s} ${Math.round(window.start / hop_s)}` })),
    );
    return { person, placed, labels: new Map(placed.map(({ window, place }) => [place, window.label])) };
  });
  let equal = true;
  const compared = people.map(({ person, placed }) => {
    const pairs = people.flatMap((other) => {
      if (other.person === person) return [];
      const shared = placed.filter(({ place }) => other.labels.has(place));
      const scores = shared.map(({ window }) => window.score);
      const mine = shared.map(({ window }) => window.label);
      const theirs = shared.map(({ place }) => other.labels.get(place)!);
      if (mine.some((label, i) => label !== theirs[i])) equal = false;
      const pair = { own: classAuc(scores, mine, classes), others: classAuc(scores, theirs, classes) };
      return Number.isNaN(pair.own + pair.others) ? [] : [pair];
    });
    return { person, ...meanPair(pairs) };
  });
  return { people: compared, equal };
}

/**
 * Of each person the mean over trials of the CCC with the trial's label, and with the labels that other people's trials had at the same
 * seconds since their onset, both over the windows in which that trial has a label. A constant series counts 0.
 */
export function ownTrialLabels(windows: readonly ScoredWindow[], hop_s: Seconds): OwnLabels {
  const trials = [...groupBy(windows, ({ trial }) => trial).values()].map((own) => ({
    person: own[0].person,
    own: own.map((window) => ({ window, place: Math.round(window.since_onset / hop_s) })),
    labels: new Map(own.map(({ since_onset, label }) => [Math.round(since_onset / hop_s), label])),
  }));
  let equal = true;
  const compared = [...groupBy(trials, ({ person }) => person)].map(([person, mine]) => {
    const pairs = mine.flatMap(({ own }) =>
      trials.flatMap((other) => {
        if (other.person === person) return [];
        const shared = own.filter(({ place }) => other.labels.has(place));
        if (shared.length < 2) return [];
        const score = shared.map(({ window }) => window.score[0]);
        const label = shared.map(({ window }) => window.label);
        const theirs = shared.map(({ place }) => other.labels.get(place)!);
        if (label.some((value, i) => value !== theirs[i])) equal = false;
        return [{ own: cccOrNothing(score, label), others: cccOrNothing(score, theirs) }];
      }),
    );
    return { person, ...meanPair(pairs) };
  });
  return { people: compared, equal };
}

/** CCC; 0 where a series is constant. */
export function cccOrNothing(predicted: readonly number[], label: readonly number[]): number {
  const { ccc } = agreement(predicted, label);
  return Number.isNaN(ccc) ? 0 : ccc;
}

function meanPair(pairs: readonly Omit<OwnAndOthers, 'person'>[]): Omit<OwnAndOthers, 'person'> {
  return {
    own: spread(pairs.map(({ own }) => own)).mean,
    others: spread(pairs.map(({ others }) => others)).mean,
  };
}
