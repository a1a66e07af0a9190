import { z } from 'zod';
import { windowTransform } from '../../core/component.js';
import type { RawWindow, Windower } from '../../core/processor.js';
import { type Chunk, type StreamInfo, samplesIn } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';
import { SlidingWindow, type SlidingWindowState } from '../dsp/sliding-window.js';

const params = z.strictObject({
  window_s: z.number().positive().default(4).describe('window length, s'),
  hop_s: z.number().positive().default(0.5).describe('time between windows, s'),
});
type Params = z.infer<typeof params>;

class RawWindower implements Windower<RawWindow>, Stateful<SlidingWindowState | null> {
  #sliding: SlidingWindow | null = null;

  constructor(readonly window_s: number) {}

  reset(info: StreamInfo): void {
    this.#sliding = new SlidingWindow(info, this.window_s);
  }

  push(chunk: Chunk): void {
    this.#sliding?.push(chunk);
  }

  close(time: number, isStale?: boolean): RawWindow {
    if (!this.#sliding) throw new Error('close() before reset()');
    const { window, reason } = this.#sliding.at(time, isStale);
    const { info } = window;
    const length = info.sfreq > 0 ? samplesIn(this.window_s, info.sfreq) : window.length;
    const data = new Float64Array(info.channels.length * length).fill(NaN);
    const coverage = new Float32Array(info.channels.length);
    if (reason === null || reason === 'warming-up') {
      for (let c = 0; c < info.channels.length; c++)
        data.set(window.channel(c), (c + 1) * length - window.length);
      coverage.set(window.coverage);
    }
    return {
      info,
      time,
      window: [window.start, window.end],
      data,
      length,
      coverage,
      gap: window.gap,
      reason,
    };
  }

  snapshot(): SlidingWindowState | null {
    return this.#sliding?.snapshot() ?? null;
  }

  restore(state: SlidingWindowState | null): void {
    if (state) this.#sliding?.restore(state);
  }
}

export const window = windowTransform<Params>({
  type: 'window',
  summary:
    'Raw windows by data time, newest sample last. Samples that are not there are NaN; a stale stream gives a window without samples.',
  params,
  state: 1,
  produces: 'window',
  timing: ({ window_s, hop_s }) => ({ window_s, hop_s }),
  physics: ({ window_s, hop_s }) =>
    hop_s > window_s
      ? [{ path: ['hop_s'], message: `hop_s ${hop_s} is longer than window_s ${window_s}` }]
      : [],
  create: (p) => new RawWindower(p.window_s),
});
