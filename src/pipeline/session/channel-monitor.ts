import type { Seconds } from '../../core/clock.js';
import type { Chunk, StreamInfo, StreamType } from '../../core/signal.js';
import { samplesIn } from '../../core/signal.js';
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
  readonly usable: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly recent: SlidingWindowState | null;
  readonly samples: number;
};

/** What arrived on each channel of one stream since the last look: for people's eyes, not for features. */
export class ChannelMonitor implements Stateful<ChannelMonitorState> {
  readonly #usable: Float64Array;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  readonly #recent: SlidingWindow | null;
  readonly #meter: SignalQualityMeter | null;
  #samples = 0;

  constructor(readonly info: StreamInfo) {
    this.#usable = new Float64Array(info.channels.length);
    this.#low = new Float64Array(info.channels.length);
    this.#high = new Float64Array(info.channels.length);
    const measured = electrodes.includes(info.type) && info.sfreq > 0;
    this.#recent = measured ? new SlidingWindow(info, QUALITY_S) : null;
    this.#meter = measured ? new SignalQualityMeter(samplesIn(QUALITY_S, info.sfreq), info.sfreq) : null;
    this.#clear();
  }

  push(chunk: Chunk): void {
    const n = chunk.times.length;
    this.#recent?.push(chunk);
    this.#samples += n;
    for (let c = 0; c < this.#usable.length; c++) {
      for (let i = c * n; i < (c + 1) * n; i++) {
        const value = chunk.data[i];
        if (Number.isNaN(value)) continue;
        this.#usable[c]++;
        if (value < this.#low[c]) this.#low[c] = value;
        if (value > this.#high[c]) this.#high[c] = value;
      }
    }
  }

  /** State of every channel since the previous call, and quality of the seconds before `time`; `isStale` as in {@link SlidingWindow.at}. */
  take(time: Seconds, isStale?: boolean): ChannelReport[] {
    const qualities = this.#measure(time, isStale);
    const reports = this.info.channels.map((channel, c) => ({
      label: channel.label,
      coverage: this.#samples === 0 ? 0 : this.#usable[c] / this.#samples,
      state: this.#stateOf(c, qualities?.[c]),
      ...(qualities ? { quality: qualities[c] } : {}),
    }));
    this.#clear();
    return reports;
  }

  snapshot(): ChannelMonitorState {
    return {
      usable: this.#usable.slice(),
      low: this.#low.slice(),
      high: this.#high.slice(),
      recent: this.#recent?.snapshot() ?? null,
      samples: this.#samples,
    };
  }

  restore({ usable, low, high, recent, samples }: ChannelMonitorState): void {
    this.#usable.set(usable);
    this.#low.set(low);
    this.#high.set(high);
    if (recent) this.#recent?.restore(recent);
    this.#samples = samples;
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

  #stateOf(c: number, quality: MeasuredQuality | undefined): ChannelState {
    if (this.#usable[c] === 0) return 'missing';
    if (this.#usable[c] > 1 && this.#low[c] === this.#high[c]) return 'flat';
    return (quality?.railed ?? 0) > RAILED_SHARE ? 'railed' : 'ok';
  }

  #clear(): void {
    this.#samples = 0;
    this.#usable.fill(0);
    this.#low.fill(Number.POSITIVE_INFINITY);
    this.#high.fill(Number.NEGATIVE_INFINITY);
  }
}
