import type { Seconds } from '../../core/clock.js';
import type { Chunk, StreamInfo } from '../../core/signal.js';
import { chunkLength } from './merge.js';

/** Irregular streams are cut by time too, so that none runs ahead of the others: span of a chunk, s. */
const IRREGULAR_SPAN_S = 0.5;

/** Collects samples into chunks of a given length that never span a gap. */
export class ChunkBuilder {
  readonly #info: StreamInfo;
  readonly #capacity: number;
  readonly #span: Seconds;
  #data: Float64Array;
  #times: Float64Array;
  #n = 0;
  #gapBefore = false;

  /** `chunk`: samples per chunk; null for about half a second. */
  constructor(info: StreamInfo, chunk: number | null) {
    this.#info = info;
    this.#capacity = chunkLength(info, chunk);
    this.#span = chunk === null && info.sfreq === 0 ? IRREGULAR_SPAN_S : Number.POSITIVE_INFINITY;
    this.#data = new Float64Array(info.channels.length * this.#capacity);
    this.#times = new Float64Array(this.#capacity);
  }

  /** First stamp of the chunk that is being collected; infinite when there is none. */
  get first(): Seconds {
    return this.#n > 0 ? this.#times[0] : Number.POSITIVE_INFINITY;
  }

  /** Starts a sample at `time`, whose values {@link set} then fills in; returns the chunk that ends before it. */
  begin(time: Seconds, isBroken: boolean): Chunk | null {
    const isFull = this.#n === this.#capacity || time >= this.first + this.#span;
    const chunk = this.#n > 0 && (isBroken || isFull) ? this.#take() : null;
    if (isBroken) this.#gapBefore = true;
    this.#times[this.#n++] = time;
    return chunk;
  }

  set(channel: number, value: number): void {
    this.#data[channel * this.#capacity + this.#n - 1] = value;
  }

  /** The samples that no chunk holds yet. */
  end(): Chunk | null {
    return this.#n > 0 ? this.#take() : null;
  }

  #take(): Chunk {
    const n = this.#n;
    const isFull = n === this.#capacity;
    const chunk: Chunk = {
      info: this.#info,
      data: isFull ? this.#data : this.#firstColumns(n),
      times: isFull ? this.#times : this.#times.slice(0, n),
      gapBefore: this.#gapBefore,
    };
    if (isFull) {
      this.#data = new Float64Array(this.#data.length);
      this.#times = new Float64Array(this.#capacity);
    }
    this.#n = 0;
    this.#gapBefore = false;
    return chunk;
  }

  #firstColumns(n: number): Float64Array {
    const channels = this.#info.channels.length;
    const out = new Float64Array(channels * n);
    for (let c = 0; c < channels; c++) {
      const start = c * this.#capacity;
      out.set(this.#data.subarray(start, start + n), c * n);
    }
    return out;
  }
}
