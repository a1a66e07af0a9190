import { z } from 'zod';
import { chunkTransform } from '../../core/component.js';
import { ConfigurationError } from '../../core/errors.js';
import type { ChunkProcessor } from '../../core/processor.js';
import type { Chunk, StreamInfo } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';
import { designNotch } from '../dsp/notch-filter.js';
import { StreamingFilter, type StreamingFilterState } from '../dsp/streaming-filter.js';

const params = z.strictObject({
  line_hz: z.number().positive().default(50).describe('frequency of the mains, Hz'),
  harmonics: z
    .int()
    .min(1)
    .max(20)
    .default(1)
    .describe(
      'how many multiples of line_hz to take out, the first included; those at 0.45 of the sampling rate and above are left out',
    ),
  q: z.number().positive().default(30).describe('quality factor: frequency over -3 dB bandwidth'),
});
type Params = z.infer<typeof params>;

/** A notch this close to Nyquist would be distorted, and a band-pass has taken the line out anyway. */
const HIGHEST_CENTRE = 0.45;

class Notch implements ChunkProcessor, Stateful<StreamingFilterState | null> {
  #filter: StreamingFilter | null = null;

  constructor(readonly params: Params) {}

  reset(info: StreamInfo): StreamInfo {
    const { line_hz, harmonics, q } = this.params;
    if (!(info.sfreq > 0))
      throw new ConfigurationError(
        'rate-irregular',
        `notch needs a regular rate, which stream ${info.name} has not`,
      );
    const centres = Array.from({ length: harmonics }, (_, i) => line_hz * (i + 1));
    const sections = centres
      .filter((centre_hz) => centre_hz < HIGHEST_CENTRE * info.sfreq)
      .map((centre_hz) => designNotch(centre_hz, q, info.sfreq));
    this.#filter = new StreamingFilter(info, sections, 0);
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

export const notch = chunkTransform<Params>({
  type: 'notch',
  summary:
    'Causal notch filters at the mains frequency and its harmonics. Starts from the steady state of the first sample, and starts anew after a gap or a missing sample.',
  params,
  state: 1,
  physics({ line_hz }, { sfreq_hz }) {
    if (sfreq_hz === 0)
      return [{ path: [], message: 'an irregular stream has no mains line; leave notch out' }];
    return sfreq_hz && line_hz >= HIGHEST_CENTRE * sfreq_hz
      ? [
          {
            path: ['line_hz'],
            message: `line_hz ${line_hz} is not below 0.45 of the sampling rate of ${sfreq_hz} Hz`,
          },
        ]
      : [];
  },
  facts: (_, upstream) => upstream,
  create: (p) => new Notch(p),
});
