import { lineChart } from './line-chart.js';

/** Loss of each epoch; null where it was not measured. */
export interface LossHistory {
  readonly name: string;
  /** From the first epoch on. */
  readonly loss: readonly (number | null)[];
}

/** Losses over a training run, such as on training and validation data. */
export function lossCurves(title: string, histories: readonly LossHistory[], label: string | null): string {
  return lineChart({
    title,
    description: 'Loss after each epoch of training; lower is better.',
    label,
    x: { label: 'epoch' },
    y: { label: 'loss' },
    series: histories.map(({ name, loss }) => ({
      name,
      points: loss.map((value, i) => [i + 1, value ?? Number.NaN] as const),
    })),
  });
}
