import { expect, it } from 'vitest';
import { heatMap } from '../../../../src/learn/evaluate/figures/heat-map.js';
import { parseFigure } from './parse-figure.js';

it('writes every figure into its cell', () => {
  const svg = heatMap({
    title: 't',
    description: 'd',
    label: 'LEAKY',
    rowLabel: 'rows',
    columnLabel: 'columns',
    rows: ['r0', 'r1'],
    columns: ['c0', 'c1', 'c2'],
    values: [
      [0, 0.5, 1],
      [0.1, Number.NaN, 0.2],
    ],
    text: (r, c) => `cell ${r} ${c}`,
    range: [0, 1],
  });
  const { texts } = parseFigure(svg);
  for (const text of ['LEAKY', 'rows', 'columns', 'r1', 'c2', 'cell 0 0', 'cell 1 1', 'cell 1 2'])
    expect(texts).toContain(text);
  expect(svg).toContain('fill="#00204c"');
  expect(svg).toContain('fill="#ffea46"');
});
