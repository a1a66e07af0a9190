import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FeatureVector } from '../core/features.js';
import type { Windower } from '../core/processor.js';
import type { Chunk, StreamInfo } from '../core/signal.js';
import { median } from '../dsp/statistics.js';
import { bandpass } from '../transforms/bandpass.js';
import { extract } from '../transforms/extract.js';

export interface FeaturesBenchOptions {
  /** Measured time of each round, s. */
  readonly seconds?: number;
  /** Rounds, ours and the peer's in turn; the medians are reported. */
  readonly rounds?: number;
  /** Python with numpy and scipy for the peer, or null to leave it out. */
  readonly python?: string | null;
}

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
    const times = Float64Array.from({ length: HOP }, (_, i) => (first + i) / SFREQ_HZ);
    const data = this.#samples[this.#hops % CHUNKS];
    const chunk: Chunk = { info, data, times, gapBefore: false };
    this.#clean.process(chunk, (filtered) => this.#features.push(filtered));
    this.#hops++;
    return this.#features.close((this.#hops * HOP) / SFREQ_HZ);
  }
}

/** Microseconds a hop of the peer, or null where it doesn't run. */
function peerRound(python: string, seconds: number): number | null {
  const script = fileURLToPath(new URL('../../scripts/peers/features_peer.py', import.meta.url));
  try {
    const out = execFileSync(python, [script, String(seconds)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 30_000 + 1000 * seconds,
      env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    });
    const us = (JSON.parse(out) as { us_per_hop?: unknown }).us_per_hop;
    return typeof us === 'number' ? us : null;
  } catch {
    return null;
  }
}

/**
 * Causal band-pass (N = 4, 1-75 Hz) and canonical 4-s differential entropy, 62 channels at 200 Hz, a window every
 * 50 samples, one thread; numpy and scipy at the same work in turn with it.
 */
export async function benchFeatures(options: FeaturesBenchOptions = {}): Promise<FeaturesBenchResult> {
  const {
    seconds = 2,
    rounds = 3,
    python = process.platform === 'win32' ? 'python' : '/usr/bin/python3',
  } = options;
  const run = new Run();
  for (let i = 0; i < 400; i++) run.hop();
  const ours: number[] = [];
  const peers: number[] = [];
  let mean_de = Number.NaN;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    let hops = 0;
    let vector = run.hop();
    for (hops = 1; performance.now() - start < 1000 * seconds; hops++) vector = run.hop();
    ours.push((1000 * (performance.now() - start)) / hops);
    mean_de = vector.values.reduce((sum, v) => sum + v, 0) / vector.values.length;
    const peer = python === null ? null : peerRound(python, seconds);
    if (peer !== null) peers.push(peer);
  }
  const us_per_hop = median(ours);
  return {
    bench: 'features',
    hops_per_s: 1e6 / us_per_hop,
    us_per_hop,
    peer_us_per_hop: peers.length > 0 ? median(peers) : null,
    channels: CHANNELS,
    sfreq_hz: SFREQ_HZ,
    hop_samples: HOP,
    window_s: WINDOW_S,
    low_hz: LOW_HZ,
    high_hz: HIGH_HZ,
    order: ORDER,
    threads: 1,
    mean_de,
  };
}
