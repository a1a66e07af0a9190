import { type Chunk, channelOf, type StreamInfo } from '../../core/signal.js';
import { median } from '../../dsp/statistics.js';
import { type GazePair, gazeChannels, pupilChannels } from '../channels/eye-channels.js';
import { BothEyes } from './both-eyes.js';
import type { GazeEvent } from './gaze-event.js';
import { GazeEventDetector, gazeEventDefaults } from './gaze-event-detector.js';
import type { GazeHistory } from './gaze-history.js';
import { type DegreeScale, degreeScale, type Screen, toldScreen } from './screen.js';

/** Below this rate a saccade falls between two samples, Hz. */
export const LEAST_EVENT_RATE_HZ = 25;
/** Samples from which an irregular stream's rate is taken. */
const RATE_SAMPLES = 24;
/** A hole in an irregular stream beyond which it has a gap, s. */
const HOLE_S = 0.1;

interface Waiting {
  readonly time: number;
  readonly x: number;
  readonly y: number;
  readonly pupil: number;
}

/** Eye movements and blinks of one gaze stream, from whichever eyes and units it has. */
export class GazeEvents {
  /** Null where the stream has no gaze in a unit that directions can be told in. */
  readonly scale: DegreeScale | null;
  /** Gaze channels of each eye. */
  readonly #pairs: readonly GazePair[];
  readonly #pupils: readonly number[];
  readonly #zeroIsLost: boolean;
  readonly #combined: readonly [x: BothEyes, y: BothEyes, pupil: BothEyes];
  readonly #scratch: readonly [x: Float64Array, y: Float64Array, pupil: Float64Array];
  #seen = new Float64Array(0);
  #detector: GazeEventDetector | null = null;
  #waiting: Waiting[] = [];
  #last = Number.NEGATIVE_INFINITY;

  constructor(
    readonly info: StreamInfo,
    screen: Screen | undefined,
    readonly emit: (event: GazeEvent) => void,
    /** Sees every sample of the one gaze from all eyes, in the detector's degrees. */
    readonly history: GazeHistory | null = null,
  ) {
    const gaze = gazeChannels(info);
    this.scale = gaze ? degreeScale(gaze.unit, screen ?? toldScreen(info.screen)) : null;
    this.#pairs = this.scale ? gaze!.pairs : [];
    // Of a screen whose middle is 0, (0, 0) is a place to look at.
    this.#zeroIsLost = gaze?.unit === 'px' && (screen ?? toldScreen(info.screen))?.origin !== 'center';
    this.#pupils = pupilChannels(info)?.channels ?? [];
    const sizes = [this.#pairs.length, this.#pairs.length, this.#pupils.length] as const;
    this.#combined = [new BothEyes(sizes[0]), new BothEyes(sizes[1]), new BothEyes(sizes[2])];
    this.#scratch = [new Float64Array(sizes[0]), new Float64Array(sizes[1]), new Float64Array(sizes[2])];
    if (info.sfreq > 0) this.#start(info.sfreq);
  }

  /** Whether events can be found; an irregular stream is taken to be fast enough until it shows its rate. */
  get detects(): boolean {
    return this.scale !== null && (this.#detector !== null || this.info.sfreq === 0);
  }

  push(chunk: Chunk): void {
    if (!this.detects) return;
    const { times } = chunk;
    if (chunk.gapBefore && times.length > 0) this.#bridge(times[0]);
    const [xs, ys, sizes] = this.#scratch;
    const [bothX, bothY, bothSizes] = this.#combined;
    const scale = this.scale!;
    const gazeX = this.#pairs.map(({ x }) => channelOf(chunk, x));
    const gazeY = this.#pairs.map(({ y }) => channelOf(chunk, y));
    const pupils = this.#pupils.map((c) => channelOf(chunk, c));
    for (let i = 0; i < times.length; i++) {
      for (let e = 0; e < xs.length; e++) {
        const x = gazeX[e][i];
        const y = gazeY[e][i];
        const seen = this.#sees(x, y);
        xs[e] = seen ? scale.x(x) : Number.NaN;
        ys[e] = seen ? scale.y(y) : Number.NaN;
      }
      for (let e = 0; e < sizes.length; e++) {
        const size = pupils[e][i];
        sizes[e] = size > 0 ? size : Number.NaN;
      }
      this.#take(times[i], bothX.combine(xs), bothY.combine(ys), bothSizes.combine(sizes));
    }
  }

  /** [n] 1 where an eye is seen, NaN elsewhere; holds until the next call. */
  seen(chunk: Chunk): Float64Array {
    const n = chunk.times.length;
    if (this.#seen.length < n) this.#seen = new Float64Array(n);
    const seen = this.#seen.subarray(0, n).fill(Number.NaN);
    for (const { x, y } of this.#pairs) {
      const [xs, ys] = [channelOf(chunk, x), channelOf(chunk, y)];
      for (let i = 0; i < seen.length; i++) if (this.#sees(xs[i], ys[i])) seen[i] = 1;
    }
    return seen;
  }

  /** Whether a position is one: trackers of pixels write (0, 0) where they see no eye. */
  #sees(x: number, y: number): boolean {
    return x - x === 0 && y - y === 0 && !(this.#zeroIsLost && x === 0 && y === 0);
  }

  /** Tells what goes on: before a gap, or when the stream ends. */
  finish(): void {
    this.#detector?.finish();
    this.#waiting = [];
    this.#last = Number.NEGATIVE_INFINITY;
  }

  /** Over a hole that may be a blink the detector goes on; a longer one ends everything. */
  #bridge(time: number): void {
    const detector = this.#detector;
    const hole_s = time - this.#last;
    if (detector && hole_s > 0 && hole_s <= gazeEventDefaults.blinkMost_s)
      detector.skip(Math.round(hole_s * detector.sfreq) - 1);
    else this.finish();
  }

  #start(sfreq: number): GazeEventDetector | null {
    this.#detector = sfreq >= LEAST_EVENT_RATE_HZ ? new GazeEventDetector(sfreq, this.emit) : null;
    return this.#detector;
  }

  #take(time: number, x: number, y: number, pupil: number): void {
    if (this.info.sfreq === 0 && time - this.#last > HOLE_S) this.#bridge(time);
    this.#last = time;
    this.history?.push(time, x, y);
    if (this.#detector) {
      this.#detector.push(time, x, y, pupil);
      return;
    }
    const waiting = this.#waiting;
    waiting.push({ time, x, y, pupil });
    if (waiting.length < RATE_SAMPLES) return;
    this.#waiting = [];
    const detector = this.#start(1 / median(waiting.slice(1).map((w, i) => w.time - waiting[i].time)));
    for (const w of waiting) detector?.push(w.time, w.x, w.y, w.pupil);
  }
}
