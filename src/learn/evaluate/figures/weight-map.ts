import type { Spread } from '../../metrics/spread.js';
import { heatMap } from './heat-map.js';

/** Weights that sum to 1, such as routing or attention, by group of windows. */
export interface WeightMap {
  readonly title: string;
  /** What the rows are, such as `emotion`. */
  readonly rowLabel: string;
  /** What the columns are, such as `expert`. */
  readonly columnLabel: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** [rows][columns], over the windows of a row. */
  readonly weights: readonly (readonly Pick<Spread, 'mean' | 'sd'>[])[];
  readonly label: string | null;
}

function weightMap(map: WeightMap, description: string): string {
  const cells = map.weights.flat().flatMap(({ mean }) => (Number.isFinite(mean) ? [mean] : []));
  return heatMap({
    ...map,
    description,
    values: map.weights.map((row) => row.map(({ mean }) => mean)),
    text: (r, c) => {
      const { mean, sd } = map.weights[r][c];
      if (Number.isNaN(mean)) return '-';
      return Number.isNaN(sd) ? mean.toFixed(2) : `${mean.toFixed(2)} ± ${sd.toFixed(2)}`;
    },
    range: [0, Math.max(...cells, 1e-9)],
  });
}

/**
 * Mean routing weight of each emotion expert by label; Hi-MoE, Fig. 4a (routing weights) has routing weights by the
 * modalities that are missing.
 */
export function routingMap(map: Omit<WeightMap, 'columnLabel'>): string {
  return weightMap(
    { ...map, columnLabel: 'emotion expert' },
    'Mean routing weight of each emotion expert, plus and minus one standard deviation over windows.',
  );
}

/** Mean attention weight of each modality by class, as in ATAM, Fig. 2c (attention on SEED). */
export function attentionMap(map: Omit<WeightMap, 'columnLabel'>): string {
  return weightMap(
    { ...map, columnLabel: 'modality' },
    'Mean attention weight of each modality, plus and minus one standard deviation over windows.',
  );
}
