import { z } from 'zod';
import { chunkTransform } from '../../core/component.js';
import type { ChunkProcessor } from '../../core/processor.js';
import { type Channel, type Chunk, channelOf, type StreamInfo, type StreamType } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';
import { tableOf } from '../../core/table.js';

const params = z.strictObject({
  flat_s: z
    .number()
    .min(0)
    .optional()
    .describe(
      'a channel that stays within flat_range for this long is flat, s; 0 switches it off; default by stream type: 1 for EEG, ECG, EMG, EOG and PPG, off for the others',
    ),
  flat_range: z
    .number()
    .min(0)
    .optional()
    .describe("largest range of a flat channel, in the channel's unit; default 0.1 for EEG in uV, else 0"),
  rail_s: z
    .number()
    .min(0)
    .optional()
    .describe(
      'a channel that stays at the largest or smallest value it ever had for this long is railed, s; 0 switches it off; default by stream type: 0.1 for EEG, ECG, EMG and EOG, off for the others',
    ),
  min: z
    .number()
    .optional()
    .describe("smallest plausible value, in the channel's unit; default by type and unit"),
  max: z
    .number()
    .optional()
    .describe("largest plausible value, in the channel's unit; default by type and unit"),
});
type Params = z.infer<typeof params>;

const flatDefaults_s: Partial<Record<StreamType, number>> = { EEG: 1, ECG: 1, EMG: 1, EOG: 1, PPG: 1 };
const railDefaults_s: Partial<Record<StreamType, number>> = { EEG: 0.1, ECG: 0.1, EMG: 0.1, EOG: 0.1 };
const FLAT_EEG_UV = 0.1;

type Range = readonly [min: number, max: number];

/** Beyond +-400 mV no biosignal amplifier measures; electrode offsets lie well within. */
const voltages = tableOf<Range>({ uV: [-4e5, 4e5], mV: [-400, 400], V: [-0.4, 0.4] });

/** What a living person's signal, or an instrument that works, can show. */
const plausible: Partial<Record<StreamType, ReadonlyMap<string, Range>>> = {
  EEG: voltages,
  ECG: voltages,
  EMG: voltages,
  EOG: voltages,
  EDA: tableOf({ uS: [0.01, 100], ohm: [1e4, 1e8] }),
  TEMP: tableOf({ degC: [10, 45] }),
  HR: tableOf({ '1/min': [25, 240] }),
  IBI: tableOf({ s: [0.25, 2.4] }),
  // Pupils are the millimetres of a gaze stream; 0 is an eye tracker's way of having none.
  Gaze: tableOf({ mm: [0.5, 12], norm: [-10, 10], deg: [-180, 180] }),
  ACC: tableOf({ g: [-64, 64] }),
};

type ChannelWatchState = {
  readonly run: number;
  readonly low: number;
  readonly high: number;
  readonly railed: number;
  readonly least: number;
  readonly most: number;
};

/** Follows one channel sample by sample. */
class ChannelWatch implements Stateful<ChannelWatchState> {
  #run = 0;
  #low = Number.NaN;
  #high = Number.NaN;
  #railed = 0;
  #least = Number.POSITIVE_INFINITY;
  #most = Number.NEGATIVE_INFINITY;

  constructor(
    readonly limits: readonly [min: number, max: number],
    readonly flatSamples: number,
    readonly flatRange: number,
    readonly railSamples: number,
  ) {}

  restart(): void {
    this.#run = 0;
    this.#railed = 0;
  }

  /** Index of the first of `input` that may not pass, from `from` on; their number when all may. */
  nextMasked(input: Float64Array, from: number): number {
    const [min, max] = this.limits;
    const { flatSamples, flatRange, railSamples } = this;
    // State in locals: this loop sees every sample of every channel.
    let run = this.#run;
    let low = this.#low;
    let high = this.#high;
    let railed = this.#railed;
    let least = this.#least;
    let most = this.#most;
    let i = from;
    for (; i < input.length; i++) {
      const x = input[i];
      if (!(x >= min && x <= max)) {
        run = 0;
        railed = 0;
        break;
      }
      if (run > 0 && (x > high ? x : high) - (x < low ? x : low) <= flatRange) {
        run++;
        if (x < low) low = x;
        if (x > high) high = x;
      } else {
        run = 1;
        low = x;
        high = x;
      }
      if (x < least || x > most) {
        if (x < least) least = x;
        if (x > most) most = x;
        railed = 1;
      } else if (x === least || x === most) railed++;
      else railed = 0;
      if (run >= flatSamples || railed >= railSamples) break;
    }
    this.#run = run;
    this.#low = low;
    this.#high = high;
    this.#railed = railed;
    this.#least = least;
    this.#most = most;
    return i;
  }

  snapshot(): ChannelWatchState {
    return {
      run: this.#run,
      low: this.#low,
      high: this.#high,
      railed: this.#railed,
      least: this.#least,
      most: this.#most,
    };
  }

  restore({ run, low, high, railed, least, most }: ChannelWatchState): void {
    this.#run = run;
    this.#low = low;
    this.#high = high;
    this.#railed = railed;
    this.#least = least;
    this.#most = most;
  }
}

class Mask implements ChunkProcessor, Stateful<readonly ChannelWatchState[]> {
  #watches: readonly ChannelWatch[] = [];

  constructor(readonly params: Params) {}

  reset(info: StreamInfo): StreamInfo {
    this.#watches = info.channels.map((channel) => this.#watch(info, channel));
    return info;
  }

  process(chunk: Chunk, emit: (chunk: Chunk) => void): void {
    const n = chunk.times.length;
    let data: Float64Array | null = null;
    for (const [c, watch] of this.#watches.entries()) {
      if (chunk.gapBefore) watch.restart();
      const input = channelOf(chunk, c);
      for (let i = watch.nextMasked(input, 0); i < n; i = watch.nextMasked(input, i + 1)) {
        data ??= chunk.data.slice();
        data[c * n + i] = Number.NaN;
      }
    }
    emit(data ? { ...chunk, data } : chunk);
  }

  snapshot(): readonly ChannelWatchState[] {
    return this.#watches.map((watch) => watch.snapshot());
  }

  restore(state: readonly ChannelWatchState[]): void {
    for (const [c, watch] of state.entries()) this.#watches[c].restore(watch);
  }

  #watch({ type, sfreq }: StreamInfo, { unit }: Channel): ChannelWatch {
    const { params } = this;
    const samples = (span_s: number) =>
      span_s > 0 && sfreq > 0 ? Math.max(2, Math.round(span_s * sfreq)) : Number.POSITIVE_INFINITY;
    const [min, max] = plausible[type]?.get(unit) ?? [-Number.MAX_VALUE, Number.MAX_VALUE];
    return new ChannelWatch(
      [params.min ?? min, params.max ?? max],
      samples(params.flat_s ?? flatDefaults_s[type] ?? 0),
      params.flat_range ?? (type === 'EEG' && unit === 'uV' ? FLAT_EEG_UV : 0),
      samples(params.rail_s ?? railDefaults_s[type] ?? 0),
    );
  }
}

export const mask = chunkTransform<Params>({
  type: 'mask',
  summary:
    'Marks samples of a channel as missing while it is flat, railed or beyond what is plausible, from the moment this is known until the channel lives again. Nothing is taken back.',
  params,
  state: 1,
  physics: ({ min, max }) =>
    min !== undefined && max !== undefined && min >= max
      ? [{ path: ['min'], message: `min ${min} is not below max ${max}` }]
      : [],
  facts: (_, upstream) => upstream,
  create: (p) => new Mask(p),
});
