import type { Seconds } from '../../core/clock.js';
import type { ChunkProcessor, ResetCause } from '../../core/processor.js';
import type { Chunk, StreamInfo } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';

/** A channel that was missing for the first time. */
export interface MissingChannel {
  readonly label: string;
  readonly time: Seconds;
  /** Whether it was filled in from the others. */
  readonly mended: boolean;
  /** How many channels were missing with it, itself included, and how many there are. */
  readonly missing: number;
  readonly channels: number;
}

/** Of the watch alone: the node that it watches keeps nothing. */
export type InterpolationWatchState = {
  readonly told: readonly string[];
  readonly filled: Float64Array;
  readonly samples: number;
};

/** Looks at what a node fills in: tells each channel once, mended or not, and counts samples between looks. */
export class InterpolationWatch implements ChunkProcessor, Stateful<InterpolationWatchState> {
  readonly #told = new Set<string>();
  #labels: readonly string[] = [];
  #filled = new Float64Array(0);
  #samples = 0;

  constructor(
    private readonly node: ChunkProcessor,
    private readonly tell: (channel: MissingChannel) => void,
  ) {}

  reset(info: StreamInfo, cause: ResetCause): StreamInfo {
    this.#labels = info.channels.map(({ label }) => label);
    this.#filled = new Float64Array(info.channels.length);
    this.#samples = 0;
    return this.node.reset(info, cause);
  }

  process(chunk: Chunk, emit: (chunk: Chunk) => void): void {
    this.node.process(chunk, (output) => {
      this.#compare(chunk, output);
      emit(output);
    });
  }

  /** Share of the samples since the previous look that were filled in, 0..1, by label. */
  take(): ReadonlyMap<string, number> {
    const samples = Math.max(1, this.#samples);
    const shares = new Map(this.#labels.map((label, c) => [label, this.#filled[c] / samples]));
    this.#filled.fill(0);
    this.#samples = 0;
    return shares;
  }

  snapshot(): InterpolationWatchState {
    return { told: [...this.#told], filled: this.#filled.slice(), samples: this.#samples };
  }

  restore({ told, filled, samples }: InterpolationWatchState): void {
    for (const key of told) this.#told.add(key);
    this.#filled.set(filled);
    this.#samples = samples;
  }

  #compare(before: Chunk, after: Chunk): void {
    const n = before.times.length;
    this.#samples += n;
    for (let c = 0; c < this.#labels.length; c++) {
      for (let i = c * n; i < (c + 1) * n; i++) {
        if (!Number.isNaN(before.data[i])) continue;
        const mended = !Number.isNaN(after.data[i]);
        if (mended) this.#filled[c]++;
        this.#tellOnce(before, c, i - c * n, mended);
      }
    }
  }

  #tellOnce({ data, times }: Chunk, c: number, i: number, mended: boolean): void {
    const label = this.#labels[c];
    const key = `${label} ${mended}`;
    if (label === '' || this.#told.has(key)) return;
    this.#told.add(key);
    const n = times.length;
    const missing = this.#labels.filter((_, other) => Number.isNaN(data[other * n + i])).length;
    this.tell({ label, time: times[i], mended, missing, channels: this.#labels.length });
  }
}
