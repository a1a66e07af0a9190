import type { Chunk, StreamInfo } from '../../../../core/signal.js';
import type { GazeEvent } from '../gaze-event.js';
import { type GazeDetector, GazeEvents } from '../gaze-events.js';
import type { DegreeScale, Screen } from '../screen.js';
import { dispersionThreshold } from './dispersion-threshold.js';
import { engbertKliegl } from './engbert-kliegl.js';
import { labelledEvents } from './labelled-events.js';
import { velocityThreshold } from './velocity-threshold.js';
import type { PublishedDetector } from './whole-gaze.js';

/** The usual detectors of fixations and saccades, by their usual names. */
export const publishedDetectors = {
  'i-vt': (gaze) => velocityThreshold(gaze),
  'i-dt': (gaze) => dispersionThreshold(gaze),
  'e-k': (gaze) => engbertKliegl(gaze),
} as const satisfies { readonly [name: string]: PublishedDetector };
export type PublishedDetectorName = keyof typeof publishedDetectors;

/** Fixations and saccades of one gaze stream by a published detector: all are told when the stream has ended. */
export class PublishedGazeEvents {
  readonly #gaze: GazeEvents;
  #gathered: GatheredGaze | null = null;

  /** Gaze becomes one gaze in degrees as for our own detector ({@link GazeEvents}). */
  constructor(
    info: StreamInfo,
    screen: Screen | undefined,
    readonly emit: (event: GazeEvent) => void,
    readonly detect: PublishedDetector,
  ) {
    this.#gaze = new GazeEvents(info, screen, emit, null, (sfreq) => {
      this.#gathered = new GatheredGaze(sfreq);
      return this.#gathered;
    });
  }

  get scale(): DegreeScale | null {
    return this.#gaze.scale;
  }

  push(chunk: Chunk): void {
    this.#gaze.push(chunk);
  }

  finish(): void {
    this.#gaze.finish();
    const gathered = this.#gathered;
    if (!gathered) return;
    for (const event of labelledEvents(gathered.times, gathered, this.detect(gathered))) this.emit(event);
    gathered.clear();
  }
}

/** Keeps every sample of a gaze; samples that never came and breaks are lost samples. */
class GatheredGaze implements GazeDetector {
  times: number[] = [];
  x: number[] = [];
  y: number[] = [];
  #hasPupil = false;

  constructor(readonly sfreq: number) {}

  /** Gaze that is told while no pupil is seen is lost, if the tracker ever tells pupils. */
  push(time: number, x: number, y: number, pupil: number): void {
    const hasSize = pupil > 0;
    if (hasSize) this.#hasPupil = true;
    const lost = Number.isNaN(x + y) || (this.#hasPupil && !hasSize);
    this.times.push(time);
    this.x.push(lost ? Number.NaN : x);
    this.y.push(lost ? Number.NaN : y);
  }

  pushAll(times: Float64Array, x: Float64Array, y: Float64Array, pupil: Float64Array): void {
    for (let i = 0; i < times.length; i++) this.push(times[i], x[i], y[i], pupil[i]);
  }

  skip(count: number): void {
    const last = this.times.at(-1) ?? 0;
    for (let k = 1; k <= count; k++) this.push(last + k / this.sfreq, Number.NaN, Number.NaN, Number.NaN);
  }

  /** What comes after a break doesn't go on from what was before it. */
  finish(): void {
    if (this.times.length > 0) this.skip(1);
  }

  clear(): void {
    this.times = [];
    this.x = [];
    this.y = [];
  }
}
