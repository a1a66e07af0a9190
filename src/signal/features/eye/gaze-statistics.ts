import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor } from '../../../core/processor.js';
import type { StreamInfo, Window } from '../../../core/signal.js';
import { trendOf } from '../../dsp/statistics.js';
import { type GazeChannels, gazeChannels } from '../channels/eye-channels.js';
import { meanOver } from '../channels/mean-over.js';
import { missingShare } from '../channels/missing-share.js';

const params = z.strictObject({});
type Params = z.infer<typeof params>;

class GazeStatistics implements Extractor {
  readonly descriptors;
  readonly #gaze: GazeChannels;

  constructor(info: StreamInfo) {
    this.#gaze = gazeChannels(info) ?? { pairs: [], unit: '' };
    const { unit } = this.#gaze;
    this.descriptors = [
      { channel: 'gaze', feature: 'gaze_sd_x', unit },
      { channel: 'gaze', feature: 'gaze_sd_y', unit },
      { channel: 'gaze', feature: 'gaze_dispersion', unit },
      { channel: 'gaze', feature: 'gaze_path', unit: `${unit}/s` },
      { channel: 'gaze', feature: 'gaze_missing', unit: 'share' },
    ];
  }

  compute(window: Window, out: Float64Array): void {
    const { pairs, unit } = this.#gaze;
    const eyes = pairs.map(({ x, y }) => measuredGaze(window.channel(x), window.channel(y), unit));
    meanOver([...eyes.keys()], out, (e, row) => {
      const { x, y } = eyes[e];
      const [horizontal, vertical] = [trendOf(window.times, x), trendOf(window.times, y)];
      row.fill(Number.NaN);
      if (horizontal.n < 2) return;
      row[0] = horizontal.sd;
      row[1] = vertical.sd;
      row[2] = Math.sqrt(horizontal.sd * horizontal.sd + vertical.sd * vertical.sd);
      row[3] = pathPerSecond(window.times, x, y);
    });
    out[4] = missingShare(eyes.map(({ x }) => x));
  }
}

/** Both coordinates, or neither; on a screen in pixels (0, 0) is SMI's and others' way of having no gaze. */
function measuredGaze(x: Float64Array, y: Float64Array, unit: string): { x: Float64Array; y: Float64Array } {
  const lost = (i: number) =>
    x[i] - x[i] !== 0 || y[i] - y[i] !== 0 || (unit === 'px' && x[i] === 0 && y[i] === 0);
  return {
    x: x.map((v, i) => (lost(i) ? Number.NaN : v)),
    y: y.map((v, i) => (lost(i) ? Number.NaN : v)),
  };
}

/** Length of the path between neighbouring measured samples over the time between them. */
function pathPerSecond(times: Float64Array, x: Float64Array, y: Float64Array): number {
  let length = 0;
  let time = 0;
  for (let i = 1; i < x.length; i++) {
    const dx = x[i] - x[i - 1];
    const dy = y[i] - y[i - 1];
    if (Number.isNaN(dx)) continue;
    length += Math.sqrt(dx * dx + dy * dy);
    time += times[i] - times[i - 1];
  }
  return time > 0 ? length / time : Number.NaN;
}

export const gazeStatistics = featureDefinition<Params>({
  name: 'gaze-statistics',
  summary:
    'Spread of gaze in both directions, dispersion, path per second, means over the eyes, and the share of the window without gaze.',
  source:
    'Zheng, Liu, Lu, Lu & Cichocki 2019, doi:10.1109/TCYB.2018.2797176, Table I (dispersion), without events',
  params,
  streams: ['Gaze'],
  state: 'none',
  create: (info) => new GazeStatistics(info),
});
