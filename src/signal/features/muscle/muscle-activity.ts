import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor } from '../../../core/processor.js';
import type { Chunk, StreamInfo, Window } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import { SlidingWindow, type SlidingWindowState } from '../../dsp/sliding-window.js';
import { designButterworth } from '../../dsp/sos-filter.js';
import { StreamingFilter, type StreamingFilterState } from '../../dsp/streaming-filter.js';
import { labelOf } from '../channels/channel-label.js';
import { channelsIn } from '../channels/channels-in.js';

const params = z.strictObject({
  low_hz: z.number().positive().default(20).describe('edge of the high-pass that takes out movement, Hz'),
});
type Params = z.infer<typeof params>;

const FILTER_ORDER = 4;
/** Share of the window that must be measured. */
const LEAST_COVERAGE = 0.5;

type MuscleActivityState = {
  readonly filter: StreamingFilterState | null;
  readonly filtered: SlidingWindowState;
};

class MuscleActivity implements Extractor, Stateful<MuscleActivityState> {
  readonly descriptors;
  readonly #channels: readonly number[];
  readonly #filter: StreamingFilter | null;
  readonly #filtered: SlidingWindow;

  constructor(info: StreamInfo, low_hz: number, window_s: number) {
    this.#channels = channelsIn(info, ['uV']);
    this.descriptors = this.#channels.map((c) => ({
      channel: labelOf(info, c),
      feature: 'emg_log_rms',
      unit: 'ln(uV)',
    }));
    this.#filter = passes(info.sfreq, low_hz)
      ? new StreamingFilter(info, designButterworth('highpass', FILTER_ORDER, low_hz, info.sfreq), 1 / low_hz)
      : null;
    this.#filtered = new SlidingWindow(info, window_s);
  }

  push(chunk: Chunk): void {
    if (this.#filter) this.#filtered.push(this.#filter.process(chunk));
  }

  compute({ end, coverage }: Window, out: Float64Array): void {
    const { window } = this.#filtered.at(end);
    for (const [i, c] of this.#channels.entries())
      out[i] =
        Math.min(coverage[c], window.coverage[c]) >= LEAST_COVERAGE ? logRms(window.channel(c)) : Number.NaN;
  }

  snapshot(): MuscleActivityState {
    return { filter: this.#filter?.snapshot() ?? null, filtered: this.#filtered.snapshot() };
  }

  restore({ filter, filtered }: MuscleActivityState): void {
    if (filter) this.#filter?.restore(filter);
    this.#filtered.restore(filtered);
  }
}

function passes(sfreq: number, low_hz: number): boolean {
  return low_hz < 0.45 * sfreq;
}

/** Natural logarithm of the root mean square of the finite ones among `samples`; NaN for silence. */
function logRms(samples: Float64Array): number {
  let sum = 0;
  let n = 0;
  for (const x of samples) {
    if (x - x !== 0) continue;
    sum += x * x;
    n++;
  }
  return sum > 0 ? 0.5 * Math.log(sum / n) : Number.NaN;
}

export const muscleActivity = featureDefinition<Params>({
  name: 'muscle-activity',
  summary: 'Logarithm of the root mean square of each EMG channel above 20 Hz.',
  source: 'Fridlund & Cacioppo 1986, doi:10.1111/j.1469-8986.1986.tb00676.x',
  params,
  streams: ['EMG'],
  state: 1,
  physics: ({ low_hz }, { sfreq_hz }) =>
    sfreq_hz !== undefined && !passes(sfreq_hz, low_hz)
      ? [
          {
            path: ['low_hz'],
            message: `low_hz ${low_hz} is not below 0.45 of the sampling rate of ${sfreq_hz} Hz`,
          },
        ]
      : [],
  create: (info, { low_hz }, window_s) => new MuscleActivity(info, low_hz, window_s),
});
