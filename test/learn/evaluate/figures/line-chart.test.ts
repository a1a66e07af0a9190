import { describe, expect, it } from 'vitest';
import { type LineChart, lineChart } from '../../../../src/learn/evaluate/figures/line-chart.js';
import { parseFigure } from './parse-figure.js';

const chart: LineChart = {
  title: 'A & B',
  description: 'what it shows',
  label: null,
  x: { label: 'time (s)', range: [0, 10] },
  y: { label: 'speed (m/s)', range: [0, 1] },
  series: [
    {
      name: 'a',
      points: [
        [0, 0],
        [5, Number.NaN],
        [8, 0.5],
        [10, 1],
      ],
    },
    {
      name: 'b',
      points: [
        [0, 1],
        [10, 1],
      ],
      band: [
        [0.5, 1.5],
        [0.9, 1.1],
      ],
      markers: true,
    },
  ],
};

describe('lineChart', () => {
  it('puts points where the axes say, and breaks a line where nothing is known', () => {
    const { paths, texts } = parseFigure(lineChart(chart));
    expect(paths).toContain('M64 300M512 168L624 36');
    expect(paths).toContain('M64 36L624 36');
    expect(texts).toEqual(
      expect.arrayContaining(['A & B', 'time (s)', 'speed (m/s)', 'a', 'b', '0.2', '10']),
    );
  });

  it('closes bands', () => {
    const { paths } = parseFigure(lineChart(chart));
    expect(paths.filter((path) => path.endsWith('Z'))).toEqual(['M64 -96L624 9.6L624 62.4L64 168Z']);
  });

  it('is the same bytes each time, and stands with nothing to show', () => {
    expect(lineChart(chart)).toBe(lineChart(chart));
    parseFigure(lineChart({ ...chart, series: [], x: { label: 'x' }, y: { label: 'y' } }));
    parseFigure(
      lineChart({
        ...chart,
        x: { label: 'x' },
        y: { label: 'y' },
        series: [{ name: 'none', points: [[Number.NaN, Number.NaN]], band: [[Number.NaN, Number.NaN]] }],
      }),
    );
  });
});
