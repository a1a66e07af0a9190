import type { PaperFigure } from './evaluate-config.js';
import type { PaperRow, SplitResult } from './evaluation-result.js';

/** Published figures with ours beside them. */
export function paperRows(figures: readonly PaperFigure[], splits: readonly SplitResult[]): PaperRow[] {
  return figures.map(({ source, model, quantity, metric, value, sd, missing }) => ({
    source,
    model,
    quantity,
    metric,
    paper: value,
    paper_sd: sd ?? null,
    missing: missing ?? null,
    ours: splits.flatMap((split, s) => {
      if (missing !== undefined) {
        return split.sweeps
          .filter((t) => t.sweep === 'single' && t.quantity === quantity && t.metric === metric)
          .flatMap(({ level, models }) =>
            models
              .filter(({ name }) => name === model)
              .flatMap(({ points }) => points.filter(({ at }) => Math.abs(at - missing) < 1e-9))
              .map(({ spread: { mean, sd: own } }) => ({ split: s, level, mean, sd: own })),
          );
      }
      return split.tables
        .filter((table) => table.quantity === quantity)
        .flatMap(({ level, rows }) =>
          rows.flatMap((row) => {
            const own = row.model === model ? row.figures[metric] : undefined;
            return own ? [{ split: s, level, mean: own.mean, sd: own.sd }] : [];
          }),
        );
    }),
  }));
}
