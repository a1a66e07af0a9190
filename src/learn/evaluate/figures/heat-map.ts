import { cellColours } from './palette.js';
import { element, figure, textAt } from './svg.js';

export interface HeatMap {
  readonly title: string;
  readonly description: string;
  /** {@link LEAKY} or null. */
  readonly label: string | null;
  readonly rowLabel: string;
  readonly columnLabel: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** [rows][columns]; NaN = nothing known. */
  readonly values: readonly (readonly number[])[];
  /** What stands in each cell, so that nothing is told by colour alone. */
  readonly text: (row: number, column: number) => string;
  /** Values of the darkest and the lightest colour. */
  readonly range: readonly [number, number];
}

const CELL = { width: 84, height: 30 } as const;

/** Coloured cells with their figures written in, as an SVG file. */
export function heatMap(map: HeatMap): string {
  const { title, description, label, rows, columns, values, range } = map;
  // A letter is about 7 wide.
  const left = 32 + 7 * Math.max(...rows.map(({ length }) => length), 4);
  const top = 76;
  const [width, height] = [CELL.width * columns.length, CELL.height * rows.length];
  const cells = rows.flatMap((_, r) =>
    columns.map((_, c) => {
      const { fill, text } = cellColours((values[r][c] - range[0]) / (range[1] - range[0] || 1));
      const [x, y] = [left + CELL.width * c, top + CELL.height * r];
      return [
        element('rect', { x, y, width: CELL.width, height: CELL.height, fill, stroke: '#ffffff' }),
        textAt(x + CELL.width / 2, y + CELL.height / 2 + 4, map.text(r, c), 'middle', { fill: text }),
      ].join('');
    }),
  );
  const middle = top + height / 2;
  return figure(
    {
      width: Math.max(320, 9 * title.length + 90, left + width + 16),
      height: top + height + 16,
      title,
      description,
      label,
    },
    textAt(left + width / 2, 46, map.columnLabel, 'middle'),
    textAt(14, middle, map.rowLabel, 'middle', { transform: `rotate(-90 14 ${middle})` }),
    ...columns.map((name, c) => textAt(left + CELL.width * (c + 0.5), top - 8, name, 'middle')),
    ...rows.map((name, r) => textAt(left - 8, top + CELL.height * (r + 0.5) + 4, name, 'end')),
    ...cells,
  );
}
