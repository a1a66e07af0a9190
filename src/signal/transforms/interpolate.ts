import { z } from 'zod';
import { chunkTransform } from '../../core/component.js';
import type { ChunkProcessor } from '../../core/processor.js';
import type { Chunk, StreamInfo } from '../../core/signal.js';
import { type Position, positionOf } from '../montage/positions.js';
import { splineWeights } from '../montage/spherical-splines.js';

const params = z.strictObject({
  max_share: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.2)
    .describe(
      'largest share of the channels with a known position that may be missing at a moment, 0..0.5; beyond it nothing is interpolated',
    ),
});
type Params = z.infer<typeof params>;

/** Missing channels and, for each, the weights of the others. */
interface Mend {
  readonly missing: readonly number[];
  readonly measured: readonly number[];
  readonly weights: readonly Float64Array[];
}

/** Different sets of missing channels whose weights are kept. */
const KEPT_SETS = 64;

class Interpolate implements ChunkProcessor {
  #placed: readonly { readonly channel: number; readonly position: Position }[] = [];
  readonly #mends = new Map<string, Mend>();
  #latest: Mend | null = null;

  constructor(readonly params: Params) {}

  reset(info: StreamInfo): StreamInfo {
    this.#placed = info.channels.flatMap(({ label }, channel) => {
      const position = positionOf(label);
      return position ? [{ channel, position }] : [];
    });
    this.#mends.clear();
    this.#latest = null;
    return info;
  }

  process(chunk: Chunk, emit: (chunk: Chunk) => void): void {
    const n = chunk.times.length;
    const missing = new Int32Array(n);
    for (const { channel } of this.#placed)
      for (let i = 0; i < n; i++) if (!isMeasured(chunk.data[channel * n + i])) missing[i]++;
    const most = Math.floor(this.params.max_share * this.#placed.length + 1e-9);
    if (!missing.some((count) => count > 0 && count <= most)) {
      emit(chunk);
      return;
    }
    const raw = chunk.data;
    const data = raw.slice();
    for (let i = 0; i < n; i++) {
      if (missing[i] === 0 || missing[i] > most) continue;
      const mend = this.#isLatest(raw, i, n, missing[i]) ? this.#latest! : this.#mendFor(raw, i, n);
      this.#latest = mend;
      for (let k = 0; k < mend.missing.length; k++) {
        const weights = mend.weights[k];
        let sum = 0;
        for (let j = 0; j < weights.length; j++) sum += weights[j] * raw[mend.measured[j] * n + i];
        data[mend.missing[k] * n + i] = sum;
      }
    }
    emit({ ...chunk, data });
  }

  /** What is lost stays lost for a while: most samples lack the same channels as the one before. */
  #isLatest(data: Float64Array, i: number, n: number, missing: number): boolean {
    return (
      this.#latest?.missing.length === missing &&
      this.#latest.missing.every((channel) => !isMeasured(data[channel * n + i]))
    );
  }

  #mendFor(data: Float64Array, i: number, n: number): Mend {
    const lost = this.#placed.filter(({ channel }) => !isMeasured(data[channel * n + i]));
    const key = lost.map(({ channel }) => channel).join();
    const known = this.#mends.get(key);
    if (known) return known;
    const kept = this.#placed.filter((p) => !lost.includes(p));
    const mend = {
      missing: lost.map(({ channel }) => channel),
      measured: kept.map(({ channel }) => channel),
      weights: splineWeights(
        kept.map(({ position }) => position),
        lost.map(({ position }) => position),
      ),
    };
    if (this.#mends.size >= KEPT_SETS) this.#mends.clear();
    this.#mends.set(key, mend);
    return mend;
  }
}

function isMeasured(x: number): boolean {
  return x - x === 0;
}

export const interpolate = chunkTransform<Params>({
  type: 'interpolate',
  summary:
    "Fills in EEG channels that are missing (after `mask`: flat, railed or lost ones) from the others by spherical splines with MNE-Python's weights, sample by sample, while no more than max_share of them are missing; beyond it they stay missing. Channels whose label names no electrode are neither used nor filled in. Put it before the filters, and subtract no reference before it.",
  params,
  state: 'none',
  facts: (_, upstream) => upstream,
  create: (p) => new Interpolate(p),
});
