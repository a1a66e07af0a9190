import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FeatureVector } from '../core/features.js';
import type { Windower } from '../core/processor.js';
import type { Chunk, StreamInfo } from '../core/signal.js';
import { median } from '../dsp/statistics.js';
import { simulateGazeScene } from '../simulation/gaze-scene.js';
import { extract } from '../transforms/extract.js';

export interface EyeBenchOptions {
  /** Measured time of each round, s. */
  readonly seconds?: number;
  /** Rounds, ours and the peer's in turn; the medians are reported. */
  readonly rounds?: number;
  /** Python with numpy for the peer, or null to leave it out. */
  readonly python?: string | null;
}

export interface EyeBenchResult {
  readonly bench: 'eye';
  readonly hops_per_s: number;
  /** Detection of events in a second of two eyes at 500 Hz, and the 33 features. */
  readonly us_per_hop: number;
  /** Plain numpy, with a simpler detector that looks ahead without bound; null where Python has no numpy. */
  readonly peer_us_per_hop: number | null;
  readonly sfreq_hz: number;
  readonly hop_s: number;
  readonly eyes: 2;
  readonly threads: 1;
  /** Saccades in the last minute, 1/s: says that the work was done. */
  readonly saccades_per_s: number;
}

const SFREQ_HZ = 500;
const HOP_S = 1;
const HOP = SFREQ_HZ * HOP_S;
const CHUNKS = 64;
const labels = ['left_x', 'left_y', 'right_x', 'right_y', 'left_pupil', 'right_pupil'];

const info: StreamInfo = {
  id: 'gaze',
  name: 'gaze',
  type: 'Gaze',
  sourceId: 'bench',
  sfreq: SFREQ_HZ,
  channels: labels.map((label) => ({
    label,
    unit: label.endsWith('pupil') ? 'mm' : 'deg',
    type: label.endsWith('pupil') ? 'pupil' : 'gaze',
  })),
};

/** The pipeline's own transform, fed one hop at a time. */
class Run {
  readonly #features = extract.create(
    extract.params.parse({ features: ['eye-movement'], window_s: 4, hop_s: HOP_S }),
  ) as Windower<FeatureVector>;
  readonly #samples: readonly Float64Array[];
  #hops = 0;

  constructor() {
    this.#features.reset(info, 'start');
    const { x, y, pupil } = simulateGazeScene({
      seed: 1,
      sfreq: SFREQ_HZ,
      duration_s: CHUNKS * HOP_S,
      pursuitShare: 0.2,
      noise_deg: 0.03,
      blinks_per_min: 12,
    });
    const rows = [x, y, x.map((v) => v + 0.2), y.map((v) => v + 0.2), pupil, pupil];
    this.#samples = Array.from({ length: CHUNKS }, (_, k) => {
      const data = new Float64Array(rows.length * HOP);
      for (const [c, row] of rows.entries()) data.set(row.subarray(k * HOP, (k + 1) * HOP), c * HOP);
      return data;
    });
  }

  hop(): FeatureVector {
    const first = this.#hops * HOP;
    const times = Float64Array.from({ length: HOP }, (_, i) => (first + i) / SFREQ_HZ);
    const chunk: Chunk = { info, data: this.#samples[this.#hops % CHUNKS], times, gapBefore: false };
    this.#features.push(chunk);
    this.#hops++;
    return this.#features.close(this.#hops * HOP_S);
  }
}

/** Microseconds a hop of the peer, or null where it doesn't run. */
function peerRound(python: string, seconds: number): number | null {
  const script = fileURLToPath(new URL('../../scripts/peers/eye_peer.py', import.meta.url));
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

/** Eye events and the 33 features of two eyes at 500 Hz, a window every second, one thread; numpy in turn with it. */
export async function benchEye(options: EyeBenchOptions = {}): Promise<EyeBenchResult> {
  const {
    seconds = 2,
    rounds = 3,
    python = process.platform === 'win32' ? 'python' : '/usr/bin/python3',
  } = options;
  const run = new Run();
  for (let i = 0; i < 2 * CHUNKS; i++) run.hop();
  const ours: number[] = [];
  const peers: number[] = [];
  let vector = run.hop();
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    let hops = 0;
    do {
      vector = run.hop();
      hops++;
    } while (performance.now() - start < 1000 * seconds);
    ours.push((1000 * (performance.now() - start)) / hops);
    const peer = python === null ? null : peerRound(python, seconds);
    if (peer !== null) peers.push(peer);
  }
  const us_per_hop = median(ours);
  const frequency = vector.schema.features.findIndex(
    ({ channel, feature }) => channel === 'saccade' && feature === 'frequency_60s',
  );
  return {
    bench: 'eye',
    hops_per_s: 1e6 / us_per_hop,
    us_per_hop,
    peer_us_per_hop: peers.length > 0 ? median(peers) : null,
    sfreq_hz: SFREQ_HZ,
    hop_s: HOP_S,
    eyes: 2,
    threads: 1,
    saccades_per_s: vector.values[frequency],
  };
}
