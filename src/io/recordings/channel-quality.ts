import type { Chunk } from '../../core/signal.js';
import { channelOf } from '../../core/signal.js';

/** What shares of a channel's samples are of no use, 0..1. */
export interface ChannelQuality {
  /** NaN: the file holds no value. */
  readonly missing: number;
  /** In runs of half a second or more without any change. */
  readonly flat: number;
  /** In runs of three or more at the channel's lowest or highest value. */
  readonly railed: number;
}

const FLAT_RUN_S = 0.5;
const RAILED_RUN = 3;

interface Rail {
  value: number;
  run: number;
  samples: number;
}

/** Measures one channel's {@link ChannelQuality} over a whole recording, seen once. */
class ChannelMeter {
  #samples = 0;
  #missing = 0;
  #flat = 0;
  #run = 0;
  #previous = Number.NaN;
  readonly #low: Rail = { value: Number.POSITIVE_INFINITY, run: 0, samples: 0 };
  readonly #high: Rail = { value: Number.NEGATIVE_INFINITY, run: 0, samples: 0 };

  constructor(private readonly flatRun: number) {}

  add(value: number): void {
    this.#samples++;
    if (Number.isNaN(value)) this.#missing++;
    this.#run = value === this.#previous ? this.#run + 1 : 1;
    // The samples that opened the run count once it is long enough.
    if (this.#run === this.flatRun) this.#flat += this.#run;
    else if (this.#run > this.flatRun) this.#flat++;
    this.#previous = value;
    measureRail(this.#low, value, value < this.#low.value);
    measureRail(this.#high, value, value > this.#high.value);
  }

  result(): ChannelQuality {
    const share = (count: number) => (this.#samples > 0 ? count / this.#samples : 0);
    const isConstant = this.#low.value === this.#high.value;
    return {
      missing: share(this.#missing),
      flat: share(this.#flat),
      railed: isConstant ? 0 : share(this.#low.samples + this.#high.samples),
    };
  }
}

function measureRail(rail: Rail, value: number, isBeyond: boolean): void {
  if (isBeyond) {
    rail.value = value;
    rail.run = 1;
    rail.samples = 0;
  } else if (value === rail.value) {
    rail.run++;
    if (rail.run === RAILED_RUN) rail.samples += RAILED_RUN;
    else if (rail.run > RAILED_RUN) rail.samples++;
  } else rail.run = 0;
}

/** The quality of each channel of one stream. */
export class QualityMeter {
  readonly #channels: readonly ChannelMeter[];

  constructor(channels: number, sfreq: number) {
    const flatRun = sfreq > 0 ? Math.max(8, Math.round(FLAT_RUN_S * sfreq)) : Number.POSITIVE_INFINITY;
    this.#channels = Array.from({ length: channels }, () => new ChannelMeter(flatRun));
  }

  add(chunk: Chunk): void {
    for (const [c, meter] of this.#channels.entries())
      for (const value of channelOf(chunk, c)) meter.add(value);
  }

  result(): ChannelQuality[] {
    return this.#channels.map((meter) => meter.result());
  }
}
