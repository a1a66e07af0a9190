import { seriesStyle } from './palette.js';
import { extent, linearScale, ticks } from './scale.js';
import { element, figure, short, textAt } from './svg.js';

export interface Axis {
  /** Quantity and unit. */
  readonly label: string;
  /** Left out: what the data need. */
  readonly range?: readonly [number, number];
}

export interface Series {
  readonly name: string;
  /** A NaN interrupts the line. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Lower and upper edge at each point, such as mean ± SD. */
  readonly band?: readonly (readonly [low: number, high: number])[];
  readonly markers?: boolean;
}

export interface LineChart {
  readonly title: string;
  readonly description: string;
  /** {@link LEAKY} or null. */
  readonly label: string | null;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** A thin grey line to compare with, such as perfect calibration. */
  readonly guide?: Series;
}

const WIDTH = 640;
const PLOT = { left: 64, right: 624, top: 36, bottom: 300 } as const;

/** Lines over a common axis, with bands, as an SVG file. */
export function lineChart({ title, description, label, x, y, series, guide }: LineChart): string {
  const drawn = guide ? [...series, guide] : series;
  const xs = x.range ?? tight(drawn.flatMap(({ points }) => points.map(([px]) => px)));
  const ys =
    y.range ??
    extent(drawn.flatMap(({ points, band }) => [...points.map(([, py]) => py), ...(band ?? []).flat()]));
  const toX = linearScale(xs, [PLOT.left, PLOT.right]);
  const toY = linearScale(ys, [PLOT.bottom, PLOT.top]);
  const place = (px: number, py: number): string => `${short(toX(px))} ${short(toY(py))}`;

  const lines = series.flatMap(({ points, band, markers }, i) => {
    const { colour, dash } = seriesStyle(i);
    const stroke = {
      fill: 'none',
      stroke: colour,
      'stroke-width': 2,
      ...(dash && { 'stroke-dasharray': dash }),
    };
    return [
      ...(band
        ? [element('path', { d: bandPath(points, band, place), fill: colour, 'fill-opacity': '0.15' })]
        : []),
      element('path', { d: linePath(points, place), ...stroke }),
      ...(markers
        ? points
            .filter(([px, py]) => Number.isFinite(px + py))
            .map(([px, py]) => element('circle', { cx: toX(px), cy: toY(py), r: 3, fill: colour }))
        : []),
    ];
  });
  const compared = guide
    ? [
        element('path', {
          d: linePath(guide.points, place),
          fill: 'none',
          stroke: '#767676',
          'stroke-dasharray': '4 4',
        }),
      ]
    : [];
  const legend = series.map(({ name }, i) => {
    const { colour, dash } = seriesStyle(i);
    const top = PLOT.bottom + 58 + 18 * i;
    return [
      element('path', {
        d: `M${PLOT.left} ${top - 4}h28`,
        stroke: colour,
        'stroke-width': 2,
        ...(dash && { 'stroke-dasharray': dash }),
      }),
      textAt(PLOT.left + 36, top, name),
    ].join('');
  });
  const height = PLOT.bottom + 52 + 18 * series.length;
  const clip = element(
    'clipPath',
    { id: 'plot' },
    element('rect', {
      x: PLOT.left,
      y: PLOT.top,
      width: PLOT.right - PLOT.left,
      height: PLOT.bottom - PLOT.top,
    }),
  );
  return figure(
    { width: WIDTH, height, title, description, label },
    clip,
    axes(x.label, y.label, xs, ys, toX, toY),
    element('g', { 'clip-path': 'url(#plot)' }, ...compared, ...lines),
    ...legend,
  );
}

function tight(values: readonly number[]): [number, number] {
  const finite = values.filter(Number.isFinite);
  const [low, high] = [
    finite.reduce((a, b) => Math.min(a, b), Infinity),
    finite.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
  return low < high ? [low, high] : extent(finite);
}

function linePath(points: Series['points'], place: (x: number, y: number) => string): string {
  let pen = 'M';
  return points
    .flatMap(([x, y]) => {
      if (!Number.isFinite(x + y)) {
        pen = 'M';
        return [];
      }
      const step = `${pen}${place(x, y)}`;
      pen = 'L';
      return [step];
    })
    .join('');
}

function bandPath(
  points: Series['points'],
  band: NonNullable<Series['band']>,
  place: (x: number, y: number) => string,
): string {
  const known = points.flatMap(([x], i) =>
    Number.isFinite(band[i][0] + band[i][1]) ? [[x, ...band[i]] as const] : [],
  );
  if (known.length === 0) return '';
  const there = known.map(([x, , high]) => place(x, high));
  const back = [...known].reverse().map(([x, low]) => place(x, low));
  return `M${[...there, ...back].join('L')}Z`;
}

function axes(
  xLabel: string,
  yLabel: string,
  xs: readonly [number, number],
  ys: readonly [number, number],
  toX: (value: number) => number,
  toY: (value: number) => number,
): string {
  const { left, right, top, bottom } = PLOT;
  const middle = (top + bottom) / 2;
  return element(
    'g',
    {},
    ...ticks(ys[0], ys[1], 6).flatMap((value) => [
      element('path', { d: `M${left} ${short(toY(value))}H${right}`, stroke: '#e4e4e4' }),
      textAt(left - 8, toY(value) + 4, String(value), 'end'),
    ]),
    ...ticks(xs[0], xs[1], 8).flatMap((value) => [
      element('path', { d: `M${short(toX(value))} ${bottom}v5`, stroke: '#767676' }),
      textAt(toX(value), bottom + 18, String(value), 'middle'),
    ]),
    element('path', { d: `M${left} ${top}V${bottom}H${right}`, fill: 'none', stroke: '#767676' }),
    textAt((left + right) / 2, bottom + 36, xLabel, 'middle'),
    textAt(16, middle, yLabel, 'middle', { transform: `rotate(-90 16 ${short(middle)})` }),
  );
}
