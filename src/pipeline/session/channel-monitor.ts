import type { Seconds } from '../../core/clock.js';
import type { Chunk, StreamInfo, StreamType } from '../../core/signal.js';
import { samplesIn, sliceChunk, TIME_TOLERANCE_S } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';
import { type SignalQuality, SignalQualityMeter } from '../../signal/dsp/signal-quality.js';
import { SlidingWindow, type SlidingWindowState } from '../../signal/dsp/sliding-window.js';

export type ChannelState = 'ok' | 'flat' | 'railed' | 'missing';

/** What a channel's last seconds are worth; null where that can't be told. */
export type MeasuredQuality = { readonly [measure in keyof SignalQuality]: number | null };

export interface ChannelReport {
  readonly label: string;
  /** Share of the samples since the previous look that were measured, 0..1. */
  readonly coverage: number;
  readonly state: ChannelState;
  /** Of electrodes alone. */
  readonly quality?: MeasuredQuality;
  /** What the headset itself tells of the electrode's contact, 0 (none) to 1 (good), where it does. */
  readonly contact?: number;
  /** Share of the samples since the previous look that were filled in from other channels, where a node does that. */
  readonly interpolated?: number;
}

/** Streams whose channels are electrodes: mains, contact and amplifier limits are what spoils them. */
const electrodes: readonly StreamType[] = ['EEG', 'ECG', 'EMG', 'EOG'];
const QUALITY_S = 2;
/** Beyond this share at a rail, a channel shows its amplifier and not the person. */
const RAILED_SHARE = 0.1;

export type ChannelMonitorState = {
  /** Samples that no look's time has passed. */
  readonly waiting: readonly Pick<Chunk, 'times' | 'data'>[];
  readonly recent: SlidingWindowState | null;
};

/** A channel's samples between two looks. */
interface Seen {
  usable: number;
  low: number;
  high: number;
}

/**
 * What was measured on each channel of one stream since the last look: for people's eyes, not for features. Samples from a look's
 * time on wait for the next one, so that it doesn't matter when they come.
 */
export class ChannelMonitor implements Stateful<ChannelMonitorState> {
  #waiting: Chunk[] = [];
  readonly #recent: SlidingWindow | null;
  readonly #meter: SignalQualityMeter | null;

  constructor(readonly info: StreamInfo) {
    const measured = electrodes.includes(info.type) && info.sfreq > 0;
    this.#recent = measured ? new SlidingWindow(info, QUALITY_S) : null;
    this.#meter = measured ? new SignalQualityMeter(samplesIn(QUALITY_S, info.sfreq), info.sfreq) : null;
  }

  push(chunk: Chunk): void {
    this.#recent?.push(chunk);
    this.#waiting.push(chunk);
  }

  /** State of every channel between the previous call's time and `time`, and quality of the seconds before; `isStale` as in {@link SlidingWindow.at}. */
  take(time: Seconds, isStale?: boolean): ChannelReport[] {
    const qualities = this.#measure(time, isStale);
    const { samples, channels } = this.#see(time - TIME_TOLERANCE_S);
    return this.info.channels.map((channel, c) => ({
      label: channel.label,
      coverage: samples === 0 ? 0 : channels[c].usable / samples,
      state: stateOf(channels[c], qualities?.[c]),
      ...(qualities ? { quality: qualities[c] } : {}),
    }));
  }

  snapshot(): ChannelMonitorState {
    return {
      waiting: this.#waiting.map(({ times, data }) => ({ times: times.slice(), data: data.slice() })),
      recent: this.#recent?.snapshot() ?? null,
    };
  }

  restore({ waiting, recent }: ChannelMonitorState): void {
    this.#waiting = waiting.map((samples) => ({ ...samples, info: this.info, gapBefore: false }));
    if (recent) this.#recent?.restore(recent);
  }

  /** Takes the samples before `time`. */
  #see(time: Seconds): { readonly samples: number; readonly channels: readonly Seen[] } {
    let samples = 0;
    const channels = this.info.channels.map(
      (): Seen => ({ usable: 0, low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY }),
    );
    const left: Chunk[] = [];
    for (const chunk of this.#waiting) {
      const { times, data } = chunk;
      const n = times.length;
      const later = times.findIndex((t) => t >= time);
      const taken = later < 0 ? n : later;
      samples += taken;
      for (const [c, seen] of channels.entries())
        for (let i = c * n; i < c * n + taken; i++) note(seen, data[i]);
      if (taken < n) left.push(sliceChunk(chunk, taken, n));
    }
    this.#waiting = left;
    return { samples, channels };
  }

  #measure(time: Seconds, isStale: boolean | undefined): MeasuredQuality[] | null {
    const [recent, meter] = [this.#recent, this.#meter];
    if (!recent || !meter) return null;
    const { window, reason } = recent.at(time, isStale);
    const live = reason === null && !window.gap;
    return this.info.channels.map((_, c) => {
      const quality = meter.measure(live ? window.channel(c) : new Float64Array(0));
      const entries = Object.entries(quality).map(([k, v]) => [k, Number.isFinite(v) ? v : null]);
      return Object.fromEntries(entries) as MeasuredQuality;
    });
  }
}

function note(seen: Seen, value: number): void {
  if (Number.isNaN(value)) return;
  seen.usable++;
  if (value < seen.low) seen.low = value;
  if (value > seen.high) seen.high = value;
}

function stateOf({ usable, low, high }: Seen, quality: MeasuredQuality | undefined): ChannelState {
  if (usable === 0) return 'missing';
  if (usable > 1 && low === high) return 'flat';
  return (quality?.railed ?? 0) > RAILED_SHARE ? 'railed' : 'ok';
}
