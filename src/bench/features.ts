import type { FeatureVector } from '../core/features.js';
import type { Windower } from '../core/processor.js';
import type { Chunk, StreamInfo } from '../core/signal.js';
import { bandpass } from '../signal/transforms/bandpass.js';
import { extract } from '../signal/transforms/extract.js';
import { compareHops, type HopBenchOptions } from './peer.js';

export interface FeaturesBenchResult {
  readonly bench: 'features';
  readonly hops_per_s: number;
  readonly us_per_hop: number;
  /** The same work in numpy and scipy, in turn with ours; null where Python has no scipy. */
  readonly peer_us_per_hop: number | null;
  readonly channels: number;
  readonly sfreq_hz: number;
  readonly hop_samples: number;
  readonly window_s: number;
  readonly low_hz: number;
  readonly high_hz: number;
  readonly order: number;
  readonly threads: 1;
  /** Mean of the last window's differential entropies, nat: says that the work was done. */
  readonly mean_de: number;
}

const CHANNELS = 62;
const SFREQ_HZ = 200;
const HOP = 50;
const WINDOW_S = 4;
const LOW_HZ = 1;
const HIGH_HZ = 75;
const ORDER = 4;
/** Different chunks that go round, so that neither side computes on data that lie in the first cache. */
const CHUNKS = 64;

const info: StreamInfo = {
  id: 'eeg',
  name: 'eeg',
  type: 'EEG',
  sourceId: 'bench',
  sfreq: SFREQ_HZ,
  channels: Array.from({ length: CHANNELS }, (_, c) => ({ label: `E${c + 1}`, unit: 'uV', type: 'EEG' })),
};

/** The pipeline's own transforms, fed one hop at a time. */
class Run {
  readonly #clean = bandpass.create(
    bandpass.params.parse({ low_hz: LOW_HZ, high_hz: HIGH_HZ, order: ORDER }),
  );
  readonly #features = extract.create(
    extract.params.parse({ features: ['differential-entropy'], window_s: WINDOW_S, hop_s: HOP / SFREQ_HZ }),
  ) as Windower<FeatureVector>;
  readonly #samples: readonly Float64Array[];
  #hops = 0;

  constructor() {
    this.#features.reset(this.#clean.reset(info, 'start'), 'start');
    let state = 1;
    // Uniform noise of 20 uV standard deviation (Numerical Recipes' quick generator).
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state / 4294967296 - 0.5) * 20 * Math.sqrt(12);
    };
    this.#samples = Array.from({ length: CHUNKS }, () =>
      Float64Array.from({ length: CHANNELS * HOP }, random),
    );
  }

  hop(): FeatureVector {
    const first = this.#hops * HOP;
    const times = new Float64Array(HOP);
    for (let i = 0; i < HOP; i++) times[i] = (first + i) / SFREQ_HZ;
    const data = this.#samples[this.#hops % CHUNKS];
    const chunk: Chunk = { info, data, times, gapBefore: false };
    this.#clean.process(chunk, (filtered) => this.#features.push(filtered));
    this.#hops++;
    return this.#features.close((this.#hops * HOP) / SFREQ_HZ);
  }
}

/**
 * Causal band-pass (N = 4, 1-75 Hz) and canonical 4-s differential entropy, 62 channels at 200 Hz, a window every
 * 50 samples, one thread; numpy and scipy at the same work in turn with it.
 */
export async function benchFeatures(options: HopBenchOptions = {}): Promise<FeaturesBenchResult> {
  const run = new Run();
  for (let i = 0; i < 400; i++) run.hop();
  const { last, ...measured } = compareHops(() => run.hop(), 'features_peer.py', options);
  return {
    bench: 'features',
    ...measured,
    channels: CHANNELS,
    sfreq_hz: SFREQ_HZ,
    hop_samples: HOP,
    window_s: WINDOW_S,
    low_hz: LOW_HZ,
    high_hz: HIGH_HZ,
    order: ORDER,
    threads: 1,
    mean_de: last.values.reduce((sum, v) => sum + v, 0) / last.values.length,
  };
}
