import type { Chunk, StreamInfo } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';

/** The samples held, [C, n], with stamps [n] and running numbers of gaps [n]; and the gaps so far. */
export type SampleBufferState = {
  readonly data: Float64Array;
  readonly times: Float64Array;
  readonly gaps: Uint32Array;
  readonly gapCount: number;
};

/**
 * The recent samples of one stream, every span of them readable as one contiguous view. Rows are longer than what
 * they hold; when the end is reached the live samples move to the front, or the rows double. Indices count from the
 * oldest sample held and hold until the next {@link append} or {@link discard}; so do views.
 */
export class SampleBuffer implements Stateful<SampleBufferState> {
  readonly #channels: number;
  #capacity: number;
  #head = 0;
  #tail = 0;
  #data: Float64Array;
  #times: Float64Array;
  /** [C]: where the row's last sample that is not finite lies; -1 where the row holds none. */
  readonly #lastMissing: Int32Array;
  /** [capacity]: running number of gaps, one before this sample included. */
  #gaps: Uint32Array;
  #gapCount = 0;

  constructor(
    readonly info: StreamInfo,
    capacity: number,
  ) {
    this.#channels = info.channels.length;
    this.#capacity = Math.max(1, capacity);
    this.#data = new Float64Array(this.#channels * this.#capacity);
    this.#times = new Float64Array(this.#capacity);
    this.#lastMissing = new Int32Array(this.#channels).fill(-1);
    this.#gaps = new Uint32Array(this.#capacity);
  }

  /** Samples held. */
  get length(): number {
    return this.#tail - this.#head;
  }

  append(chunk: Chunk): void {
    const n = chunk.times.length;
    if (n === 0) return;
    if (this.#tail + n > this.#capacity) this.#makeRoom(n);
    const at = this.#tail;
    this.#times.set(chunk.times, at);
    if (chunk.gapBefore) this.#gapCount++;
    this.#gaps.fill(this.#gapCount, at, at + n);
    const [data, samples] = [this.#data, chunk.data];
    for (let c = 0, from = 0; c < this.#channels; c++) {
      const row = c * this.#capacity;
      let missing = this.#lastMissing[c];
      for (let i = at; i < at + n; i++, from++) {
        const x = samples[from];
        data[row + i] = x;
        // x - x is NaN for NaN and for both infinities.
        if (x - x !== 0) missing = i;
      }
      this.#lastMissing[c] = missing;
    }
    this.#tail += n;
  }

  /** Forgets the oldest `count` samples. */
  discard(count: number): void {
    this.#head += Math.min(count, this.length);
  }

  /** Stamps of samples `from` to `to`. */
  times(from = 0, to = this.length): Float64Array {
    return this.#times.subarray(this.#head + from, this.#head + to);
  }

  /** Samples `from` to `to` of channel `c`. */
  channel(c: number, from: number, to: number): Float64Array {
    const row = c * this.#capacity + this.#head;
    return this.#data.subarray(row + from, row + to);
  }

  /** How many samples `from` to `to` of channel `c` are finite. */
  usable(c: number, from: number, to: number): number {
    const length = Math.max(0, to - from);
    if (this.#lastMissing[c] < this.#head + from) return length;
    // By index: a walk over the typed array would box every sample.
    const samples = this.channel(c, from, to);
    let count = 0;
    for (let i = 0; i < length; i++) if (samples[i] - samples[i] === 0) count++;
    return count;
  }

  /** Whether a gap lies between samples `from` and `to` (one before `from` doesn't count). */
  hasGap(from: number, to: number): boolean {
    return to > from && this.#gaps[this.#head + to - 1] !== this.#gaps[this.#head + from];
  }

  /** Gaps met since the start, up to and including one right before sample `i`. */
  gapsUpTo(i: number): number {
    return this.#gaps[this.#head + i];
  }

  /** Samples `from` to `to` copied out as chunks, none of which spans a gap; `gaps`: {@link gapsUpTo} the sample before `from`. */
  *chunks(from: number, to: number, gaps: number): Generator<Chunk> {
    for (let start = from; start < to; ) {
      const count = this.gapsUpTo(start);
      let end = start + 1;
      while (end < to && this.gapsUpTo(end) === count) end++;
      const n = end - start;
      const data = new Float64Array(this.#channels * n);
      for (let c = 0; c < this.#channels; c++) data.set(this.channel(c, start, end), c * n);
      yield { info: this.info, data, times: this.times(start, end).slice(), gapBefore: count !== gaps };
      gaps = count;
      start = end;
    }
  }

  snapshot(): SampleBufferState {
    const n = this.length;
    const data = new Float64Array(this.#channels * n);
    for (let c = 0; c < this.#channels; c++) data.set(this.channel(c, 0, n), c * n);
    const gaps = this.#gaps.slice(this.#head, this.#tail);
    return { data, times: this.times().slice(), gaps, gapCount: this.#gapCount };
  }

  restore({ data, times, gaps, gapCount }: SampleBufferState): void {
    this.append({ info: this.info, data, times, gapBefore: false });
    this.#gaps.set(gaps, this.#tail - gaps.length);
    this.#gapCount = gapCount;
  }

  #makeRoom(n: number): void {
    const live = this.length;
    const old = this.#capacity;
    const capacity = 2 * (live + n) > old ? 2 * Math.max(old, live + n) : old;
    const grown = capacity !== old;
    const data = grown ? new Float64Array(this.#channels * capacity) : this.#data;
    const times = grown ? new Float64Array(capacity) : this.#times;
    const gaps = grown ? new Uint32Array(capacity) : this.#gaps;
    for (let c = 0; c < this.#channels; c++) {
      const from = c * old + this.#head;
      data.set(this.#data.subarray(from, from + live), c * capacity);
      this.#lastMissing[c] = Math.max(-1, this.#lastMissing[c] - this.#head);
    }
    times.set(this.#times.subarray(this.#head, this.#tail));
    gaps.set(this.#gaps.subarray(this.#head, this.#tail));
    this.#data = data;
    this.#times = times;
    this.#gaps = gaps;
    this.#capacity = capacity;
    this.#head = 0;
    this.#tail = live;
  }
}
