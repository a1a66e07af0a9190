import type { Seconds } from '../../core/clock.js';
import type { StreamInfo } from '../../core/signal.js';
import type { Gap, RecordedStream } from './recording.js';

/** Collects what {@link RecordedStream} tells of a stream from its stamps, seen once and in order. */
export class StreamSurvey {
  #samples = 0;
  #first: Seconds | null = null;
  #last: Seconds | null = null;
  #stretchStart: Seconds = 0;
  #stretchSamples = 0;
  #intervals = 0;
  #span = 0;
  readonly #gaps: Gap[] = [];
  readonly #resets: Seconds[] = [];

  /** First stamp, s; null before. */
  get first(): Seconds | null {
    return this.#first;
  }

  /** A sample or marker at `time`; `found`: what lies between it and the one before. */
  add(time: Seconds, found: 'none' | 'gap' = 'none'): void {
    if (this.#last === null) {
      this.#first = this.#stretchStart = time;
    } else if (found === 'gap') {
      this.#closeStretch();
      if (time > this.#last) this.#gaps.push({ from: this.#last, to: time });
      this.#stretchStart = time;
    }
    this.#last = time;
    this.#samples++;
    this.#stretchSamples++;
  }

  /** The same as `samples` calls of {@link add}, evenly from `first` to `last`. */
  addStretch(first: Seconds, last: Seconds, samples: number, found: 'none' | 'gap'): void {
    this.add(first, found);
    if (samples < 2) return;
    this.#last = last;
    this.#samples += samples - 1;
    this.#stretchSamples += samples - 1;
  }

  /** The sender's clock is another one from here on. */
  addReset(time: Seconds): void {
    this.#resets.push(time);
  }

  result(info: StreamInfo): RecordedStream {
    const intervals = this.#intervals + Math.max(0, this.#stretchSamples - 1);
    const span = this.#span + (this.#last === null ? 0 : this.#last - this.#stretchStart);
    return {
      info,
      measured_sfreq: span > 0 && info.type !== 'Markers' ? intervals / span : null,
      samples: this.#samples,
      first: this.#first,
      last: this.#last,
      gaps: this.#gaps,
      clock_resets: this.#resets,
    };
  }

  #closeStretch(): void {
    this.#intervals += Math.max(0, this.#stretchSamples - 1);
    this.#span += this.#last! - this.#stretchStart;
    this.#stretchSamples = 0;
  }
}
