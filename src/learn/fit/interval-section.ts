import { markdownTable } from '../../core/markdown-table.js';
import { intervalDimensions } from '../../model/intervals.js';
import type { SimulatedData } from './config.js';
import type { IntervalFigures, IntervalReport } from './interval-report.js';
import type { Change, Removal } from './removals.js';

const percent = (share: number): string => `${(100 * share).toFixed(1)}`;
const figure = (value: number): string => (Number.isFinite(value) ? value.toFixed(3) : '-');

function cells({
  covered,
  standard_error,
  half_width,
  worst_tenth,
  thirds,
  told,
}: IntervalFigures): string[] {
  return [
    `${percent(covered)} ± ${percent(standard_error)}`,
    percent(worst_tenth),
    thirds.map(percent).join(', '),
    figure(half_width),
    told ? '' : 'abstains',
  ];
}

/** What the intervals hold, for every set of modalities; empty of a model without intervals. */
export function intervalSection({
  intervals,
  data,
}: {
  readonly intervals: IntervalReport | null;
  readonly data: SimulatedData;
}): string {
  if (!intervals) return '';
  const { sets, tied, reaction, level } = intervals;
  const rows = [...Object.entries(sets), [`absent by ${tied.by}`, tied.figures] as const].flatMap(
    ([set, figures]) =>
      intervalDimensions.flatMap((dimension) => {
        const own = figures[dimension];
        return own ? [[set, dimension, ...cells(own)]] : [];
      }),
  );
  const reactions = Object.entries(reaction).map(
    ([dimension, { rank_correlation, lower_bound }]) =>
      `${dimension} ${figure(rank_correlation)} (at least ${figure(lower_bound)})`,
  );
  return `## What the intervals hold
Made to hold ${percent(level)} % of the labels of a new person, for each set of sensors by itself (docs/explanation/models.md, Intervals): the quantiles from ${data.people.calibration} people, the
figures from ${data.people.test} others, all other sensors masked. Coverage in %, mean over people ± standard error; of the tenth of people of whom least was held; of the lowest,
middle and highest third of labels. Then half the width after the cut to -1..1. "Absent by ${tied.by}": each sensor is away from half of the windows in which ${tied.by} is
above 0 and from no other, for which no interval was made.

With all sensors, Spearman's correlation of width and error within a person: ${reactions.join('; ')}.

${markdownTable(['sensors', 'dimension', 'held', 'worst tenth', 'by thirds', 'half width', ''], rows)}

`;
}

const change = ({ mean, lower_bound }: Change): string => `${figure(mean)} (${figure(lower_bound)})`;

/** What each sensor contributes, beside what its real removal does; empty of a model of one modality. */
export function removalSection({
  removals,
  panel,
}: {
  readonly removals: readonly Removal[];
  readonly panel: number;
}): string {
  if (removals.length === 0) return '';
  const rows = removals.flatMap(({ modality, weight, dimensions, together }: Removal) => [
    ...intervalDimensions.flatMap((dimension) => {
      const own = dimensions[dimension];
      if (!own) return [];
      const { contribution, change: moved, error, half_width } = own;
      return [
        [
          modality,
          dimension,
          weight === null ? '-' : figure(weight),
          figure(contribution),
          figure(moved),
          change(error),
          change(half_width),
        ],
      ];
    }),
    [modality, 'both', '', '', '', change(together.error), change(together.half_width)],
  ]);
  return `## What each sensor contributes, and what its removal does
${panel} test people, all sensors on. "Contribution" is what \`explain\` tells: how far masking the modality moves the estimate. "Removed": the same sessions run again
from raw signals without these streams: how far the estimate moves, and what its absolute error and half of its interval's width grow by (in brackets the
2.5th percentile over draws of people).

${markdownTable(['sensor', 'dimension', 'weight', 'contribution', 'removed: moves', 'error grows', 'half width grows'], rows)}

`;
}
