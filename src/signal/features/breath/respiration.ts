import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor } from '../../../core/processor.js';
import type { Chunk, StreamInfo, Window } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import { breathsIn } from '../../detectors/breaths.js';
import { SlidingWindow, type SlidingWindowState } from '../../dsp/sliding-window.js';
import { designButterworth } from '../../dsp/sos-filter.js';
import { StreamingFilter, type StreamingFilterState } from '../../dsp/streaming-filter.js';

const params = z.strictObject({
  rate_s: z
    .number()
    .min(15)
    .max(120)
    .default(30)
    .describe('trailing time over which breaths are counted, s; it needs half of it'),
});
type Params = z.infer<typeof params>;

const LOW_HZ = 0.05;
const HIGH_HZ = 3;
const FILTER_ORDER = 2;
/** What an offset leaves is slow against a breath by then. */
const SETTLE_S = 5;
const LEAST_SHARE = 0.5;

type RespirationState = {
  readonly filter: StreamingFilterState | null;
  readonly trailing: SlidingWindowState;
};

class Respiration implements Extractor, Stateful<RespirationState> {
  readonly descriptors;
  readonly context_s;
  readonly #filter: StreamingFilter | null;
  readonly #trailing: SlidingWindow;

  constructor(
    readonly info: StreamInfo,
    rate_s: number,
  ) {
    this.context_s = rate_s;
    const unit = info.channels[0]?.unit ?? '';
    this.descriptors = [
      { channel: 'breath', feature: 'resp_rate', unit: '1/min' },
      { channel: 'breath', feature: 'resp_amplitude', unit },
      { channel: 'breath', feature: 'resp_rate_sd', unit: '1/min' },
    ];
    const { sfreq } = info;
    this.#filter =
      sfreq >= 4
        ? new StreamingFilter(
            info,
            [
              ...designButterworth('highpass', FILTER_ORDER, LOW_HZ, sfreq),
              ...designButterworth('lowpass', FILTER_ORDER, Math.min(HIGH_HZ, 0.45 * sfreq), sfreq),
            ],
            SETTLE_S,
          )
        : null;
    this.#trailing = new SlidingWindow(info, rate_s);
  }

  push(chunk: Chunk): void {
    if (this.#filter) this.#trailing.push(this.#filter.process(chunk));
  }

  compute(window: Window, out: Float64Array): void {
    out.fill(Number.NaN);
    if (this.info.channels.length === 0 || window.channel(0).every((x) => x - x !== 0)) return;
    const trailing = this.#trailing.at(window.end).window;
    if (!(trailing.coverage[0] >= LEAST_SHARE)) return;
    const breaths = breathsIn(trailing.times, trailing.channel(0), 1.5 / this.info.sfreq);
    out[0] = breaths.rate;
    out[1] = breaths.amplitude;
    out[2] = breaths.rate_sd;
  }

  snapshot(): RespirationState {
    return { filter: this.#filter?.snapshot() ?? null, trailing: this.#trailing.snapshot() };
  }

  restore({ filter, trailing }: RespirationState): void {
    if (filter) this.#filter?.restore(filter);
    this.#trailing.restore(trailing);
  }
}

export const respiration = featureDefinition<Params>({
  name: 'respiration',
  summary:
    "Rate of breathing, its standard deviation from breath to breath, and depth from trough to peak in the signal's own unit, over a trailing time; of the first channel.",
  source:
    'Khodadad et al. 2018, doi:10.1088/1361-6579/aad7e6 (extrema by share of amplitude); band 0.05-3 Hz as in NeuroKit2',
  params,
  streams: ['RESP'],
  state: 1,
  physics: (_, { sfreq_hz }) =>
    sfreq_hz !== undefined && sfreq_hz < 4
      ? [{ path: [], message: `${sfreq_hz} Hz is too slow to find breaths` }]
      : [],
  create: (info, { rate_s }) => new Respiration(info, rate_s),
});
