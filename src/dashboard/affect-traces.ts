import uPlot from 'uplot';
import { element, setText } from './element.js';
import { type ItemView, KeyedList } from './keyed-list.js';
import { sessionTime, signed } from './number-text.js';
import { invalidText } from './reason-text.js';
import {
  type AffectPoint,
  blankStretches,
  isSilent,
  type SessionState,
  type Stretch,
  TRACE_SPAN_S,
  type TruthPoint,
  traceColumns,
  truthAt,
  truthRuns,
} from './state.js';

type Dimension = 'valence' | 'arousal';

const HEIGHT_PX = 170;
/** Stretches without a valid prediction that are spelt out, the newest. */
const BLANKS_TOLD = 3;
const CURSORS = uPlot.sync('affect');
const NO_TRUTHS: readonly TruthPoint[] = [];

/** Colours of the page, read from its style sheet, as a canvas can't use them by name. */
interface Palette {
  readonly line: string;
  readonly band: string;
  readonly grid: string;
  readonly text: string;
  readonly hatch: string;
  readonly surface: string;
  readonly truth: string;
}

function paletteOf(root: Element, dimension: Dimension): Palette {
  const style = getComputedStyle(root);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    line: read(`--${dimension}`),
    band: read(`--${dimension}-band`),
    grid: read('--grid'),
    text: read('--text-soft'),
    hatch: read('--hatch'),
    surface: read('--surface'),
    truth: read('--truth'),
  };
}

/** Valence and arousal over the last minutes, with their intervals; what is not valid is hatched, with its reason. */
export class AffectTraces {
  readonly #traces: readonly Trace[];
  readonly #blanks: KeyedList<Stretch>;
  #drawn: unknown[] = [];

