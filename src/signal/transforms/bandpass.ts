import { z } from 'zod';
import { chunkTransform } from '../../core/component.js';
import { ConfigurationError } from '../../core/errors.js';
import type { ChunkProcessor } from '../../core/processor.js';
import type { Chunk, StreamInfo } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';
import { designButterworth } from '../dsp/sos-filter.js';
import { StreamingFilter, type StreamingFilterState } from '../dsp/streaming-filter.js';

const params = z
  .strictObject({
    low_hz: z.number().positive().optional().describe('low edge, Hz; without it there is no high-pass'),
    high_hz: z.number().positive().optional().describe('high edge, Hz; without it there is no low-pass'),
    order: z.int().min(1).max(12).default(4).describe("order of each edge (scipy's N)"),
  })
  .refine((p) => p.low_hz !== undefined || p.high_hz !== undefined, 'give low_hz, high_hz or both')
  .refine((p) => !(p.low_hz! >= p.high_hz!), { path: ['low_hz'], error: 'low_hz must be below high_hz' });
type Params = z.infer<typeof params>;

/** A high edge beyond this share of the sampling rate becomes it: closer to Nyquist the design degenerates. */
const HIGHEST_EDGE = 0.45;

class Bandpass implements ChunkProcessor, Stateful<StreamingFilterState | null> {
  #filter: StreamingFilter | null = null;

  constructor(readonly params: Params) {}

  reset(info: StreamInfo): StreamInfo {
    const { low_hz, high_hz, order } = this.params;
    const { sfreq } = info;
    if (!(sfreq > 0))
      throw new ConfigurationError(
        'rate-irregular',
        `bandpass needs a regular rate, which stream ${info.name} has not`,
      );
    if (low_hz !== undefined && low_hz >= HIGHEST_EDGE * sfreq)
      throw new ConfigurationError(
        'rate-too-low',
        `bandpass lets nothing of stream ${info.name} through: low_hz ${low_hz} is above ${HIGHEST_EDGE} x its rate of ${sfreq} Hz; lower low_hz, or leave the transform out`,
      );
    const edge_hz = high_hz === undefined ? undefined : Math.min(high_hz, HIGHEST_EDGE * sfreq);
    this.#filter = new StreamingFilter(
      info,
      [
        ...(low_hz === undefined ? [] : designButterworth('highpass', order, low_hz, sfreq)),
        ...(edge_hz === undefined ? [] : designButterworth('lowpass', order, edge_hz, sfreq)),
      ],
      low_hz === undefined ? 0 : 1 / low_hz,
    );
    return info;
  }

  process(chunk: Chunk, emit: (chunk: Chunk) => void): void {
    if (this.#filter) emit(this.#filter.process(chunk));
  }

  snapshot(): StreamingFilterState | null {
    return this.#filter?.snapshot() ?? null;
  }

  restore(state: StreamingFilterState | null): void {
    if (state) this.#filter?.restore(state);
  }
}

export const bandpass = chunkTransform<Params>({
  type: 'bandpass',
  summary:
    'Causal Butterworth band-pass: high-pass, then low-pass. Starts from the steady state of the first sample, starts anew after a gap or a missing sample, and gives missing samples for 1 / low_hz seconds after each start.',
  params,
  state: 1,
  physics({ low_hz }, { sfreq_hz }) {
    if (sfreq_hz === 0)
      return [
        { path: [], message: 'an irregular stream has no band to pass; resample it, or leave bandpass out' },
      ];
    if (!sfreq_hz || low_hz === undefined || low_hz < HIGHEST_EDGE * sfreq_hz) return [];
    return [
      {
        path: ['low_hz'],
        message: `low_hz ${low_hz} is not below 0.45 of the sampling rate of ${sfreq_hz} Hz, so nothing would pass`,
      },
    ];
  },
  facts: (_, upstream) => upstream,
  create: (p) => new Bandpass(p),
});
