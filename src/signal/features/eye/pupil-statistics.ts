import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor } from '../../../core/processor.js';
import type { StreamInfo, Window } from '../../../core/signal.js';
import { trendOf } from '../../dsp/statistics.js';
import { type PupilChannels, pupilChannels } from '../channels/eye-channels.js';
import { meanOver } from '../channels/mean-over.js';
import { missingShare } from '../channels/missing-share.js';

const params = z.strictObject({});
type Params = z.infer<typeof params>;

class PupilStatistics implements Extractor {
  readonly descriptors;
  readonly #pupils: PupilChannels;

  constructor(info: StreamInfo) {
    this.#pupils = pupilChannels(info) ?? { channels: [], unit: '' };
    const { unit } = this.#pupils;
    this.descriptors = [
      { channel: 'pupil', feature: 'pupil_mean', unit },
      { channel: 'pupil', feature: 'pupil_sd', unit },
      { channel: 'pupil', feature: 'pupil_slope', unit: `${unit}/s` },
      { channel: 'pupil', feature: 'pupil_missing', unit: 'share' },
    ];
  }

  compute(window: Window, out: Float64Array): void {
    const { channels } = this.#pupils;
    const sizes = new Map(channels.map((c) => [c, window.channel(c).map(measuredSize)]));
    meanOver(channels, out, (c, row) => {
      const trend = trendOf(window.times, sizes.get(c)!);
      row[0] = trend.mean;
      row[1] = trend.n >= 2 ? trend.sd : Number.NaN;
      row[2] = trend.slope;
    });
    out[3] = missingShare([...sizes.values()]);
  }
}

/** Eye trackers write 0 where they see no pupil. */
function measuredSize(size: number): number {
  return size > 0 ? size : Number.NaN;
}

export const pupilStatistics = featureDefinition<Params>({
  name: 'pupil-statistics',
  summary:
    "Mean, standard deviation and slope of the pupil's size, means over the eyes, and the share of the window in which no eye shows a pupil (mostly blinks).",
  source: 'Zheng, Liu, Lu, Lu & Cichocki 2019, doi:10.1109/TCYB.2018.2797176, Table I (pupil diameter)',
  params,
  streams: ['Gaze'],
  state: 'none',
  create: (info) => new PupilStatistics(info),
});
