import { type Chunk, channelOf, type StreamInfo } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import { median } from '../../dsp/statistics.js';
import { type GazePair, gazeChannels, pupilChannels } from '../channels/eye-channels.js';
import { BothEyes, type BothEyesState } from './both-eyes.js';
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

/** What finds events in one gaze in degrees, as {@link GazeEventDetector} does; without state it can't go on elsewhere. */
export interface GazeDetector extends Partial<Stateful> {
  readonly sfreq: number;
  push(time: number, x: number, y: number, pupil: number): void;
  pushAll(times: Float64Array, x: Float64Array, y: Float64Array, pupil: Float64Array): void;
  skip(count: number): void;
  finish(): void;
}

interface Waiting {
  readonly time: number;
  readonly x: number;
  readonly y: number;
  readonly pupil: number;
}

export type GazeEventsState = {
  readonly combined: readonly BothEyesState[];
  /** Null while the rate of an irregular stream isn't known. */
  readonly detector: { readonly sfreq: number; readonly state: unknown } | null;
  readonly waiting: readonly Waiting[];
  readonly last: number;
};

/** Eye movements and blinks of one gaze stream, from whichever eyes and units it has. */
export class GazeEvents implements Stateful<GazeEventsState> {
  /** Null where the stream has no gaze in a unit that directions can be told in. */
  readonly scale: DegreeScale | null;
  /** Gaze channels of each eye. */
  readonly #pairs: readonly GazePair[];
  readonly #pupils: readonly number[];
  readonly #zeroIsLost: boolean;
  readonly #combined: readonly [x: BothEyes, y: BothEyes, pupil: BothEyes];
  /** Of the chunk at hand, in the detector's degrees: each eye's rows, and the one gaze made of them. */
  readonly #eyes: readonly [x: Float64Array[], y: Float64Array[], pupil: Float64Array[]];
  #x = new Float64Array(0);
  #y = new Float64Array(0);
  #size = new Float64Array(0);
  #detector: GazeDetector | null = null;
  #waiting: Waiting[] = [];
  #last = Number.NEGATIVE_INFINITY;

  constructor(
    readonly info: StreamInfo,
    screen: Screen | undefined,
    readonly emit: (event: GazeEvent) => void,
    /** Sees every sample of the one gaze from all eyes, in the detector's degrees. */
    readonly history: GazeHistory | null = null,
    readonly makeDetector: (sfreq: number) => GazeDetector = (sfreq) => new GazeEventDetector(sfreq, emit),
  ) {
    const gaze = gazeChannels(info);
    this.scale = gaze ? degreeScale(gaze.unit, screen ?? toldScreen(info.screen)) : null;
    this.#pairs = this.scale ? gaze!.pairs : [];
    // Of a screen whose middle is 0, (0, 0) is a place to look at.
    this.#zeroIsLost = gaze?.unit === 'px' && (screen ?? toldScreen(info.screen))?.origin !== 'center';
    this.#pupils = pupilChannels(info)?.channels ?? [];
    const sizes = [this.#pairs.length, this.#pairs.length, this.#pupils.length] as const;
    this.#combined = [new BothEyes(sizes[0]), new BothEyes(sizes[1]), new BothEyes(sizes[2])];
    this.#eyes = [[], [], []];
    if (info.sfreq > 0) this.#start(info.sfreq);
  }

  /** Whether events can be found; an irregular stream is taken to be fast enough until it shows its rate. */
  get detects(): boolean {
    return this.scale !== null && (this.#detector !== null || this.info.sfreq === 0);
  }

  push(chunk: Chunk): void {
    if (!this.detects) return;
    const { times } = chunk;
    const n = times.length;
    if (chunk.gapBefore && n > 0) this.#bridge(times[0]);
    this.#combine(chunk);
    const [xs, ys, sizes] = [this.#x, this.#y, this.#size];
    if (this.history) for (let i = 0; i < n; i++) this.history.push(times[i], xs[i], ys[i]);
    if (this.info.sfreq === 0) for (let i = 0; i < n; i++) this.#take(times[i], xs[i], ys[i], sizes[i]);
    else {
      this.#detector!.pushAll(times, xs, ys, sizes);
      if (n > 0) this.#last = times[n - 1];
    }
  }

  /** [>= n] where the eyes looked in the chunk that was pushed last, horizontally; NaN where none was seen. */
  get position(): Float64Array {
    return this.#x;
  }

  snapshot(): GazeEventsState {
    const detector = this.#detector;
    return {
      combined: this.#combined.map((eyes) => eyes.snapshot()),
      detector: detector && { sfreq: detector.sfreq, state: detector.snapshot?.() ?? null },
      waiting: [...this.#waiting],
      last: this.#last,
    };
  }

  restore({ combined, detector, waiting, last }: GazeEventsState): void {
    for (const [i, eyes] of combined.entries()) this.#combined[i].restore(eyes);
    if (detector) (this.#detector ?? this.#start(detector.sfreq))?.restore?.(detector.state);
    this.#waiting = [...waiting];
    this.#last = last;
  }

  #combine(chunk: Chunk): void {
    const n = chunk.times.length;
    if (this.#x.length < n) this.#grow(n);
    const scale = this.scale!;
    const zeroIsLost = this.#zeroIsLost;
    const [xs, ys, sizes] = this.#eyes;
    for (const [e, pair] of this.#pairs.entries()) {
      const [fromX, fromY] = [channelOf(chunk, pair.x), channelOf(chunk, pair.y)];
      const [toX, toY] = [xs[e], ys[e]];
      for (let i = 0; i < n; i++) {
        const x = fromX[i];
        const y = fromY[i];
        // Trackers of pixels write (0, 0) where they see no eye.
        const seen = x - x === 0 && y - y === 0 && !(zeroIsLost && x === 0 && y === 0);
        toX[i] = seen ? scale.x(x) : Number.NaN;
        toY[i] = seen ? scale.y(y) : Number.NaN;
      }
    }
    for (const [e, c] of this.#pupils.entries()) {
      const from = channelOf(chunk, c);
      const to = sizes[e];
      for (let i = 0; i < n; i++) to[i] = from[i] > 0 ? from[i] : Number.NaN;
    }
    const [bothX, bothY, bothSizes] = this.#combined;
    bothX.combine(xs, n, this.#x);
    bothY.combine(ys, n, this.#y);
    bothSizes.combine(sizes, n, this.#size);
  }

  #grow(n: number): void {
    for (const [kind, { eyes }] of this.#combined.entries())
      this.#eyes[kind].splice(0, eyes, ...Array.from({ length: eyes }, () => new Float64Array(n)));
    this.#x = new Float64Array(n);
    this.#y = new Float64Array(n);
    this.#size = new Float64Array(n);
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

  #start(sfreq: number): GazeDetector | null {
    this.#detector = sfreq >= LEAST_EVENT_RATE_HZ ? this.makeDetector(sfreq) : null;
    return this.#detector;
  }

  /** A sample of an irregular stream. */
  #take(time: number, x: number, y: number, pupil: number): void {
    if (time - this.#last > HOLE_S) this.#bridge(time);
    this.#last = time;
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
