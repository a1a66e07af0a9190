import type { Confusion } from '../../metrics/confusion.js';
import { heatMap } from './heat-map.js';

/** Counts of true against predicted classes, coloured by their share of the true class. */
export function confusionMatrix(
  title: string,
  classes: readonly string[],
  { counts }: Confusion,
  label: string | null,
): string {
  const values = counts.map((row) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count) => count / total);
  });
  return heatMap({
    title,
    description:
      'Rows are true classes, columns predicted ones; each cell has its share of the row and its count.',
    label,
    rowLabel: 'labelled',
    columnLabel: 'predicted',
    rows: classes,
    columns: classes,
    values,
    text: (r, c) =>
      Number.isNaN(values[r][c]) ? '-' : `${Math.round(100 * values[r][c])} % (${counts[r][c]})`,
    range: [0, 1],
  });
}
