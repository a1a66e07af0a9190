import type { Quantity } from '../scores.js';
import type { WindowFacts } from './window-facts.js';

/** What a row of a report is: something to be judged, or what it is to be read against. */
export const rowGroups = ['model', 'sees-no-body', 'knows-the-experiment'] as const;
export type RowGroup = (typeof rowGroups)[number];

/** Something that predicts without any signal, learnt on each fold's training part as models are. */
export type BlindContestant = {
  readonly group: Exclude<RowGroup, 'model'>;
  /** One line for the report. */
  readonly summary: string;
} & (
  | {
      /** It says the mean training label of windows of the same key; the first key that training knows, else the mean label. */
      readonly keys: (facts: WindowFacts) => readonly string[];
    }
  | {
      /** It solves a ridge regression (of classes: logistic) on these inputs, standardised on training windows. */
      readonly inputs: (
        all: readonly WindowFacts[],
        classes: number,
      ) => (facts: WindowFacts, quantity: Quantity) => readonly number[];
    }
);

/** Parts of a session, or of a trial, that `position` tells apart. */
const TENTHS = 10;
/** Knots of the schedule over the longest session. */
const KNOTS = 25;

/** Seconds since the start and their square, and for what changes within trials those since the trial's onset. */
export function clockInputs(
  { since_start, since_onset }: Pick<WindowFacts, 'since_start' | 'since_onset'>,
  quantity: Quantity,
): number[] {
  const session = [since_start, since_start * since_start];
  return quantity === 'class' ? session : [...session, since_onset, since_onset * since_onset];
}

const oneHot = (share: number, count: number): number[] => {
  const place = Math.min(count - 1, Math.floor(share * count));
  return Array.from({ length: count }, (_, i) => Number(i === place));
};

/** Values of a linear spline's functions: 1 at their knot, 0 at the others. */
const spline = (share: number, knots: number): number[] =>
  Array.from({ length: knots }, (_, k) => Math.max(0, 1 - Math.abs(share * (knots - 1) - k)));

const stimulusKeys = ({ stimulus }: WindowFacts): string[] => (stimulus === null ? [] : [stimulus]);

/** In the order of reports. What sees no body can be had with anybody's sensors, or none; what knows the experiment can't be had live. */
export const blindContestants = {
  'train-mean': { group: 'sees-no-body', summary: 'the mean training label', keys: () => [] },
  position: {
    group: 'sees-no-body',
    summary: 'in which tenth of the session a window lies; of values also in which tenth of its trial',
    inputs:
      () =>
      ({ session_share, trial_share }, quantity) => [
        ...oneHot(session_share, TENTHS),
        ...(quantity === 'class' ? [] : oneHot(trial_share, TENTHS)),
      ],
  },
  'drift-clock': {
    group: 'sees-no-body',
    summary: 'seconds since the start and their square; of values also since the onset of the trial',
    inputs: () => clockInputs,
  },
  masks: {
    group: 'sees-no-body',
    summary: 'which sensors are there, not what they say',
    inputs:
      () =>
      ({ masks }) =>
        Array.from(masks),
  },
  schedule: {
    group: 'knows-the-experiment',
    summary: `a linear spline of ${KNOTS} knots over the longest session; of values also over the longest trial`,
    inputs: (all) => {
      const longest = (time: 'since_start' | 'since_onset'): number =>
        all.reduce((most, facts) => Math.max(most, facts[time]), Number.MIN_VALUE);
      const [session, trial] = [longest('since_start'), longest('since_onset')];
      return ({ since_start, since_onset }, quantity) => [
        ...spline(since_start / session, KNOTS),
        ...(quantity === 'class' ? [] : spline(since_onset / trial, KNOTS)),
      ];
    },
  },
  file: {
    group: 'knows-the-experiment',
    summary: 'which file of the session it is: the mean label of the same in training',
    keys: ({ file }) => [`${file}`],
  },
  film: {
    group: 'knows-the-experiment',
    summary: 'the mean label of the same clip or task at the same seconds',
    keys: (facts) => [
      ...stimulusKeys(facts).map((own) => `${own} ${facts.trial_hop}`),
      ...stimulusKeys(facts),
    ],
  },
  'stimulus-mean': {
    group: 'knows-the-experiment',
    summary: 'the mean label of the same clip or task',
    keys: stimulusKeys,
  },
  'previous-label': {
    group: 'knows-the-experiment',
    summary: 'the label of the window before',
    inputs:
      (_, classes) =>
      ({ previous }, quantity) => {
        if (quantity === 'class')
          return Array.from({ length: classes }, (_, c) => Number(previous?.class === c));
        const value = previous?.targets[quantity];
        return value === undefined ? [0, 0] : [1, value];
      },
  },
} as const satisfies Record<string, BlindContestant>;
export type BlindName = keyof typeof blindContestants;
export const blindNames = Object.keys(blindContestants) as BlindName[];
