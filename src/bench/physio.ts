import type { FeatureVector } from '../core/features.js';
import type { Windower } from '../core/processor.js';
import { Random } from '../core/random.js';
import type { Chunk, StreamInfo, StreamType } from '../core/signal.js';
import { extract } from '../signal/transforms/extract.js';
import { simulateHeartScene } from '../simulation/heart-scene.js';
import { compareHops, type HopBenchOptions } from './peer.js';

export interface PhysioBenchResult {
  readonly bench: 'physio';
  readonly hops_per_s: number;
  /** A second of ECG, PPG, skin conductance and respiration: beats, responses, breaths, and their features. */
  readonly us_per_hop: number;
  /** numpy and scipy at the same; null where Python has no scipy. */
  readonly peer_us_per_hop: number | null;
  /** The peer's time over ours; null without a peer. */
  readonly ratio: number | null;
  readonly ecg_hz: number;
  readonly ppg_hz: number;
  readonly eda_hz: number;
  readonly resp_hz: number;
  readonly hop_s: number;
  readonly threads: 1;
  /** Mean heart rate of the last window, 1/min: says that the work was done. */
  readonly heart_rate_per_min: number;
}

const HOP_S = 1;
const CHUNKS = 64;

interface Part {
  readonly type: StreamType;
  readonly unit: string;
  readonly sfreq: number;
  readonly features: readonly string[];
}

const parts = {
  ecg: { type: 'ECG', unit: 'mV', sfreq: 250, features: ['heart-rate', 'heart-rate-variability'] },
  ppg: { type: 'PPG', unit: '', sfreq: 64, features: ['heart-rate', 'heart-rate-variability'] },
  eda: { type: 'EDA', unit: 'uS', sfreq: 32, features: ['skin-conductance', 'skin-conductance-response'] },
  resp: { type: 'RESP', unit: '', sfreq: 32, features: ['respiration'] },
} as const satisfies Record<string, Part>;

/** The pipeline's own transform on one stream, fed one hop at a time. */
class Stream {
  readonly #info: StreamInfo;
  readonly #features: Windower<FeatureVector>;
  readonly #hop: number;
  /** Of one hop's samples, from its start, s. */
  readonly #times: Float64Array;

  constructor(
    part: Part,
    readonly samples: Float64Array,
  ) {
    const { type, unit, sfreq, features } = part;
    const channels = [{ label: type, unit, type }];
    this.#info = { id: type, name: type, type, sourceId: 'bench', sfreq, channels };
    this.#hop = sfreq * HOP_S;
    this.#times = Float64Array.from({ length: this.#hop }, (_, i) => i / sfreq);
    this.#features = extract.create(
      extract.params.parse({ features, window_s: 4, hop_s: HOP_S }),
    ) as Windower<FeatureVector>;
    this.#features.reset(this.#info, 'start');
  }

  hop(k: number): FeatureVector {
    const from = (k % CHUNKS) * this.#hop;
    const times = new Float64Array(this.#hop);
    for (let i = 0; i < times.length; i++) times[i] = k * HOP_S + this.#times[i];
    const chunk: Chunk = {
      info: this.#info,
      data: this.samples.subarray(from, from + this.#hop),
      times,
      gapBefore: false,
    };
    this.#features.push(chunk);
    return this.#features.close((k + 1) * HOP_S);
  }
}

class Run {
  readonly #streams: readonly Stream[];
  #hops = 0;

  constructor() {
    const { ecg, ppg, eda, resp } = parts;
    const heart = (sfreq: number) =>
      simulateHeartScene({
        seed: 1,
        sfreq,
        duration_s: CHUNKS * HOP_S,
        rate_per_min: 72,
        rhythm: 'sinus',
        lead: 'normal',
        noise_mv: 0.03,
        wander_mv: 0.2,
        mains_mv: 0.05,
        bursts_per_min: 0,
        burst_mv: 0,
        swell: 1.3,
      });
    const random = new Random(1, 'bench');
    const rowOf = (sfreq: number, f: (t: number) => number) =>
      Float64Array.from({ length: CHUNKS * HOP_S * sfreq }, (_, i) => f(i / sfreq));
    const response = (t: number) => (t <= 0 ? 0 : Math.exp(-t / 2) - Math.exp(-t / 0.7));
    const skin = (t: number) => 5 + response((t % 8) - 2) + 0.002 * random.gaussian();
    const breath = (t: number) => Math.sin((2 * Math.PI * t) / 4) + 0.05 * random.gaussian();
    this.#streams = [
      new Stream(ecg, heart(ecg.sfreq).ecg),
      new Stream(ppg, heart(ppg.sfreq).ppg),
      new Stream(eda, rowOf(eda.sfreq, skin)),
      new Stream(resp, rowOf(resp.sfreq, breath)),
    ];
  }

  hop(): FeatureVector {
    const [heart] = this.#streams.map((stream) => stream.hop(this.#hops));
    this.#hops++;
    return heart;
  }
}

/** Peripheral features of one person, a window every second, one thread; numpy and scipy in turn with them. */
export async function benchPhysio(options: HopBenchOptions = {}): Promise<PhysioBenchResult> {
  const run = new Run();
  for (let i = 0; i < 2 * CHUNKS; i++) run.hop();
  const { last, ...measured } = compareHops(() => run.hop(), 'physio_peer.py', options);
  const { us_per_hop, peer_us_per_hop } = measured;
  return {
    bench: 'physio',
    ...measured,
    ratio: peer_us_per_hop === null ? null : peer_us_per_hop / us_per_hop,
    ecg_hz: parts.ecg.sfreq,
    ppg_hz: parts.ppg.sfreq,
    eda_hz: parts.eda.sfreq,
    resp_hz: parts.resp.sfreq,
    hop_s: HOP_S,
    threads: 1,
    heart_rate_per_min: last.values[0],
  };
}
