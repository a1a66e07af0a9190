import type { Seconds } from '../core/clock.js';
import type { Chunk, Marker, StreamInfo } from '../core/signal.js';
import type { MappedStream, SenderStream } from '../io/recordings/xdf/xdf-writer.js';
import { ENTRY_BYTES } from './recorded-entry.js';

/** A stream as it is recorded for its sender's sake, not a session's: as that describes it, or as a session of a daemon's knows it. */
export type RawStream =
  | { readonly kind: 'sender'; readonly stream: Omit<SenderStream, 'id'> }
  | { readonly kind: 'mapped'; readonly info: StreamInfo; readonly mapped: MappedStream };

/** Samples as they came. `sender`: [n * C] values sample by sample. */
export type RawSamples =
  | {
      readonly kind: 'sender';
      readonly times: Float64Array;
      readonly values: ArrayLike<number | bigint | string>;
    }
  | { readonly kind: 'chunk'; readonly chunk: Chunk }
  | { readonly kind: 'marker'; readonly marker: Marker };

/** What is recorded of streams by themselves; `key` names one in the recording, `t` is when, by the clock. */
export type RawEntry = { readonly t: Seconds; readonly key: string } & (
  | { readonly kind: 'open'; readonly stream: RawStream }
  | { readonly kind: 'samples'; readonly samples: RawSamples }
  /** At `time` on the sender's clock, the machine's was ahead of it by `offset`. */
  | { readonly kind: 'offset'; readonly time: Seconds; readonly offset: Seconds }
  /** Samples that nobody holds. */
  | { readonly kind: 'missed' }
);

/** Stamps of samples; the array is the samples' own where they have one. */
export function timesOf(samples: RawSamples): Float64Array {
  if (samples.kind === 'sender') return samples.times;
  return samples.kind === 'chunk' ? samples.chunk.times : Float64Array.of(samples.marker.time);
}

/** What an entry holds of memory, about. */
export function rawBytesOf(entry: RawEntry): number {
  if (entry.kind !== 'samples') return ENTRY_BYTES;
  const { samples } = entry;
  if (samples.kind === 'marker') return ENTRY_BYTES + 2 * samples.marker.value.length;
  const times = timesOf(samples).byteLength;
  const values = samples.kind === 'chunk' ? samples.chunk.data : samples.values;
  if (ArrayBuffer.isView(values)) return ENTRY_BYTES + times + values.byteLength;
  let bytes = ENTRY_BYTES + times;
  for (let i = 0; i < values.length; i++) bytes += 8 + 2 * String(values[i]).length;
  return bytes;
}

/** A stream as far as its recording has come. */
export interface RawKnown {
  readonly stream: RawStream;
  /** Stamp of its last sample; null before any. */
  readonly last: Seconds | null;
  /** What was noted of its sender's clock last; null: nothing yet. */
  readonly offset: { readonly time: Seconds; readonly offset: Seconds } | null;
  /** Samples of it were not kept since its last. */
  readonly isMissing: boolean;
}

/** What a part says again of streams that those before it hold. */
export class RawState {
  readonly #streams: Map<string, RawKnown>;

  constructor(from?: RawState) {
    this.#streams = new Map(from?.streams);
  }

  get streams(): ReadonlyMap<string, RawKnown> {
    return this.#streams;
  }

  take(entry: RawEntry): void {
    const { key } = entry;
    const known = this.#streams.get(key);
    if (entry.kind === 'open') {
      if (!known)
        this.#streams.set(key, { stream: entry.stream, last: null, offset: null, isMissing: false });
      return;
    }
    if (!known) return;
    if (entry.kind === 'offset') {
      const { time, offset } = entry;
      this.#streams.set(key, { ...known, offset: { time, offset } });
    } else if (entry.kind === 'missed') this.#streams.set(key, { ...known, isMissing: known.last !== null });
    else {
      const times = timesOf(entry.samples);
      const last = times.at(-1) ?? known.last;
      this.#streams.set(key, { ...known, last, isMissing: false });
    }
  }
}
