import { lineChart } from './line-chart.js';

/** One quantity per epoch, on training and on test data. */
export interface EpochCurves {
  readonly name: string;
  readonly train: readonly number[];
  readonly test: readonly number[];
}

function perEpoch(title: string, unit: string, curves: readonly EpochCurves[], label: string | null): string {
  return lineChart({
    title,
    description: `${title}, after each epoch, on training and on test data.`,
    label,
    x: { label: 'epoch' },
    y: { label: unit },
    series: curves.flatMap(({ name, train, test }) =>
      (
        [
          ['training', train],
          ['test', test],
        ] as const
      ).map(([part, values]) => ({
        name: `${name}, ${part}`,
        points: values.map((value, i) => [i + 1, value] as const),
      })),
    ),
  });
}

/**
 * Estimated mutual information between each modality and what is made of it, as in ATAM, Fig. 2a (training on SEED),
 * Fig. 2b (test on SEED).
 */
export function mutualInformationCurves(curves: readonly EpochCurves[], label: string | null): string {
  return perEpoch('Mutual information', 'mutual information (nat)', curves, label);
}

/** Cosine between the modalities' transformed features, which the same figures of ATAM have. */
export function cosineCurves(curves: readonly EpochCurves[], label: string | null): string {
  return perEpoch('Cosine between modalities', 'cosine similarity (-1 to 1)', curves, label);
}