  constructor(root: HTMLElement) {
    this.#traces = (['valence', 'arousal'] as const).map(
      (dimension) => new Trace(root.querySelector(`[data-trace=${dimension}]`)!, dimension),
    );
    this.#blanks = new KeyedList(root.querySelector('.blanks')!, ({ from }) => String(from), blankView);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      for (const trace of this.#traces) trace.repaint();
    });
  }

  update(session: SessionState | null, now_s: number, isTruthShown: boolean): void {
    const points = session?.points ?? [];
    const last = points.at(-1)?.time;
    // While nothing comes the traces move on, so that a silence can't be taken for a steady state.
    const silent_s = session && isSilent(session, now_s) ? Math.floor(now_s - session.heard_s) : 0;
    const truths = isTruthShown ? (session?.truths ?? NO_TRUTHS) : NO_TRUTHS;
    const drawn = [points, silent_s, truths];
    if (drawn.every((part, i) => part === this.#drawn[i])) return;
    this.#drawn = drawn;
    const right = last === undefined ? TRACE_SPAN_S : Math.max(TRACE_SPAN_S, last + silent_s);
    const stretches = blankStretches(points);
    if (last !== undefined && silent_s > 0) stretches.push({ from: last, to: last + silent_s, reason: null });
    this.#blanks.update(stretches.slice(-BLANKS_TOLD).reverse());
    for (const trace of this.#traces) trace.update(points, stretches, truths, right);
  }
}

function blankView(): ItemView<Stretch> {
  const words = element('span');
  return {
    root: element('li', '', words),
    update({ from, to, reason }) {
      setText(words, `${sessionTime(from)} to ${sessionTime(to)}: ${blankText(reason)}`);
    },
  };
}

function blankText(reason: Stretch['reason']): string {
  return reason === null ? 'no messages' : invalidText(reason);
}

class Trace {
  readonly #root: HTMLElement;
  readonly #dimension: Dimension;
  readonly #place: HTMLElement;
  readonly #readout: HTMLElement;
  readonly #plot: uPlot;
  #palette: Palette;
  #stretches: readonly Stretch[] = [];
  #truths: readonly TruthPoint[] = NO_TRUTHS;
  #right = TRACE_SPAN_S;

  constructor(root: HTMLElement, dimension: Dimension) {
    this.#root = root;
    this.#dimension = dimension;
    this.#place = root.querySelector('.trace-plot')!;
    this.#readout = root.querySelector('.trace-readout')!;
    this.#palette = paletteOf(root, dimension);
    this.#plot = new uPlot(this.#options(), [[], [], [], []], this.#place);
    this.#place.tabIndex = 0;
    this.#place.addEventListener('keydown', (event) => this.#step(event));
    this.#place.addEventListener('blur', () => this.#plot.setCursor({ left: -10, top: -10 }));
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry.contentRect.width);
      if (width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT_PX });
    }).observe(this.#place);
  }

  repaint(): void {
    this.#palette = paletteOf(this.#root, this.#dimension);
    this.#plot.redraw();
  }

  /** @param right Session time at the right edge, s. */
  update(
    points: readonly AffectPoint[],
    stretches: readonly Stretch[],
    truths: readonly TruthPoint[],
    right: number,
  ): void {
    this.#stretches = stretches;
    this.#truths = truths;
    this.#right = right;
    this.#plot.setData(traceColumns(points, this.#dimension) as uPlot.AlignedData);
    const invalid = stretches.length === 0 ? '' : `, ${stretches.length} stretches without a valid one`;
    this.#place.setAttribute(
      'aria-label',
      `${this.#dimension} over the last ${TRACE_SPAN_S / 60} minutes: ${points.length} predictions${invalid}${truths.length > 0 ? '; the truth is shown' : ''}`,
    );
  }

  #options(): uPlot.Options {
    const painted = (key: keyof Palette) => () => this.#palette[key];
    const axis = {
      stroke: painted('text'),
      font: '11px system-ui, sans-serif',
      grid: { stroke: painted('grid'), width: 1 },
      ticks: { stroke: painted('grid'), width: 1, size: 4 },
    };
    return {
      width: Math.max(200, this.#place.clientWidth),
      height: HEIGHT_PX,
      legend: { show: false },
      cursor: { y: false, sync: { key: CURSORS.key }, drag: { x: false, y: false } },
      padding: [8, 12, 0, 0],
      scales: {
        x: { time: false, range: () => [this.#right - TRACE_SPAN_S, this.#right] },
        y: { range: [-1, 1] },
      },
      axes: [
        {
          ...axis,
          size: 24,
          gap: 2,
          values: (_, splits) => splits.map((at) => (at < 0 ? '' : sessionTime(at))),
        },
        {
          ...axis,
          size: 36,
          gap: 2,
          splits: () => [-1, -0.5, 0, 0.5, 1],
          values: (_, splits) => splits.map((at) => (at % 1 === 0 ? String(at).replace('-', '\u2212') : '')),
        },
      ],
      series: [
        {},
        { stroke: painted('line'), width: 2, points: { size: 4, fill: painted('line') } },
        { stroke: 'transparent', width: 0, points: { show: false } },
        { stroke: 'transparent', width: 0, points: { show: false } },
      ],
      bands: [{ series: [3, 2], fill: painted('band') }],
      hooks: {
        drawAxes: [(plot) => this.#drawBlanks(plot), (plot) => this.#drawTruth(plot)],
        setCursor: [(plot) => this.#tell(plot.cursor.idx ?? null)],
      },
    };
  }

  #drawBlanks(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const ratio = uPlot.pxRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const { from, to, reason } of this.#stretches) {
      const left = plot.valToPos(from, 'x', true);
      const width = plot.valToPos(to, 'x', true) - left;
      if (left + width < bbox.left) continue;
      hatch(ctx, left, bbox.top, width, bbox.height, this.#palette.hatch, ratio);
      label(ctx, blankText(reason), Math.max(left, bbox.left), left + width, bbox, this.#palette, ratio);
    }
    ctx.restore();
  }

  /** Dashed, and under the estimate. */
  #drawTruth(plot: uPlot): void {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.strokeStyle = this.#palette.truth;
    ctx.lineWidth = 1.5 * uPlot.pxRatio;
    ctx.setLineDash([5 * uPlot.pxRatio, 4 * uPlot.pxRatio]);
    ctx.beginPath();
    for (const run of truthRuns(this.#truths, this.#dimension))
      for (const [i, [time, value]] of run.entries()) {
        const [left, top] = [plot.valToPos(time, 'x', true), plot.valToPos(value, 'y', true)];
        if (i === 0) ctx.moveTo(left, top);
        else ctx.lineTo(left, top);
      }
    ctx.stroke();
    ctx.restore();
  }

  /** Arrow keys move the cursor from point to point, Home and End to the first and last. */
  #step(event: KeyboardEvent): void {
    const times = this.#plot.data[0];
    const last = times.length - 1;
    const from = this.#plot.cursor.idx ?? last + 1;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    const left = this.#plot.valToPos(times[Math.min(last, Math.max(0, to))], 'x');
    this.#plot.setCursor({ left, top: HEIGHT_PX / 2 });
  }

  #tell(index: number | null): void {
    const [times, values, low, high] = this.#plot.data as ReturnType<typeof traceColumns>;
    if (index === null || times[index] === undefined) {
      setText(this.#readout, '');
      return;
    }
    const value = values[index];
    const bounds = low[index] !== null && high[index] !== null;
    const interval = bounds ? ` [${signed(low[index]!)}, ${signed(high[index]!)}]` : '';
    const truth = truthAt(this.#truths, times[index])?.[this.#dimension] ?? null;
    const told = truth === null ? '' : `, truth ${signed(truth)}`;
    const said = `${value === null ? 'not valid' : signed(value) + interval}${told}`;
    setText(this.#readout, `${sessionTime(times[index], 1)}: ${said}`);
  }
}

function hatch(
  ctx: CanvasRenderingContext2D,
  left: number,
  top: number,
  width: number,
  height: number,
  colour: string,
  ratio: number,
): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = ratio;
  ctx.beginPath();
  const step = 8 * ratio;
  // Lines start at multiples of the step, so that stretches side by side share one pattern.
  for (let at = Math.floor((left - height) / step) * step; at < left + width; at += step) {
    ctx.moveTo(at, top + height);
    ctx.lineTo(at + height, top);
  }
  ctx.stroke();
  ctx.restore();
}

/** The reason inside its stretch, where it fits. */
function label(
  ctx: CanvasRenderingContext2D,
  words: string,
  left: number,
  right: number,
  bbox: uPlot.BBox,
  palette: Palette,
  ratio: number,
): void {
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  const width = ctx.measureText(words).width;
  const padding = 5 * ratio;
  if (width + 2 * padding > right - left) return;
  const middle = (left + Math.min(right, bbox.left + bbox.width)) / 2;
  ctx.fillStyle = palette.surface;
  ctx.fillRect(middle - width / 2 - padding, bbox.top + 6 * ratio, width + 2 * padding, 18 * ratio);
  ctx.fillStyle = palette.text;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.fillText(words, middle, bbox.top + 15.5 * ratio);
}
