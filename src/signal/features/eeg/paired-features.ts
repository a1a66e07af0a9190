import type { FeatureDescriptor } from '../../../core/features.js';
import type { Extractor } from '../../../core/processor.js';
import type { Window } from '../../../core/signal.js';
import { indexOfLabel, type LabelPair } from '../../montage/pairs.js';

/** What is told of two electrodes: `combine` of the same feature of both. */
export interface PairMeasure {
  /** In place of the single feature's prefix: `dasm_` makes `de_alpha` `dasm_alpha`. */
  readonly prefix: string;
  /** Null: the single feature's. */
  readonly unit: string | null;
  readonly pairs: readonly LabelPair[];
  readonly combine: (first: number, second: number) => number;
}

interface Combination {
  readonly descriptor: FeatureDescriptor;
  readonly first: number;
  readonly second: number;
  readonly combine: PairMeasure['combine'];
}

/**
 * Features of electrode pairs from those of single ones, by label: `F3-F4.dasm_alpha`. Pairs of which the stream lacks an
 * electrode are left out, and what is masked in one of the two is masked.
 */
export class PairedFeatures implements Extractor {
  readonly descriptors: readonly FeatureDescriptor[];
  readonly #values: Float64Array;
  readonly #combinations: readonly Combination[];

  /** `prefix`: what the names of the single features begin with. */
  constructor(
    readonly single: Extractor,
    prefix: string,
    measures: readonly PairMeasure[],
  ) {
    const { descriptors } = single;
    const labels = [...new Set(descriptors.map((d) => d.channel))];
    const features = [...new Set(descriptors.map((d) => d.feature))];
    this.#values = new Float64Array(descriptors.length);
    this.#combinations = measures.flatMap(({ prefix: own, unit, pairs, combine }) =>
      pairs.flatMap(([one, other]) => {
        const [first, second] = [indexOfLabel(labels, one), indexOfLabel(labels, other)];
        if (first < 0 || second < 0) return [];
        return features.map((feature, f) => ({
          descriptor: {
            channel: `${labels[first]}-${labels[second]}`,
            feature: own + feature.slice(prefix.length),
            unit: unit ?? descriptors[f].unit,
          },
          first: first * features.length + f,
          second: second * features.length + f,
          combine,
        }));
      }),
    );
    this.descriptors = this.#combinations.map(({ descriptor }) => descriptor);
  }

  compute(window: Window, out: Float64Array): void {
    if (out.length === 0) return;
    this.single.compute(window, this.#values);
    for (const [i, { first, second, combine }] of this.#combinations.entries())
      out[i] = combine(this.#values[first], this.#values[second]);
  }
}
