import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor } from '../../../core/processor.js';
import { type Chunk, channelOf, type StreamInfo, type Window } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import {
  ScrDetector,
  type ScrDetectorState,
  type SkinConductanceResponse,
} from '../../detectors/scr-detector.js';
import { SlidingWindow, type SlidingWindowState } from '../../dsp/sliding-window.js';
import { designButterworth } from '../../dsp/sos-filter.js';
import { finiteMean } from '../../dsp/statistics.js';
import { StreamingFilter, type StreamingFilterState } from '../../dsp/streaming-filter.js';
import { channelsIn } from '../channels/channels-in.js';
import { meanOver } from '../channels/mean-over.js';
import { ofConductance } from '../channels/skin-conductance.js';

const params = z.strictObject({
  least_us: z
    .number()
    .min(0.005)
    .max(1)
    .default(0.03)
    .describe('smallest response that counts, uS; 0.01 to 0.05 are in use'),
  count_s: z
    .number()
    .min(10)
    .max(300)
    .default(30)
    .describe('trailing time over which responses are counted, s; it needs half of it'),
});
type Params = z.infer<typeof params>;

/** Between the level and what comes and goes. */
const SPLIT_HZ = 0.05;
const FILTER_ORDER = 2;
/** Half a period of the edge: what the first sample's steady state was wrong by has gone by then. */
const SETTLE_S = 10;
const LEAST_SHARE = 0.5;

interface Watched {
  readonly channel: number;
  readonly detector: ScrDetector;
  responses: SkinConductanceResponse[];
  missing: boolean;
}

type ResponsesState = {
  readonly watched: readonly {
    readonly detector: ScrDetectorState;
    readonly responses: readonly SkinConductanceResponse[];
    readonly missing: boolean;
  }[];
  readonly filters: readonly {
    readonly filter: StreamingFilterState;
    readonly sliding: SlidingWindowState;
  }[];
  readonly trailing: SlidingWindowState;
};

class SkinConductanceResponses implements Extractor, Stateful<ResponsesState> {
  readonly descriptors = [
    { channel: 'skin', feature: 'eda_tonic', unit: 'uS' },
    { channel: 'skin', feature: 'eda_phasic_rms', unit: 'uS' },
    { channel: 'skin', feature: 'scr_rate', unit: '1/min' },
    { channel: 'skin', feature: 'scr_amplitude', unit: 'uS' },
  ];
  readonly context_s;
  readonly #watched: readonly Watched[];
  readonly #filters: readonly (readonly [StreamingFilter, SlidingWindow])[];
  readonly #trailing: SlidingWindow;

  constructor(
    info: StreamInfo,
    readonly params: Params,
    window_s: number,
  ) {
    const { least_us, count_s } = params;
    this.context_s = count_s;
    // An irregular stream has no filters, and a slow one no quick changes.
    const usable = info.sfreq >= 2;
    this.#watched = (usable ? channelsIn(info, ['uS']) : []).map((channel) => ({
      channel,
      detector: new ScrDetector(least_us, info.sfreq),
      responses: [],
      missing: false,
    }));
    this.#filters = usable
      ? (['lowpass', 'highpass'] as const).map((kind) => [
          new StreamingFilter(
            info,
            designButterworth(kind, FILTER_ORDER, SPLIT_HZ, info.sfreq),
            kind === 'highpass' ? SETTLE_S : 0,
          ),
          new SlidingWindow(info, window_s),
        ])
      : [];
    this.#trailing = new SlidingWindow(info, count_s);
  }

  push(chunk: Chunk): void {
    this.#trailing.push(chunk);
    for (const [filter, sliding] of this.#filters) sliding.push(filter.process(chunk));
    for (const watched of this.#watched) watch(watched, chunk);
  }

  compute(window: Window, out: Float64Array): void {
    const { end } = window;
    const { count_s } = this.params;
    const parts = this.#filters.map(([, sliding]) => sliding.at(end).window);
    const { coverage } = this.#trailing.at(end).window;
    const byChannel = new Map(this.#watched.map((w) => [w.channel, w]));
    meanOver([...byChannel.keys()], out, (c, row) => {
      row.fill(Number.NaN);
      const watched = byChannel.get(c)!;
      watched.responses = watched.responses.filter(({ onset }) => onset >= end - count_s);
      if (window.channel(c).every((x) => x - x !== 0)) return;
      row[0] = finiteMean(parts[0].channel(c));
      row[1] = Math.sqrt(finiteMean(parts[1].channel(c).map((x) => x * x)));
      if (coverage[c] < LEAST_SHARE) return;
      row[2] = (60 * watched.responses.length) / (coverage[c] * count_s);
      row[3] = finiteMean(watched.responses.map(({ amplitude_us }) => amplitude_us));
    });
  }

  snapshot(): ResponsesState {
    return {
      watched: this.#watched.map(({ detector, responses, missing }) => ({
        detector: detector.snapshot(),
        responses: [...responses],
        missing,
      })),
      filters: this.#filters.map(([filter, sliding]) => ({
        filter: filter.snapshot(),
        sliding: sliding.snapshot(),
      })),
      trailing: this.#trailing.snapshot(),
    };
  }

  restore({ watched, filters, trailing }: ResponsesState): void {
    for (const [i, { detector, responses, missing }] of watched.entries()) {
      this.#watched[i].detector.restore(detector);
      this.#watched[i].responses = [...responses];
      this.#watched[i].missing = missing;
    }
    for (const [i, { filter, sliding }] of filters.entries()) {
      this.#filters[i][0].restore(filter);
      this.#filters[i][1].restore(sliding);
    }
    this.#trailing.restore(trailing);
  }
}

function watch(watched: Watched, chunk: Chunk): void {
  const { channel, detector, responses } = watched;
  const samples = channelOf(chunk, channel);
  let broken = chunk.gapBefore || watched.missing;
  for (let i = 0; i < samples.length; i++) {
    if (samples[i] - samples[i] !== 0) {
      broken = true;
      continue;
    }
    if (broken) detector.restart();
    broken = false;
    const response = detector.push(samples[i], chunk.times[i]);
    if (response) responses.push(response);
  }
  watched.missing = broken;
}

export const skinConductanceResponse = featureDefinition<Params>({
  name: 'skin-conductance-response',
  summary:
    'Tonic level of skin conductance (below 0.05 Hz), what comes and goes above it, and the rate and mean amplitude of skin conductance responses, found causally. Resistance in ohm is taken as conductance, 1e6 / ohm; other units are masked.',
  source: 'Boucsein et al. 2012, doi:10.1111/j.1469-8986.2012.01384.x; split at 0.05 Hz as in NeuroKit2',
  params,
  streams: ['EDA'],
  state: 1,
  create: (info, p, window_s) => ofConductance(info, (own) => new SkinConductanceResponses(own, p, window_s)),
});
