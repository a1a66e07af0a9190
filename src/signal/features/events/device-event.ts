import type { Marker, StreamInfo } from '../../../core/signal.js';
import { type Chunk, channelOf } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import type { GazeEventKind } from './gaze-event.js';

/** An event that the eye tracker itself told. */
export interface DeviceEvent {
  readonly kind: GazeEventKind;
  readonly onset_s: number;
  readonly end_s: number;
  /** '' where the device speaks of both. */
  readonly eye: 'left' | 'right' | '';
}

const text =
  /^(fixation|saccade|blink|smooth-pursuit)(?: onset_s=\S+)? duration_s=(\d+(?:\.\d+)?(?:e-?\d+)?)(?: eye=(left|right))?$/;

/**
 * What a marker at an event's end tells of it, `fixation duration_s=0.3 eye=left`, as readers of recordings write it and
 * live clients may; null for any other marker. The onset is taken from the marker's stamp, whose clock is known.
 */
export function deviceEventOf({ time, value }: Marker): DeviceEvent | null {
  const match = text.exec(value);
  if (!match) return null;
  const [, kind, duration_s, eye = ''] = match;
  return {
    kind: kind === 'smooth-pursuit' ? 'pursuit' : (kind as GazeEventKind),
    onset_s: time - Number(duration_s),
    end_s: time,
    eye: eye as DeviceEvent['eye'],
  };
}

/** The fixation that may go on. */
export type FixationStreamState = {
  readonly id: number;
  readonly onset_s: number;
  readonly end_s: number;
} | null;

/**
 * Pupil Capture's stream of type `Fixations` (its LSL relay: channels `fixation id`, `dispersion`, `duration` in
 * milliseconds, stamped at the onset) as markers like those of recordings. Capture tells a fixation again and again while
 * it goes on; it is passed on once, when the next one has begun.
 */
export class FixationStream implements Stateful<FixationStreamState> {
  readonly #id: number;
  readonly #duration: number;
  #current: FixationStreamState = null;

  private constructor(
    readonly info: StreamInfo,
    id: number,
    duration: number,
  ) {
    this.#id = id;
    this.#duration = duration;
  }

  /** Null where `info` is no such stream. */
  static of(info: StreamInfo): FixationStream | null {
    const find = (label: RegExp) => info.channels.findIndex((channel) => label.test(channel.label));
    const [id, duration, dispersion] = [find(/^fixation.?id$/i), find(/^duration$/i), find(/^dispersion$/i)];
    return id >= 0 && duration >= 0 && dispersion >= 0 ? new FixationStream(info, id, duration) : null;
  }

  push(chunk: Chunk, emit: (marker: Marker) => void): void {
    const ids = channelOf(chunk, this.#id);
    const durations = channelOf(chunk, this.#duration);
    for (let i = 0; i < ids.length; i++) {
      const duration_s = durations[i] / 1000;
      if (!(duration_s > 0) || !(duration_s < Number.POSITIVE_INFINITY)) continue;
      if (this.#current && this.#current.id !== ids[i]) this.#tell(this.#current, emit);
      const onset_s = this.#current?.id === ids[i] ? this.#current.onset_s : chunk.times[i];
      this.#current = { id: ids[i], onset_s, end_s: chunk.times[i] + duration_s };
    }
  }

  snapshot(): FixationStreamState {
    return this.#current;
  }

  restore(current: FixationStreamState): void {
    this.#current = current;
  }

  #tell({ onset_s, end_s }: { onset_s: number; end_s: number }, emit: (marker: Marker) => void): void {
    const duration_s = Number((end_s - onset_s).toFixed(6));
    emit({ stream: this.info.id, time: end_s, value: `fixation duration_s=${duration_s}` });
  }
}
