import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor } from '../../../core/processor.js';
import type { StreamInfo, Window } from '../../../core/signal.js';
import { trendOf } from '../../dsp/statistics.js';
import { channelsIn } from '../channels/channels-in.js';
import { meanOver } from '../channels/mean-over.js';
import { ofConductance } from '../channels/skin-conductance.js';

const params = z.strictObject({});
type Params = z.infer<typeof params>;

class SkinConductance implements Extractor {
  readonly descriptors = [
    { channel: 'skin', feature: 'eda_level', unit: 'uS' },
    { channel: 'skin', feature: 'eda_slope', unit: 'uS/s' },
    { channel: 'skin', feature: 'eda_phasic_sd', unit: 'uS' },
  ];
  readonly #channels: readonly number[];

  constructor(info: StreamInfo) {
    this.#channels = channelsIn(info, ['uS']);
  }

  compute(window: Window, out: Float64Array): void {
    meanOver(this.#channels, out, (c, row) => {
      const trend = trendOf(window.times, window.channel(c));
      row[0] = trend.mean;
      row[1] = trend.slope;
      row[2] = trend.residual_sd;
    });
  }
}

export const skinConductance = featureDefinition<Params>({
  name: 'skin-conductance',
  summary:
    "Level of skin conductance, its slope, and its standard deviation around the window's line, in which quick responses show. Resistance in ohm is taken as conductance, 1e6 / ohm; other units are masked.",
  source: 'Boucsein 2012, Electrodermal Activity, 2.2 (level and change over short windows)',
  params,
  streams: ['EDA'],
  state: 'none',
  create: (info) => ofConductance(info, (own) => new SkinConductance(own)),
});
