import { setAttributes, setText, svgElement } from './element.js';
import { duration, signed } from './number-text.js';
import { invalidText } from './reason-text.js';
import {
  type AffectPoint,
  isSilent,
  type SessionState,
  shownEvidence,
  TRAIL_SPAN_S,
  trailRuns,
  truthAt,
} from './state.js';

const SIZE = 440;
const MARGIN = 44;
/** Nothing stands above the frame but half a line of text. */
const TOP = 30;
const HALF = SIZE / 2 - MARGIN;
/** The trail fades in so many steps. */
const FADES = 10;

const x = (valence: number) => SIZE / 2 + valence * HALF;
const y = (arousal: number) => SIZE / 2 - arousal * HALF;
const text = (className: string, at: readonly [number, number], content: string, anchor = 'middle') =>
  svgElement('text', { class: className, x: at[0], y: at[1], 'text-anchor': anchor }, content);

/**
 * Valence across, arousal up, as in Russell's circumplex (1980). The point jumps from estimate to estimate:
 * positions in between were never computed. The quadrants carry the poles of the axes and no names of
 * emotions, which no model behind this page can tell.
 */
export class AffectPlane {
  readonly #svg: SVGSVGElement;
  readonly #readout: Readonly<Record<'valence' | 'arousal', HTMLElement>>;
  readonly #state: HTMLElement;
  readonly #watermark = text('plane-watermark', [SIZE / 2, SIZE / 2], 'SIMULATED');
  readonly #interval = svgElement('g', { class: 'plane-interval' });
  readonly #box = svgElement('rect', { rx: 3 });
  readonly #across = svgElement('line');
  readonly #up = svgElement('line');
  readonly #trail = Array.from({ length: FADES }, (_, i) =>
    svgElement('path', { class: 'plane-trail', opacity: (0.08 + (0.8 * (i + 1)) / FADES).toFixed(2) }),
  );
  readonly #point = svgElement('circle', { class: 'plane-point', r: 8 });
  readonly #truth = svgElement('path', { class: 'plane-truth', d: 'M-9 -9L9 9M-9 9L9 -9' });
  #drawn: unknown[] = [];

  constructor(root: HTMLElement) {
    this.#svg = root.querySelector('svg')!;
    this.#readout = {
      valence: root.querySelector('.readout-valence')!,
      arousal: root.querySelector('.readout-arousal')!,
    };
    this.#state = root.querySelector('.plane-state')!;
    setAttributes(this.#svg, { viewBox: `0 ${TOP} ${SIZE} ${SIZE - TOP}` });
    this.#interval.append(this.#box, this.#across, this.#up);
    this.#svg.append(...scenery(), this.#watermark, this.#interval, ...this.#trail, this.#truth, this.#point);
  }

  update(session: SessionState | null, now_s: number, isTruthShown: boolean): void {
    const old = session !== null && isSilent(session, now_s);
    this.#svg.classList.toggle('is-old', old);
    setText(this.#state, old ? oldText(session, now_s) : stateText(session?.points.at(-1) ?? null));
    const drawn = [session, isTruthShown];
    if (drawn.every((part, i) => part === this.#drawn[i])) return;
    this.#drawn = drawn;
    const last = session?.points.at(-1) ?? null;
    const shown = last !== null && last.valence !== null && last.arousal !== null;
    show(this.#watermark, shownEvidence(session) === 'simulated');
    show(this.#point, shown);
    show(this.#interval, shown && last.interval !== null);
    this.#drawTrail(session?.points ?? []);
    this.#svg.classList.toggle('is-invalid', last !== null && !last.valid);
    if (shown) this.#drawPoint(last, last.valence!, last.arousal!);
    for (const dimension of ['valence', 'arousal'] as const) {
      const [value, interval] = readout(last, dimension);
      setText(this.#readout[dimension].firstElementChild!, value);
      setText(this.#readout[dimension].lastElementChild!, interval);
    }
    const truth = this.#drawTruth(isTruthShown ? session : null);
    this.#svg.setAttribute(
      'aria-label',
      shown
        ? `Valence ${readout(last, 'valence').join(' ')}, arousal ${readout(last, 'arousal').join(' ')}. ${stateText(last)}${truth}`
        : `Valence-arousal plane, no estimate.${truth}`,
    );
  }

  #drawPoint(point: AffectPoint, valence: number, arousal: number): void {
    setAttributes(this.#point, { cx: x(valence).toFixed(1), cy: y(arousal).toFixed(1) });
    if (!point.interval?.valence || !point.interval.arousal) return;
    const [left, right] = point.interval.valence.map(x) as [number, number];
    const [bottom, top] = point.interval.arousal.map(y) as [number, number];
    setAttributes(this.#box, { x: left, y: top, width: right - left, height: bottom - top });
    setAttributes(this.#across, { x1: left, x2: right, y1: y(arousal), y2: y(arousal) });
    setAttributes(this.#up, { x1: x(valence), x2: x(valence), y1: bottom, y2: top });
  }

  /** The truth at the time of the last estimate. @returns what is told of it */
  #drawTruth(session: SessionState | null): string {
    const time = session?.points.at(-1)?.time;
    const truth = session && time !== undefined ? truthAt(session.truths, time) : null;
    const known = truth !== null && truth.valence !== null && truth.arousal !== null;
    show(this.#truth, known);
    if (!known) return '';
    const { valence, arousal } = truth;
    this.#truth.setAttribute('transform', `translate(${x(valence!).toFixed(1)} ${y(arousal!).toFixed(1)})`);
    return ` The truth: valence ${signed(valence!)}, arousal ${signed(arousal!)}.`;
  }

  #drawTrail(points: readonly AffectPoint[]): void {
    const now = points.at(-1)?.time ?? 0;
    const paths = Array.from({ length: FADES }, () => '');
    for (const run of trailRuns(points)) {
      for (const [i, to] of run.entries()) {
        const from = run[i - 1];
        if (!from) continue;
        const fade = Math.min(FADES - 1, Math.floor((1 - (now - to.time) / TRAIL_SPAN_S) * FADES));
        paths[Math.max(0, fade)] += `M${place(from)}L${place(to)}`;
      }
    }
    for (const [i, path] of paths.entries()) this.#trail[i].setAttribute('d', path);
  }
}

function place({ valence, arousal }: AffectPoint): string {
  return `${x(valence!).toFixed(1)} ${y(arousal!).toFixed(1)}`;
}

function show(part: SVGElement, shown: boolean): void {
  part.classList.toggle('is-hidden', !shown);
}

function readout(
  point: AffectPoint | null,
  dimension: 'valence' | 'arousal',
): [value: string, interval: string] {
  const value = point?.[dimension];
  if (value === null || value === undefined) return ['none', ''];
  const bounds = point!.interval?.[dimension];
  return [signed(value), bounds ? `${signed(bounds[0])} to ${signed(bounds[1])}` : ''];
}

function oldText({ heard_s, points }: SessionState, now_s: number): string {
  if (points.length === 0) return 'No prediction came.';
  return `Not current: the last estimate, ${duration(now_s - heard_s)} old.`;
}

function stateText(point: AffectPoint | null): string {
  if (!point) return 'No prediction yet. None comes from a pipeline without a model.';
  if (!point.valid) return `Not valid: ${invalidText(point.reason)}.`;
  return point.interval
    ? `Box: ${Math.round(point.interval.level * 100)} % interval of each axis. Trail: last ${TRAIL_SPAN_S} s.`
    : `No interval: the model is not calibrated. Trail: last ${TRAIL_SPAN_S} s.`;
}

/** Frame, grid, ticks and words, which never change. */
function scenery(): SVGElement[] {
  const [low, high, middle] = [MARGIN, SIZE - MARGIN, SIZE / 2];
  const line = (className: string, x1: number, y1: number, x2: number, y2: number) =>
    svgElement('line', { class: className, x1, y1, x2, y2 });
  const grid = [-0.5, 0.5].flatMap((at) => [
    line('plane-grid', x(at), low, x(at), high),
    line('plane-grid', low, y(at), high, y(at)),
  ]);
  const ticks = [-1, -0.5, 0.5, 1].flatMap((at) => [
    text('plane-tick', [x(at), high + 15], tick(at)),
    text('plane-tick', [low - 6, y(at) + 4], tick(at), 'end'),
  ]);
  const hints = [
    ['pleasant, excited', 0.97, 0.9, 'end'],
    ['unpleasant, excited', -0.97, 0.9, 'start'],
    ['unpleasant, calm', -0.97, -0.95, 'start'],
    ['pleasant, calm', 0.97, -0.95, 'end'],
  ] as const;
  const arousalName = text('plane-name', [0, 0], 'Arousal');
  arousalName.setAttribute('transform', `translate(13 ${middle}) rotate(-90)`);
  return [
    svgElement('rect', { class: 'plane-frame', x: low, y: low, width: 2 * HALF, height: 2 * HALF }),
    ...grid,
    line('plane-axis', low, middle, high, middle),
    line('plane-axis', middle, low, middle, high),
    ...ticks,
    text('plane-name', [middle, SIZE - 8], 'Valence'),
    arousalName,
    ...hints.map(([hint, v, a, anchor]) => text('plane-hint', [x(v), y(a)], hint, anchor)),
  ];
}

function tick(value: number): string {
  return `${value < 0 ? '\u2212' : '+'}${Math.abs(value)}`;
}
