import type { Seconds } from './clock.js';
import { type Chunk, channelOf, type StreamInfo } from './signal.js';
import type { Stateful } from './state.js';

/** Valence and arousal as somebody told them, native scale -1..1. */
export interface Truth {
  readonly valence: number;
  readonly arousal: number;
}

/** Places of the channels of an `Annotation` stream that tell valence and arousal; null where it lacks one. */
export function truthChannels({ channels }: StreamInfo): { valence: number; arousal: number } | null {
  const find = (label: string): number => channels.findIndex((channel) => channel.label === label);
  const [valence, arousal] = [find('valence'), find('arousal')];
  return valence >= 0 && arousal >= 0 ? { valence, arousal } : null;
}

/**
 * The truth as a session's `Annotation` streams tell it: of several that tell valence and arousal, the first that delivers
 * is listened to, for as long as it is there. NaN = missing; so is what lies beyond the scale, for it is on another one.
 */
export class TruthReader implements Stateful<string | null> {
  #stream: string | null = null;

  /** Hands on the samples of the stream that is listened to; other chunks are passed over. */
  read(chunk: Chunk, each: (time: Seconds, valence: number, arousal: number) => void): void {
    const { info, times } = chunk;
    if (info.type !== 'Annotation') return;
    const channels = truthChannels(info);
    if (!channels) return;
    this.#stream ??= info.id;
    if (this.#stream !== info.id) return;
    const [valence, arousal] = [channelOf(chunk, channels.valence), channelOf(chunk, channels.arousal)];
    for (let i = 0; i < times.length; i++) each(times[i], onScale(valence[i]), onScale(arousal[i]));
  }

  /** The stream has ended: another may tell from now on. */
  close(id: string): void {
    if (this.#stream === id) this.#stream = null;
  }

  /** Id of the stream that is listened to. */
  snapshot(): string | null {
    return this.#stream;
  }

  restore(stream: string | null): void {
    this.#stream = stream;
  }
}

function onScale(value: number): number {
  return Math.abs(value) <= 1 ? value : Number.NaN;
}

/** The truth over time, and its means over windows: what a window's estimate is held against. */
export class TruthTrack {
  #times: Seconds[] = [];
  #valence: number[] = [];
  #arousal: number[] = [];

  /** In order of time. */
  add(time: Seconds, valence: number, arousal: number): void {
    this.#times.push(time);
    this.#valence.push(valence);
    this.#arousal.push(arousal);
  }

  /** Means over the samples with `start` <= t < `end`; null where there are none, or one is missing. */
  mean(start: Seconds, end: Seconds): Truth | null {
    let [valence, arousal, n] = [0, 0, 0];
    for (let i = this.#lowerBound(start); i < this.#times.length && this.#times[i] < end; i++) {
      valence += this.#valence[i];
      arousal += this.#arousal[i];
      n++;
    }
    return n > 0 && Number.isFinite(valence + arousal)
      ? { valence: valence / n, arousal: arousal / n }
      : null;
  }

  #lowerBound(time: Seconds): number {
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#times[middle] < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
