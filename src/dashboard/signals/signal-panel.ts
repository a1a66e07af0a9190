import { SET_MARKERS } from '../../core/set-markers.js';
import type { SignalsMessage } from '../../io/client/index.js';
import { element, setText } from '../element.js';
import { type ItemView, KeyedList } from '../keyed-list.js';
import type { SessionStatus } from '../session-statuses.js';
import { isText, SHOWN_S, type SignalInfo, SignalSeries } from './signal-series.js';
import { SignalTrace } from './signal-trace.js';
import { StreamPulse } from './stream-pulse.js';

/** Most streams of a session that are shown. */
const STREAM_LIMIT = 32;
/** A stream that has closed is shown until all of it has gone by, s. */
const CLOSED_FOR_S = SHOWN_S;

type StreamStatus = SessionStatus['streams'][number];

interface ShownStream {
  /** Of no other, whatever came before it under its id. */
  readonly key: string;
  readonly id: string;
  readonly series: SignalSeries;
  readonly pulse: StreamPulse;
  /** When it closed on the page's clock, s; null: it is open. */
  closed_s: number | null;
  /** What the daemon says of it. */
  status: StreamStatus | null;
}

/** What the panel asks of the page. */
export interface SignalSource {
  /** Signals of this session alone are wanted from now on; null: none. */
  watch(session: string | null): void;
  /** A stream came or went. */
  changed(): void;
}

/** All that a session's devices send: a trace for each stream, over the last minute, on one axis of session time. */
export class SignalPanel {
  readonly #root: HTMLElement;
  readonly #source: SignalSource;
  readonly #streams = new Map<string, ShownStream>();
  readonly #list: KeyedList<ShownStream>;
  readonly #views = new Map<SignalSeries, SignalTrace>();
  #session: string | null = null;
  #run: string | null = null;
  #isDrawn = true;
  #opened = 0;

  constructor(root: HTMLElement, source: SignalSource) {
    this.#root = root;
    this.#source = source;
    this.#list = new KeyedList(
      root.querySelector('.signals')!,
      ({ key }) => key,
      (stream) => this.#viewOf(stream),
    );
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#isDrawn = false;
    });
  }

  /** @param at_s Arrival on the page's clock, s. */
  take(message: SignalsMessage, at_s: number): void {
    const { session, id, kind, info, run } = message;
    if (session !== this.#session) return;
    // Another run has another zero.
    if (this.#run !== null && this.#run !== run) this.#streams.clear();
    this.#run = run;
    this.#isDrawn = false;
    const stream = this.#streams.get(id);
    // What people set is listed as markers.
    if (info?.source_id === SET_MARKERS) return;
    if (kind === 'open' && info) {
      this.#source.changed();
      if (stream && isSame(stream.series.info, info)) stream.closed_s = null;
      else if (stream || this.#streams.size < STREAM_LIMIT)
        this.#streams.set(id, {
          ...{
            key: String(this.#opened++),
            id,
            series: new SignalSeries(info),
            pulse: new StreamPulse(at_s),
          },
          ...{ closed_s: null, status: null },
        });
    } else if (kind === 'close' && stream) {
      stream.closed_s = at_s;
      this.#source.changed();
    } else if (stream) {
      stream.series.take(message);
      if (!message.past) stream.pulse.beat(at_s);
    }
  }

  /** @param session the one that is shown; null: none. @param status what the daemon says of it */
  update(session: string | null, status: SessionStatus | null, now_s: number): void {
    if (session !== this.#session) {
      this.#session = session;
      this.#run = null;
      this.#streams.clear();
      this.#source.watch(session);
    }
    for (const [id, { closed_s }] of this.#streams)
      if (closed_s !== null && now_s - closed_s > CLOSED_FOR_S) this.#streams.delete(id);
    for (const own of status?.streams ?? []) {
      const stream = this.#streams.get(own.id);
      if (stream) stream.status = own;
    }
    for (const stream of this.#streams.values()) stream.pulse.look(now_s);
    this.#root.hidden = this.#streams.size === 0;
    const streams = [...this.#streams.values()];
    this.#list.update(streams);
    const shown = new Set(streams.map(({ series }) => series));
    for (const series of this.#views.keys()) if (!shown.has(series)) this.#views.delete(series);
    if (this.#isDrawn) return;
    this.#isDrawn = true;
    // One axis for all: where one stream is behind, its trace ends earlier.
    const right = Math.max(...streams.map(({ series }) => series.newest ?? Number.NEGATIVE_INFINITY));
    if (Number.isFinite(right)) for (const trace of this.#views.values()) trace.draw(right);
  }

  #viewOf({ id, series }: ShownStream): ItemView<ShownStream> {
    const { info, channels } = series;
    const light = element('span', 'tag');
    const told = element('p', 'signal-told hint');
    const title = element('h3', '', info.name || id, ' ', element('small', '', describe(info)));
    const root = element('li', 'signal', element('div', 'row', title, light), told);
    root.dataset.stream = id;
    let trace: SignalTrace | null = null;
    if (channels > 0) {
      trace = new SignalTrace();
      const lane_px = laneOf(channels);
      trace.show(series, lane_px);
      trace.setAttribute('role', 'img');
      trace.setAttribute(
        'aria-label',
        `${info.name || id}: ${info.channels.length} channels, last ${SHOWN_S} s`,
      );
      const labels = element(
        'ol',
        'lane-labels',
        ...info.channels.slice(0, channels).map(({ label }, c) => element('li', '', label || `#${c + 1}`)),
      );
      labels.style.setProperty('--lane', `${lane_px}px`);
      root.append(element('div', 'lanes', labels, trace));
      this.#views.set(series, trace);
    }
    return {
      root,
      update: (stream) => {
        const state = stream.closed_s !== null ? 'gone' : isText(info) ? 'markers' : stream.pulse.state;
        root.dataset.state = state;
        setText(light, state);
        setText(told, [useOf(stream), lanesOf(stream, trace)].filter(Boolean).join('; '));
      },
    };
  }
}

/** A stream that came back otherwise is another one. */
function isSame(a: SignalInfo, b: SignalInfo): boolean {
  const layout = ({ sfreq, channels }: SignalInfo) =>
    JSON.stringify([sfreq, channels.map(({ label, unit }) => [label, unit])]);
  return layout(a) === layout(b);
}

/** Fewer channels have more room. */
function laneOf(channels: number): number {
  if (channels <= 4) return 44;
  if (channels <= 16) return 24;
  return channels <= 32 ? 16 : 11;
}

function describe({ type, sfreq, channels, simulated }: SignalInfo): string {
  const rate = sfreq > 0 ? `${Number(sfreq.toFixed(2))} Hz` : 'irregular';
  return `${simulated ? 'SIMULATED, ' : ''}${type}, ${rate}, ${channels.length} ${channels.length === 1 ? 'channel' : 'channels'}`;
}

/** What the pipeline does with it. */
function useOf({ status }: ShownStream): string {
  if (!status) return '';
  return status.sources.length > 0
    ? `feeds ${status.sources.join(', ')}`
    : `feeds no source${status.why ? `: ${status.why}` : ''}`;
}

function lanesOf({ series }: ShownStream, trace: SignalTrace | null): string {
  if (series.text !== null) return `last: ${series.text}`;
  if (!trace || series.newest === null) return '';
  const more = series.info.channels.length - series.channels;
  const halves = [...trace.halves].map(([unit, half]) => `\u00b1${Number(half.toPrecision(2))} ${unit}`);
  return `a lane is ${halves.join(', ')}${more > 0 ? `; ${more} more channels are not drawn` : ''}`;
}
