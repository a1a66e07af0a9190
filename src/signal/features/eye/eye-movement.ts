import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { FeatureDescriptor } from '../../../core/features.js';
import type { Extractor } from '../../../core/processor.js';
import {
  type Chunk,
  channelOf,
  type Marker,
  type StreamInfo,
  TIME_TOLERANCE_S,
  type Window,
} from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import { LowFrequencyPower } from '../../dsp/low-frequency-power.js';
import { pupilChannels } from '../channels/eye-channels.js';
import { DeviceGazeEvents, type DeviceGazeEventsState } from '../events/device-gaze-events.js';
import type { GazeEvent } from '../events/gaze-event.js';
import { GazeEvents, type GazeEventsState } from '../events/gaze-events.js';
import { GazeHistory, type GazeHistoryState } from '../events/gaze-history.js';
import { screenSchema } from '../events/screen.js';
import { BIN_S, TrailingBins, type TrailingBinsState } from '../events/trailing-bins.js';

const params = z.strictObject({
  screen: screenSchema
    .optional()
    .describe(
      'where the screen is; without it, gaze in px or normalised units has no degrees, and saccade amplitudes are masked',
    ),
  events: z
    .enum(['computed', 'device'])
    .optional()
    .describe(
      "`computed` (default): events found in the gaze; `device`: of each kind that the eye tracker tells in the session's markers, its own from the first one on",
    ),
});
type Params = z.infer<typeof params>;

/** Trailing times of what a few seconds hold too little of, s, and the least that must have passed. */
const PUPIL_S = 20;
const EVENTS_S = 60;
const LEAST_S = 5;
/** Share of a trailing time that must be measured. */
const LEAST_SHARE = 0.5;

/** Bands of the pupil's size, Hz. */
const pupilBands = [
  [0, 0.2],
  [0.2, 0.4],
  [0.4, 0.6],
  [0.6, 1],
] as const;

/** Below this rate a saccade is over within two samples: its length and peak are guesses, Hz. */
const SACCADE_RATE_HZ = 60;
/** No eye tracker is faster, Hz. */
const FASTEST_HZ = 2000;
/** Eye trackers write 0 where they see no pupil. */
const NO_PUPIL = 0;

/** Rows of {@link TrailingBins}. */
const Row = { pupilX: 0, pupilY: 1, gaze: 2 } as const;

function descriptorsOf(pupilUnit: string, lengthUnit: string, seesSaccades: boolean): FeatureDescriptor[] {
  const of = (channel: string, feature: string, unit: string): FeatureDescriptor =>
    channel === 'saccade' && !seesSaccades
      ? { channel, feature, unit, unreliable: true }
      : { channel, feature, unit };
  const entropies = (axis: string) =>
    pupilBands.map(([low, high]) =>
      of('pupil', `${axis}_de_${1000 * low}_${1000 * high}_mhz_${PUPIL_S}s`, 'nat'),
    );
  const trailing = `${EVENTS_S}s`;
  return [
    of('pupil', 'x_mean', pupilUnit),
    of('pupil', 'y_mean', pupilUnit),
    of('pupil', 'x_sd', pupilUnit),
    of('pupil', 'y_sd', pupilUnit),
    ...entropies('x'),
    ...entropies('y'),
    of('fixation', 'dispersion_x_mean', lengthUnit),
    of('fixation', 'dispersion_y_mean', lengthUnit),
    of('fixation', 'dispersion_x_sd', lengthUnit),
    of('fixation', 'dispersion_y_sd', lengthUnit),
    of('fixation', 'duration_mean', 'ms'),
    of('fixation', 'duration_sd', 'ms'),
    of('blink', `duration_mean_${trailing}`, 'ms'),
    of('blink', `duration_sd_${trailing}`, 'ms'),
    of('saccade', 'duration_mean', 'ms'),
    of('saccade', 'amplitude_mean', 'deg'),
    of('saccade', 'duration_sd', 'ms'),
    of('saccade', 'amplitude_sd', 'deg'),
    of('blink', `frequency_${trailing}`, '1/s'),
    of('fixation', `frequency_${trailing}`, '1/s'),
    of('fixation', `duration_max_${trailing}`, 'ms'),
    of('fixation', `dispersion_total_${trailing}`, lengthUnit),
    of('fixation', `dispersion_max_${trailing}`, lengthUnit),
    of('saccade', `frequency_${trailing}`, '1/s'),
    of('saccade', `duration_mean_${trailing}`, 'ms'),
    of('saccade', `amplitude_mean_${trailing}`, 'deg'),
    of('saccade', `latency_mean_${trailing}`, 'ms'),
  ];
}

