import type { RatedDimension } from '../../datasets/dataset.js';
import type { Example } from '../../training/example.js';
import { unitOf } from '../splits/unit.js';
import type { FoldData, Trained } from './contestant.js';

/** What labels say on average, or nothing of what none says. */
class MeanLabel {
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;

  constructor(
    private readonly heads: readonly RatedDimension[],
    private readonly classes: number,
  ) {
    this.#sums = new Float64Array(heads.length + classes);
    this.#counts = new Float64Array(heads.length + classes);
  }

  add({ label }: Example): void {
    this.heads.forEach((head, h) => {
      const target = label.targets[head];
      if (target === undefined) return;
      this.#sums[h] += target;
      this.#counts[h]++;
    });
    if (label.class === null) return;
    for (let c = 0; c < this.classes; c++) this.#counts[this.heads.length + c]++;
    this.#sums[this.heads.length + label.class]++;
  }

  /** Mean targets, then shares of the classes; `otherwise` where no label says. */
  values(otherwise: (column: number) => number): number[] {
    return Array.from(this.#sums, (sum, i) => (this.#counts[i] > 0 ? sum / this.#counts[i] : otherwise(i)));
  }
}

/**
 * The two rows that every figure is to be read against. `train-mean`: everybody's mean training label, whatever the
 * signals. `stimulus-mean`: the mean training label of the same clip, which tells what knowing the clip alone is worth:
 * a model that recognises clips, and no emotion, gets as far. The signals are not looked at.
 */
export function trainMeans(
  kind: 'train-mean' | 'stimulus-mean',
  { train, validation }: FoldData,
  heads: readonly RatedDimension[],
  classes: readonly string[],
): Trained {
  const overall = new MeanLabel(heads, classes.length);
  const byStimulus = new Map<string, MeanLabel>();
  for (const example of [...train, ...validation]) {
    overall.add(example);
    if (kind === 'train-mean' || example.stimulus === null) continue;
    const key = unitOf.stimulus(example);
    const own = byStimulus.get(key) ?? new MeanLabel(heads, classes.length);
    own.add(example);
    byStimulus.set(key, own);
  }
  const prior = overall.values((column) => (column < heads.length ? 0 : 1 / classes.length));
  return {
    history: [],
    chosen: null,
    heads,
    classes,
    modalities: [],
    async predict(examples) {
      const rows = examples.map((example) => {
        const known = example.stimulus === null ? undefined : byStimulus.get(unitOf.stimulus(example));
        return known ? known.values((column) => prior[column]) : prior;
      });
      return {
        heads: Float32Array.from(rows.flatMap((row) => row.slice(0, heads.length))),
        classes: Float32Array.from(rows.flatMap((row) => row.slice(heads.length))),
        modalities: new Float32Array(),
        routing: new Float32Array(),
      };
    },
    async dispose() {},
  };
}
