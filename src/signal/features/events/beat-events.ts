import { type Chunk, channelOf, type StreamInfo } from '../../../core/signal.js';
import { type BeatDetector, beatDetector } from '../heart/beat-series.js';

/** Beats further apart don't follow each other, s. */
const LONGEST_S = 2.4;

/** Heart beats of one ECG, PPG or IBI stream (of its first channel), found as `heart-rate` finds them. */
export class BeatEvents {
  readonly #detector: BeatDetector | null;
  #broken = true;
  #last = Number.NaN;

  /** `emit` gets the time of each beat, s, and the interval before it, s; NaN where the beat before is not known. */
  constructor(
    readonly info: StreamInfo,
    readonly emit: (time: number, interval_s: number) => void,
  ) {
    this.#detector = beatDetector(info.type, info.sfreq, (time) => this.#beat(time));
  }

  /** Tells the last beats. */
  finish(): void {
    this.#detector?.finish();
  }

  push(chunk: Chunk): void {
    const samples = channelOf(chunk, 0);
    if (chunk.gapBefore) this.#broken = true;
    for (let i = 0; i < samples.length; i++) {
      const x = samples[i];
      if (x - x !== 0) this.#broken = true;
      else if (this.info.type === 'IBI')
        this.emit(chunk.times[i], this.info.channels[0].unit === 's' ? x : Number.NaN);
      else this.#follow(x, chunk.times[i]);
    }
  }

  #follow(x: number, time: number): void {
    if (!this.#detector) return;
    if (this.#broken) {
      this.#detector.finish();
      this.#last = Number.NaN;
      this.#broken = false;
    }
    this.#detector.push(x, time);
  }

  #beat(time: number): void {
    const interval_s = time - this.#last;
    this.emit(time, interval_s <= LONGEST_S ? interval_s : Number.NaN);
    this.#last = time;
  }
}
