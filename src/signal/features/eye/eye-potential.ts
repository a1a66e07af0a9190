import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor } from '../../../core/processor.js';
import { type Chunk, channelOf, type StreamInfo, type Window } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import {
  EogBlinkDetector,
  type EogBlinkDetectorState,
  SLOWEST_EOG_HZ,
} from '../../detectors/eog-blink-detector.js';

const params = z.strictObject({
  rate_s: z
    .number()
    .min(20)
    .max(300)
    .default(60)
    .describe('trailing time over which blinks are counted, s; it needs half of it'),
  least_uv: z
    .number()
    .positive()
    .default(80)
    .describe('smallest blink, uV; those of people at rest have 100 to 400'),
});
type Params = z.infer<typeof params>;

/** Share of the window, and of the trailing time, in which a blink would have been seen. */
const LEAST_WINDOW_SHARE = 0.9;
const LEAST_RATE_SHARE = 0.5;

/** Index of the vertical channel: by its label, or the only one; -1 where none is, or its unit is unknown. */
function verticalChannel({ channels }: StreamInfo): number {
  const labelled = channels.findIndex(({ label }) => /^v|v$|vert|eog.?v/i.test(label));
  const c = labelled < 0 && channels.length === 1 ? 0 : labelled;
  return channels[c]?.unit === 'uV' ? c : -1;
}

type EyePotentialState = {
  readonly detector: EogBlinkDetectorState | null;
  readonly blinks: readonly number[];
  readonly watched: readonly (readonly [from: number, to: number])[];
};

class EyePotential implements Extractor, Stateful<EyePotentialState> {
  readonly descriptors = [
    { channel: 'eye', feature: 'blink_present', unit: '' },
    { channel: 'eye', feature: 'blink_rate', unit: '1/min' },
  ];
  readonly context_s;
  readonly #channel: number;
  readonly #detector: EogBlinkDetector | null;
  #blinks: number[] = [];
  /** Stretches of time in which a blink is seen if there is one. */
  #watched: [from: number, to: number][] = [];

  constructor(
    readonly info: StreamInfo,
    readonly params: Params,
  ) {
    this.context_s = LEAST_RATE_SHARE * params.rate_s;
    this.#channel = verticalChannel(info);
    this.#detector =
      info.sfreq > SLOWEST_EOG_HZ && this.#channel >= 0
        ? new EogBlinkDetector(params.least_uv, info.sfreq)
        : null;
  }

  push(chunk: Chunk): void {
    const detector = this.#detector;
    if (!detector) return;
    if (chunk.gapBefore) detector.restart();
    const samples = channelOf(chunk, this.#channel);
    for (let i = 0; i < samples.length; i++) {
      if (samples[i] - samples[i] !== 0) {
        detector.restart();
        continue;
      }
      const judged = detector.judges;
      const blink = detector.push(samples[i], chunk.times[i]);
      if (blink !== null) this.#blinks.push(blink);
      if (detector.judges) this.#watch(chunk.times[i] - detector.delay_s, judged);
    }
  }

  #watch(time: number, goesOn: boolean): void {
    const until = time + 1 / this.info.sfreq;
    if (goesOn) this.#watched.at(-1)![1] = until;
    else this.#watched.push([time, until]);
  }

  /** Share of the time from `from` to `to` in which a blink would have been seen. */
  #share(from: number, to: number): number {
    let sum = 0;
    for (const [a, b] of this.#watched) sum += Math.max(0, Math.min(b, to) - Math.max(a, from));
    return sum / (to - from);
  }

  compute(window: Window, out: Float64Array): void {
    out.fill(Number.NaN);
    const detector = this.#detector;
    if (!detector || window.channel(this.#channel).every((x) => x - x !== 0)) return;
    const { rate_s } = this.params;
    const span_s = window.end - window.start;
    // What is known belongs to the time before, so that each blink falls into one of windows that follow each other.
    const end = window.end - detector.delay_s;
    const oldest = end - Math.max(rate_s, span_s);
    this.#blinks = this.#blinks.filter((t) => t >= oldest);
    // The last stretch stays: it may go on.
    this.#watched = this.#watched.filter(([, to], i, all) => to > oldest || i === all.length - 1);
    const since = (from: number) => this.#blinks.filter((t) => t >= from && t < end).length;
    if (this.#share(end - span_s, end) >= LEAST_WINDOW_SHARE) out[0] = since(end - span_s) > 0 ? 1 : 0;
    const share = this.#share(end - rate_s, end);
    if (share >= LEAST_RATE_SHARE) out[1] = (60 * since(end - rate_s)) / (share * rate_s);
  }

  snapshot(): EyePotentialState {
    return {
      detector: this.#detector?.snapshot() ?? null,
      blinks: [...this.#blinks],
      watched: this.#watched.map(([from, to]) => [from, to]),
    };
  }

  restore({ detector, blinks, watched }: EyePotentialState): void {
    if (detector) this.#detector?.restore(detector);
    this.#blinks = [...blinks];
    this.#watched = watched.map(([from, to]) => [from, to]);
  }
}

export const eyePotential = featureDefinition<Params>({
  name: 'eye-potential',
  summary:
    'Whether a blink fell into the window (1 or 0), and blinks a minute over a trailing time, from the vertical electrooculogram (the channel whose label says so, or the only one), positive where the lid closes. Both end about 0.55 s before the window does: a glance that stays, which is no blink, is known by then.',
  source:
    'peaks below 7.5 Hz as in NeuroKit2 (doi:10.3758/s13428-020-01516-y), told from glances by their width at half height; the lower edge, 0.25 Hz, is a prominence within 0.5 s instead of a causal high-pass, which makes blinks of glances',
  params,
  streams: ['EOG'],
  state: 1,
  physics: (_, { sfreq_hz }) =>
    sfreq_hz !== undefined && sfreq_hz <= SLOWEST_EOG_HZ
      ? [{ path: [], message: `${sfreq_hz} Hz is too slow to find blinks in an electrooculogram` }]
      : [],
  create: (info, p) => new EyePotential(info, p),
});
