import { agreement } from '../../core/agreement.js';
import type { RatedDimension } from '../datasets/dataset.js';
import type { Example } from '../examples/example.js';
import { areaUnderRoc } from '../metrics/area-under-roc.js';
import { mostLikely, probabilityScores } from '../metrics/class-probabilities.js';
import { accuracy, balancedAccuracy, type Confusion, confusion, macroF1 } from '../metrics/confusion.js';
import { trialMeans } from '../metrics/trial-mean.js';
import { unitOf } from './splits/unit.js';

/** What is predicted: a dimension, or the class. */
export type Quantity = RatedDimension | 'class';

/** Whether windows count, or their means over trials. */
export type Level = 'trial' | 'window';

/** Predictions of one quantity beside the labels that there are. */
export interface Paired {
  readonly quantity: Quantity;
  /** [n] an example of each row. */
  readonly examples: readonly Example[];
  /** [n][1] values, or [n][classes] probabilities. */
  readonly predicted: readonly ArrayLike<number>[];
  /** [n] values, or class indices. */
  readonly label: readonly number[];
}

/** Rows of `values` [n, width] for one quantity, without those that no label tells. */
export function paired(
  quantity: Quantity,
  examples: readonly Example[],
  values: Float32Array,
  width: number,
  column: number,
): Paired {
  const labelOf = ({ label }: Example): number | null =>
    quantity === 'class' ? label.class : (label.targets[quantity] ?? null);
  const kept = examples.flatMap((example, i) => {
    const label = labelOf(example);
    return label === null ? [] : [{ example, i, label }];
  });
  return {
    quantity,
    examples: kept.map(({ example }) => example),
    predicted: kept.map(({ i }) =>
      quantity === 'class' ? values.subarray(i * width, (i + 1) * width) : [values[i * width + column]],
    ),
    label: kept.map(({ label }) => label),
  };
}

/** Windows averaged to trials, labels too; of classes the trial's first. */
export function byTrial({ quantity, examples, predicted, label }: Paired): Paired {
  const trials = examples.map(unitOf.trial);
  const { means, first } = trialMeans(predicted, trials);
  const labels =
    quantity === 'class'
      ? first.map((i) => label[i])
      : trialMeans(
          label.map((value) => [value]),
          trials,
        ).means.map(([value]) => value);
  return { quantity, examples: first.map((i) => examples[i]), predicted: means, label: labels };
}

/** Only the rows whose unit is `unit`. */
export function rowsOf(all: Paired, keep: (example: Example) => boolean): Paired {
  const rows = all.examples.flatMap((example, i) => (keep(example) ? [i] : []));
  return {
    quantity: all.quantity,
    examples: rows.map((i) => all.examples[i]),
    predicted: rows.map((i) => all.predicted[i]),
    label: rows.map((i) => all.label[i]),
  };
}

/** Every metric, in the order of reports: what it is of, and whether less is better. */
const metrics = {
  ccc: { of: 'dimension', isError: false },
  pcc: { of: 'dimension', isError: false },
  mae: { of: 'dimension', isError: true },
  rmse: { of: 'dimension', isError: true },
  accuracy: { of: 'both', isError: false },
  balanced_accuracy: { of: 'class', isError: false },
  macro_f1: { of: 'both', isError: false },
  auc: { of: 'both', isError: false },
  brier: { of: 'class', isError: true },
  nll: { of: 'class', isError: true },
  ece: { of: 'class', isError: true },
} as const;
export type MetricName = keyof typeof metrics;
export const metricNames = Object.keys(metrics) as MetricName[];

/** Metrics of a dimension, or of the class. */
export function metricsOf(kind: 'dimension' | 'class'): MetricName[] {
  return metricNames.filter((name) => metrics[name].of === kind || metrics[name].of === 'both');
}

/** Whether less of it is better. */
export function isError(name: MetricName): boolean {
  return metrics[name].isError;
}

export type Scores = Readonly<Partial<Record<MetricName, number>>>;

/** The metric that models are compared by. */
export function leadingMetric(quantity: Quantity | 'overall'): MetricName {
  return quantity === 'class' ? 'accuracy' : 'ccc';
}

export function confusionOf({ predicted, label }: Paired, classes: number): Confusion {
  return confusion(predicted.map(mostLikely), label, classes);
}

/**
 * All metrics of one series. A dimension has agreement, and High against Low at the middle of the scale (0 is Low):
 * accuracy, macro-F1, AUC. A class has accuracies, macro-F1, AUC where there are two, and what its probabilities are
 * worth. NaN where a metric does not exist.
 */
export function scoresOf(series: Paired, classes: number): Scores {
  const { quantity, predicted, label } = series;
  if (quantity === 'class') {
    const counts = confusionOf(series, classes);
    return {
      accuracy: accuracy(counts),
      balanced_accuracy: balancedAccuracy(counts),
      macro_f1: macroF1(counts),
      ...(classes === 2 && {
        auc: areaUnderRoc(
          predicted.map((row) => row[1]),
          label.map((c) => c === 1),
        ),
      }),
      ...probabilityScores(predicted, label),
    };
  }
  const values = predicted.map((row) => row[0]);
  const high = (all: readonly number[]): number[] => all.map((value) => Number(value > 0));
  const counts = confusion(high(values), high(label), 2);
  return {
    ...agreement(values, label),
    accuracy: accuracy(counts),
    macro_f1: macroF1(counts),
    auc: areaUnderRoc(
      values,
      label.map((value) => value > 0),
    ),
  };
}

/** Mean of each metric over several quantities; NaN where one has none. */
export function meanScores(all: readonly Scores[]): Scores {
  return Object.fromEntries(
    metricNames
      .filter((name) => all.every((scores) => scores[name] !== undefined))
      .map((name) => [name, all.reduce((sum, scores) => sum + scores[name]!, 0) / all.length]),
  );
}
