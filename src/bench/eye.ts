import type { FeatureVector } from '../core/features.js';
import type { Windower } from '../core/processor.js';
import type { Chunk, StreamInfo } from '../core/signal.js';
import { extract } from '../signal/transforms/extract.js';
import { simulateGazeScene } from '../simulation/gaze-scene.js';
import { compareHops, type HopBenchOptions } from './peer.js';

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
  readonly #times = new Float64Array(HOP);
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
    const times = this.#times;
    for (let i = 0; i < HOP; i++) times[i] = (first + i) / SFREQ_HZ;
    const chunk: Chunk = { info, data: this.#samples[this.#hops % CHUNKS], times, gapBefore: false };
    this.#features.push(chunk);
    this.#hops++;
    return this.#features.close(this.#hops * HOP_S);
  }
}

/** Eye events and the 33 features of two eyes at 500 Hz, a window every second, one thread; numpy in turn with it. */
export async function benchEye(options: HopBenchOptions = {}): Promise<EyeBenchResult> {
  const run = new Run();
  for (let i = 0; i < 2 * CHUNKS; i++) run.hop();
  const { last, ...measured } = compareHops(() => run.hop(), 'eye_peer.py', options);
  const frequency = last.schema.features.findIndex(
    ({ channel, feature }) => channel === 'saccade' && feature === 'frequency_60s',
  );
  return {
    bench: 'eye',
    ...measured,
    sfreq_hz: SFREQ_HZ,
    hop_s: HOP_S,
    eyes: 2,
    threads: 1,
    saccades_per_s: last.values[frequency],
  };
}
