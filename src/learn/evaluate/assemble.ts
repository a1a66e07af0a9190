import type { Example } from '../examples/example.js';
import { spread } from '../metrics/spread.js';
import type { RowGroup } from './blind/contestants.js';
import type { EvaluationData, FoldOutcome } from './fold-task.js';
import type { Outputs } from './outputs.js';
import { byTrial, type Level, type Paired, paired, type Quantity } from './scores.js';
import type { Fold } from './splits/fold.js';
import type { Split, SplitSettings } from './splits/split.js';
import { unitOf } from './splits/unit.js';

/** All that one split brought. */
export interface SplitOutcomes {
  readonly settings: SplitSettings;
  readonly split: Split;
  /** [folds][inner folds], by people; null: nothing could be shown on this split. */
  readonly inner: readonly (readonly Fold[])[] | null;
  readonly learners: readonly {
    readonly name: string;
    readonly group: RowGroup;
    /** [seeds][folds] */
    readonly outcomes: readonly (readonly FoldOutcome[])[];
    /** [seeds][folds][inner folds]; null where there are none, and of what sees no signal. */
    readonly inner: readonly (readonly (readonly FoldOutcome[])[])[] | null;
  }[];
}

/** Predictions of one learner with one seed, folds put together. */
export interface Assembled {
  readonly examples: readonly Example[];
  readonly heads: Float32Array;
  readonly classes: Float32Array;
}

export function assemble(
  data: EvaluationData,
  split: Split,
  outcomes: readonly FoldOutcome[],
  outputsOf: (outcome: FoldOutcome) => Outputs,
): Assembled {
  const join = (of: (outputs: Outputs) => Float32Array): Float32Array =>
    Float32Array.from(outcomes.flatMap((outcome) => [...of(outputsOf(outcome))]));
  return {
    examples: split.folds.flatMap(({ test }) => test.map((i) => data.examples[i])),
    heads: join(({ heads }) => heads),
    classes: join(({ classes }) => classes),
  };
}

/** What a learner tells, in the report's order. */
export function quantitiesOf({ heads, classes }: Pick<FoldOutcome, 'heads' | 'classes'>): Quantity[] {
  return [...heads, ...(classes.length > 0 ? (['class'] as const) : [])];
}

/** One quantity's predictions beside their labels. */
export function seriesOf(
  assembled: Assembled,
  { heads, classes }: Pick<FoldOutcome, 'heads' | 'classes'>,
  quantity: Quantity,
  level: Level,
): Paired {
  const { examples } = assembled;
  const windows =
    quantity === 'class'
      ? paired(quantity, examples, assembled.classes, classes.length, 0)
      : paired(quantity, examples, assembled.heads, heads.length, heads.indexOf(quantity));
  return level === 'trial' ? byTrial(windows) : windows;
}

/** Learners that look at signals. */
export function reading({ learners }: SplitOutcomes): SplitOutcomes['learners'] {
  return learners.filter(({ group }) => group === 'model');
}

/** A learner's series for one quantity, predictions averaged over seeds, and how far seeds are apart. */
export function averaged(
  data: EvaluationData,
  { split }: SplitOutcomes,
  { outcomes }: SplitOutcomes['learners'][number],
  quantity: Quantity,
  level: Level,
): Paired & { readonly disagreement: readonly number[] } {
  const [[first]] = outcomes;
  const all = outcomes.map((folds) =>
    seriesOf(
      assemble(data, split, folds, ({ outputs }) => outputs),
      first,
      quantity,
      level,
    ),
  );
  const [one] = all;
  return {
    ...one,
    predicted: one.predicted.map((row, i) =>
      Array.from(row, (_, c) => spread(all.map(({ predicted }) => predicted[i][c])).mean),
    ),
    disagreement: one.predicted.map((_, i) => spread(all.map(({ predicted }) => predicted[i][0])).sd),
  };
}

/** A learner's class probabilities, averaged over seeds; null where it tells none. */
export function classSeries(
  data: EvaluationData,
  outcomes: SplitOutcomes,
  learner: SplitOutcomes['learners'][number],
  level: Level,
): Paired | null {
  if (learner.outcomes[0][0].classes.length === 0) return null;
  return averaged(data, outcomes, learner, 'class', level);
}

/** Trials where every label holds for its whole trial, else windows. */
export function defaultLevels({ examples }: EvaluationData): Level[] {
  const labels = new Map<string, string>();
  for (const example of examples) {
    const [trial, label] = [unitOf.trial(example), JSON.stringify(example.label)];
    if ((labels.get(trial) ?? label) !== label) return ['window'];
    labels.set(trial, label);
  }
  return ['trial'];
}
