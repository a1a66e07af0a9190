import { publishedTables } from '../papers/citation.js';
import { publishedFigures } from '../papers/published-figures.js';
import type { EvaluateConfig, PaperFigure, PaperTable } from './evaluate-config.js';
import type { PaperRow, SplitResult } from './evaluation-result.js';

type Published = Omit<PaperRow, 'ours'>;

/** Published figures with ours beside them: the papers' tables, whole, then figures of other works. */
export function paperRows(
  { paper_tables, paper }: Pick<EvaluateConfig, 'paper_tables' | 'paper'>,
  splits: readonly SplitResult[],
): PaperRow[] {
  return [...paper_tables.flatMap(tableFigures), ...paper.map(otherFigure)].map((figure) => ({
    ...figure,
    ours: splits.flatMap((split, s) => oursBeside(figure, split).map((own) => ({ split: s, ...own }))),
  }));
}

function tableFigures({ table, columns, ours, differs }: PaperTable): Published[] {
  return publishedFigures(publishedTables.get(table)!, columns).map(
    ({ row, printed, quantity, metric, missing, value, sd }) => ({
      source: table,
      row,
      differs,
      printed,
      model: ours[row] ?? null,
      quantity,
      metric,
      paper: value,
      paper_sd: sd,
      missing,
    }),
  );
}

function otherFigure({ source, model, quantity, metric, value, sd, missing }: PaperFigure): Published {
  return {
    source,
    row: null,
    differs: null,
    printed: sd === undefined ? String(value) : `${value} ± ${sd}`,
    model,
    quantity,
    metric,
    paper: value,
    paper_sd: sd ?? null,
    missing: missing ?? null,
  };
}

function oursBeside(
  { model, quantity, metric, missing }: Published,
  split: SplitResult,
): Omit<PaperRow['ours'][number], 'split'>[] {
  if (missing !== null)
    return split.sweeps
      .filter((t) => t.sweep === 'single' && t.quantity === quantity && t.metric === metric)
      .flatMap(({ level, models }) =>
        models
          .filter(({ name }) => name === model)
          .flatMap(({ points }) => points.filter(({ at }) => Math.abs(at - missing) < 1e-9))
          .map(({ spread: { mean, sd } }) => ({ level, mean, sd })),
      );
  return split.tables
    .filter((table) => table.quantity === quantity)
    .flatMap(({ level, rows }) =>
      rows.flatMap((row) => {
        const figure = row.model === model ? row.figures[metric] : undefined;
        return figure ? [{ level, mean: figure.mean, sd: figure.sd }] : [];
      }),
    );
}