/** An event and what the features take from it, measured once. */
interface Measured {
  readonly event: GazeEvent;
  readonly fromDevice: boolean;
  readonly duration_ms: number;
  /** In the unit that lengths are reported in. */
  readonly dispersion: readonly [x: number, y: number];
  /** NaN where degrees aren't known, or its gaze wasn't seen. */
  readonly amplitude_deg: number;
}

type EyeMovementState = {
  readonly events: GazeEventsState;
  readonly recent: readonly { readonly event: GazeEvent; readonly fromDevice: boolean }[];
  readonly bins: TrailingBinsState;
  readonly device: { readonly events: DeviceGazeEventsState; readonly history: GazeHistoryState } | null;
  readonly gapUntil: number;
  readonly first: number;
};

class EyeMovement implements Extractor, Stateful<EyeMovementState> {
  readonly descriptors: readonly FeatureDescriptor[];
  readonly context_s = LEAST_S;
  readonly #events: GazeEvents;
  /** What was told in the last minute, in order of the ends. */
  readonly #recent: Measured[] = [];
  readonly #pupils: readonly [x: readonly number[], y: readonly number[]];
  readonly #bins = new TrailingBins(3, EVENTS_S);
  readonly #spectrum = new LowFrequencyPower(1 / BIN_S, Math.round(PUPIL_S / BIN_S), pupilBands);
  readonly #device: DeviceGazeEvents | null;
  /** Means of a pupil's size, to be transformed. */
  #sizes = new Float64Array(0);
  /** Where the gaze went on after its last hole, s. */
  #gapUntil = Number.NEGATIVE_INFINITY;
  /** First stamp of the stream, s. */
  #first = Number.NaN;

  constructor(info: StreamInfo, { screen, events }: Params) {
    const history = events === 'device' ? new GazeHistory(info.sfreq || FASTEST_HZ) : null;
    this.#device = history ? new DeviceGazeEvents(history, (event) => this.#insert(event)) : null;
    const told = this.#device?.told;
    this.#events = new GazeEvents(
      info,
      screen,
      (event) => {
        if (!told?.has(event.kind)) this.#recent.push(this.#measured(event, false));
      },
      history,
    );
    if (this.#device) this.mark = (marker) => this.#mark(marker);
    const pupil = pupilChannels(info);
    this.#pupils = pupilAxes(info, pupil?.channels ?? []);
    this.descriptors = descriptorsOf(
      pupil?.unit ?? '',
      this.#events.scale?.unit ?? '',
      info.sfreq === 0 || info.sfreq >= SACCADE_RATE_HZ,
    );
  }

  /** Only where the device's events count. */
  mark?: (marker: Marker) => void;

