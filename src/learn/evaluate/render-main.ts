import { markdownTable } from '../../core/markdown-table.js';
import type { EvaluationResult } from './evaluation-result.js';
import { marked, metricTitles, number, plusMinus } from './report-text.js';
import { isError } from './scores.js';

/** What a report opens with: the one comparison that was written down, and whether that was before anything was known. */
export function mainSection(main: NonNullable<EvaluationResult['main']>): string[] {
  const { model, against, quantity, metric, level, split, lost, result, label } = main;
  const title = metricTitles[metric];
  const under = lost ? `, lost from the first missing rate to the last (${lost})` : '';
  const asked = `${title} of ${quantity}, by ${level}, split ${split}${under}: ${model} less ${against}.`;
  const better = isError(metric) !== (lost !== undefined) ? 'Less is better.' : 'More is better.';
  return [
    `## ${marked('Main comparison', label)}`,
    `${asked} ${better} ${writtenDown(main)}`,
    result
      ? markdownTable(
          [
            model,
            against,
            'difference',
            '95 % interval',
            result.unit === 'person' ? 'people' : 'sessions',
            'p (Wilcoxon)',
            'p (t)',
          ],
          [
            [
              plusMinus(result.model),
              plusMinus(result.against),
              number(result.difference),
              result.interval.map((bound) => number(bound)).join(' to '),
              String(result.pairs),
              number(result.wilcoxon, 4),
              number(result.t, 4),
            ],
          ],
        )
      : 'It has no result: its split was left out, or one of the two does not tell this.',
    'All other comparisons below are secondary: nobody said beforehand that they were to count.',
  ];
}

function writtenDown({ digest, after_folds, after_others }: NonNullable<EvaluationResult['main']>): string {
  const others =
    after_others > 0 ? ` ${after_others} other${after_others === 1 ? ' stands' : 's stand'} before it.` : '';
  return after_folds === 0
    ? `Written down before the first fold was computed (\`${digest}\`).${others}`
    : `**Written down after ${after_folds} fold${after_folds === 1 ? ' was' : 's were'} computed** (\`${digest}\`), so that it is no more than secondary itself.${others}`;
}

/** What each model was given: the same, but for the exceptions. */
export function opportunitiesSection({ models }: Pick<EvaluationResult, 'models'>): string[] {
  const excepted = models.filter(({ exception }) => exception !== null);
  return [
    '## What each model was given',
    markdownTable(
      ['model', 'type', 'windows at once', 'configurations', 'chosen on held-out windows', 'by'],
      models.map(({ name, type, history, configurations, chosen, chosen_by }) => [
        name,
        type,
        String(history),
        String(configurations),
        chosen.join(', ') || '-',
        chosen_by ?? '-',
      ]),
    ),
    ...excepted.map(({ name, exception }) => `- Exception: **${name}**. ${exception}`),
  ];
}
