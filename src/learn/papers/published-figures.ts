import type { PublishedTable, TableColumn } from './paper.js';

/** One cell of a published table that has a figure in it. */
export interface PublishedFigure extends Pick<TableColumn, 'quantity' | 'metric' | 'missing'> {
  /** Name of the row. */
  readonly row: string;
  /** As printed, with its unit. */
  readonly printed: string;
  /** On the metric's own scale: a share where it is printed in per cent. */
  readonly value: number;
  /** Printed standard deviation on that scale, or null. */
  readonly sd: number | null;
}

/**
 * The figures of a published table, row by row; empty cells are none.
 *
 * @param group keeps the columns of one data set or label; null: all
 */
export function publishedFigures({ rows, columns }: PublishedTable, group: string | null): PublishedFigure[] {
  return rows.flatMap(({ name, cells }) =>
    columns.flatMap((column, c): PublishedFigure[] => {
      const { quantity, metric, missing, percent } = column;
      const printed = cells[c].split(' ± ').filter((part) => part !== '-');
      if (printed.length === 0 || (group !== null && column.group !== group)) return [];
      const [value, sd = null] = printed.map((part) => Number(part.replace('*', '')) / (percent ? 100 : 1));
      return [
        {
          row: name,
          quantity,
          metric,
          missing,
          printed: `${printed.join(' ± ')}${percent ? ' %' : ''}`,
          value,
          sd,
        },
      ];
    }),
  );
}