  push(chunk: Chunk): void {
    const { times } = chunk;
    if (chunk.gapBefore) this.#gapUntil = times[0];
    if (Number.isNaN(this.#first)) this.#first = times[0];
    this.#events.push(chunk);
    for (const [row, channels] of this.#pupils.entries())
      for (const c of channels) this.#bins.add(row, times, channelOf(chunk, c), NO_PUPIL);
    this.#bins.add(Row.gaze, times, this.#events.position);
  }

  compute(window: Window, out: Float64Array): void {
    out.fill(Number.NaN);
    this.#forget(window.end - EVENTS_S);
    this.#pupil(window, out);
    if (!this.#events.detects) return;
    const span = Math.min(EVENTS_S, window.end - this.#first);
    const bins = Math.max(1, Math.round(span / BIN_S));
    this.#window(this.#recent, window.start, out);
    const seen = this.#bins.filled(Row.gaze, window.end, bins);
    if (span >= LEAST_S - TIME_TOLERANCE_S && seen >= LEAST_SHARE * bins)
      this.#trailing(this.#recent, span, out);
  }

  snapshot(): EyeMovementState {
    const device = this.#device;
    return {
      events: this.#events.snapshot(),
      recent: this.#recent.map(({ event, fromDevice }) => ({ event, fromDevice })),
      bins: this.#bins.snapshot(),
      device: device && { events: device.snapshot(), history: device.history.snapshot() },
      gapUntil: this.#gapUntil,
      first: this.#first,
    };
  }

  restore({ events, recent, bins, device, gapUntil, first }: EyeMovementState): void {
    this.#events.restore(events);
    for (const { event, fromDevice } of recent) this.#recent.push(this.#measured(event, fromDevice));
    this.#bins.restore(bins);
    if (device) {
      this.#device?.restore(device.events);
      this.#device?.history.restore(device.history);
    }
    this.#gapUntil = gapUntil;
    this.#first = first;
  }

  #mark(marker: Marker): void {
    const known = this.#device!.told.size;
    this.#device!.mark(marker, this.#gapUntil);
    if (this.#device!.told.size === known) return;
    // From now on the device tells this kind: what was found of it before would count twice or otherwise.
    const own = this.#recent.filter(
      ({ event, fromDevice }) => fromDevice || !this.#device!.told.has(event.kind),
    );
    this.#recent.splice(0, this.#recent.length, ...own);
  }

  /** Keeps the order of the ends: a device may tell its events late. */
  #insert(event: GazeEvent): void {
    let at = this.#recent.length;
    while (at > 0 && this.#recent[at - 1].event.end_s > event.end_s) at--;
    this.#recent.splice(at, 0, this.#measured(event, true));
  }

  #measured(event: GazeEvent, fromDevice: boolean): Measured {
    const { onset_s, end_s, from, to, extent } = event;
    const { perDegree, unit } = this.#events.scale!;
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    return {
      event,
      fromDevice,
      duration_ms: 1000 * (end_s - onset_s),
      dispersion: [extent[0] * perDegree[0], extent[1] * perDegree[1]],
      amplitude_deg: unit === 'deg' ? Math.sqrt(dx * dx + dy * dy) : Number.NaN,
    };
  }

  #forget(before: number): void {
    const recent = this.#recent;
    let old = 0;
    while (old < recent.length && !(recent[old].event.end_s > before)) old++;
    if (old > 0) recent.splice(0, old);
  }

  /** Rows 1 to 12. */
  #pupil(window: Window, out: Float64Array): void {
    for (const [axis, channels] of this.#pupils.entries()) {
      const spreads = channels.map((c) => spreadOfSizes(window.channel(c))).filter(({ n }) => n >= 2);
      out[axis] = mean(spreads.map((s) => s.mean));
      out[2 + axis] = mean(spreads.map((s) => s.sd));
      const count = Math.round(Math.min(PUPIL_S, window.end - this.#first) / BIN_S);
      if (!(count * BIN_S >= LEAST_S - TIME_TOLERANCE_S)) continue;
      if (this.#sizes.length !== count) this.#sizes = new Float64Array(count);
      const sizes = this.#sizes;
      this.#bins.means(axis, window.end, sizes);
      if (!bridge(sizes)) continue;
      for (const [b, power] of this.#spectrum.compute(sizes).entries())
        out[4 + 4 * axis + b] = power > 0 ? 0.5 * Math.log(2 * Math.PI * Math.E * power) : Number.NaN;
    }
  }

  /** Rows 13 to 18 and 21 to 24: events that ended within the window, after `from`. */
  #window(events: readonly Measured[], from: number, out: Float64Array): void {
    const [x, y, fixations] = [new Spread(), new Spread(), new Spread()];
    const [saccades, amplitudes] = [new Spread(), new Spread()];
    let first = events.length;
    while (first > 0 && events[first - 1].event.end_s > from) first--;
    for (let i = first; i < events.length; i++) {
      const { event, duration_ms, dispersion, amplitude_deg } = events[i];
      if (event.kind === 'fixation') {
        x.add(dispersion[0]);
        y.add(dispersion[1]);
        fixations.add(duration_ms);
      } else if (event.kind === 'saccade') {
        saccades.add(duration_ms);
        amplitudes.add(amplitude_deg);
      }
    }
    out[12] = x.mean;
    out[13] = y.mean;
    out[14] = x.sd;
    out[15] = y.sd;
    out[16] = fixations.mean;
    out[17] = fixations.sd;
    out[20] = saccades.mean;
    out[21] = amplitudes.mean;
    out[22] = saccades.sd;
    out[23] = amplitudes.sd;
  }

  /** Rows 19, 20 and 25 to 33: events of the last minute, of which `span_s` has passed. */
  #trailing(events: readonly Measured[], span_s: number, out: Float64Array): void {
    const blinks = new Spread();
    const saccades = new Spread();
    const amplitudes = new Spread();
    const fixations = new Spread();
    const dispersions = new Spread();
    for (let i = 0; i < events.length; i++) {
      const { event, duration_ms, dispersion, amplitude_deg } = events[i];
      if (event.kind === 'blink') blinks.add(duration_ms);
      else if (event.kind === 'saccade') {
        saccades.add(duration_ms);
        amplitudes.add(amplitude_deg);
      } else if (event.kind === 'fixation') {
        fixations.add(duration_ms);
        dispersions.add(dispersion[0] + dispersion[1]);
      }
    }
    out[18] = blinks.mean;
    out[19] = blinks.sd;
    out[24] = blinks.n / span_s;
    out[25] = fixations.n / span_s;
    out[29] = saccades.n / span_s;
    out[26] = fixations.most;
    out[27] = dispersions.total;
    out[28] = dispersions.most;
    out[30] = saccades.mean;
    out[31] = amplitudes.mean;
    if (saccades.n > 1) out[32] = (1000 * pauses_s(events)) / saccades.n;
  }
}

/** Time from each saccade's end to the next one's onset, where nothing was lost between them, summed. */
function pauses_s(events: readonly Measured[]): number {
  let sum = 0;
  let last = Number.NaN;
  for (let i = 0; i < events.length; i++) {
    const { event } = events[i];
    if (event.afterLoss) last = Number.NaN;
    if (event.kind !== 'saccade') continue;
    if (!Number.isNaN(last)) sum += event.onset_s - last;
    last = event.end_s;
  }
  return sum;
}

/** Channels of a pupil's width and height where the device gives both, else of the left and the right eye. */
function pupilAxes(
  info: StreamInfo,
  channels: readonly number[],
): readonly [readonly number[], readonly number[]] {
  const along = (axis: 'x' | 'y') =>
    channels.filter((c) => new RegExp(`(^|[^a-z])${axis}([^a-z]|$)`, 'i').test(info.channels[c].label));
  const [wide, high] = [along('x'), along('y')];
  return wide.length > 0 && high.length > 0 ? [wide, high] : [channels.slice(0, 1), channels.slice(1, 2)];
}

/** Mean and standard deviation (ddof 0) of the sizes that are measured, about the first one, since the mean is large. */
function spreadOfSizes(sizes: Float64Array): { n: number; mean: number; sd: number } {
  let n = 0;
  let first = 0;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < sizes.length; i++) {
    const size = sizes[i];
    if (!(size > NO_PUPIL && size < Number.POSITIVE_INFINITY)) continue;
    if (n === 0) first = size;
    n++;
    const beyond = size - first;
    sum += beyond;
    squares += beyond * beyond;
  }
  const middle = sum / n;
  return { n, mean: first + middle, sd: Math.sqrt(Math.max(0, squares / n - middle * middle)) };
}

/** Fills holes with straight lines, in place; false where too little is measured. */
function bridge(values: Float64Array): boolean {
  let known = 0;
  let last = -1;
  for (let i = 0; i < values.length; i++) {
    if (values[i] - values[i] !== 0) continue;
    if (last < 0) values.fill(values[i], 0, i);
    for (let k = last + 1; last >= 0 && k < i; k++)
      values[k] = values[last] + ((values[i] - values[last]) * (k - last)) / (i - last);
    last = i;
    known++;
  }
  if (last >= 0) values.fill(values[last], last);
  return known >= 2 && known >= LEAST_SHARE * values.length;
}

/** NaN where there is none. */
function mean(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** Statistics of a few values, those that aren't known left out; about the first one, for the sake of large means. */
class Spread {
  n = 0;
  #first = 0;
  #sum = 0;
  #squares = 0;
  #most = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    if (value - value !== 0) return;
    if (this.n++ === 0) this.#first = value;
    const beyond = value - this.#first;
    this.#sum += beyond;
    this.#squares += beyond * beyond;
    if (value > this.#most) this.#most = value;
  }

  /** NaN of nothing, like the others. */
  get mean(): number {
    return this.#first + this.#sum / this.n;
  }

  get total(): number {
    return this.n === 0 ? Number.NaN : this.n * this.#first + this.#sum;
  }

  get most(): number {
    return this.n === 0 ? Number.NaN : this.#most;
  }

  /** ddof 0; NaN below two values. */
  get sd(): number {
    if (this.n < 2) return Number.NaN;
    const beyond = this.#sum / this.n;
    return Math.sqrt(Math.max(0, this.#squares / this.n - beyond * beyond));
  }
}

export const eyeMovement = featureDefinition<Params>({
  name: 'eye-movement',
  summary:
    'The 33 eye features of ATAM, Table I (eye features): pupil size and its slow bands, fixations, blinks and saccades, found causally. Features that a few seconds hold too little for look back 20 or 60 s, as their names say, and need 5 s.',
  source:
    'ATAM, Table I (eye features), after Zheng, Liu, Lu, Lu & Cichocki 2019, doi:10.1109/TCYB.2018.2797176; events after Nystroem & Holmqvist 2010, doi:10.3758/BRM.42.1.188, and Hershman, Henik & Cohen 2018, doi:10.3758/s13428-017-1008-1',
  params,
  streams: ['Gaze'],
  state: 1,
  create: (info, p) => new EyeMovement(info, p),
});
