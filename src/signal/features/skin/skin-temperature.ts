import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor } from '../../../core/processor.js';
import type { Chunk, StreamInfo, Window } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import { SlidingWindow, type SlidingWindowState } from '../../dsp/sliding-window.js';
import { trendOf } from '../../dsp/statistics.js';
import { channelsIn } from '../channels/channels-in.js';
import { meanOver } from '../channels/mean-over.js';

const params = z.strictObject({
  slope_s: z.number().min(10).default(30).describe('trailing time of the slope, s; it needs a third of it'),
});
type Params = z.infer<typeof params>;

class SkinTemperature implements Extractor, Stateful<SlidingWindowState> {
  readonly descriptors = [
    { channel: 'skin', feature: 'temp_mean', unit: 'degC' },
    { channel: 'skin', feature: 'temp_slope', unit: 'degC/s' },
  ];
  readonly #channels: readonly number[];
  readonly #trailing: SlidingWindow;

  constructor(
    info: StreamInfo,
    readonly slope_s: number,
  ) {
    this.#channels = channelsIn(info, ['degC']);
    this.#trailing = new SlidingWindow(info, slope_s);
  }

  push(chunk: Chunk): void {
    this.#trailing.push(chunk);
  }

  compute(window: Window, out: Float64Array): void {
    const trailing = this.#trailing.at(window.end).window;
    meanOver(this.#channels, out, (c, row) => {
      row[0] = trendOf(window.times, window.channel(c)).mean;
      row[1] =
        trailing.coverage[c] >= 1 / 3 ? trendOf(trailing.times, trailing.channel(c)).slope : Number.NaN;
    });
  }

  snapshot(): SlidingWindowState {
    return this.#trailing.snapshot();
  }

  restore(trailing: SlidingWindowState): void {
    this.#trailing.restore(trailing);
  }
}

export const skinTemperature = featureDefinition<Params>({
  name: 'skin-temperature',
  summary: 'Mean skin temperature and its slope, which needs a longer time than the window.',
  source: 'Kreibig 2010, doi:10.1016/j.biopsycho.2010.03.010; 30-60 s after docs/explanation/features.md',
  params,
  streams: ['TEMP'],
  state: 1,
  create: (info, { slope_s }) => new SkinTemperature(info, slope_s),
});
