import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor } from '../../../core/processor.js';
import type { StreamInfo, Window } from '../../../core/signal.js';
import { trendOf } from '../../dsp/statistics.js';
import { channelsIn } from '../channels/channels-in.js';

const params = z.strictObject({});
type Params = z.infer<typeof params>;

const AXES = 3;

class Motion implements Extractor {
  readonly descriptors = [{ channel: 'body', feature: 'acc_sd', unit: 'g' }];
  readonly #axes: readonly number[];

  constructor(info: StreamInfo) {
    this.#axes = channelsIn(info, ['g']).slice(0, AXES);
  }

  compute(window: Window, out: Float64Array): void {
    out[0] = Number.NaN;
    if (this.#axes.length < AXES) return;
    const [x, y, z] = this.#axes.map((c) => window.channel(c));
    const magnitude = x.map((v, i) => Math.sqrt(v * v + y[i] * y[i] + z[i] * z[i]));
    out[0] = trendOf(window.times, magnitude).sd;
  }
}

export const motion = featureDefinition<Params>({
  name: 'motion',
  summary: 'Standard deviation of the magnitude of acceleration.',
  source: 'van Hees et al. 2013, doi:10.1371/journal.pone.0061691 (magnitude of acceleration as movement)',
  params,
  streams: ['ACC'],
  state: 'none',
  create: (info) => new Motion(info),
});
