import { canonicalLabel, synonymOf } from './labels.js';

/** Names of two electrodes. */
export type LabelPair = readonly [first: string, second: string];

const pairs = (text: string): LabelPair[] =>
  text.split(' ').map((pair) => pair.split('-') as unknown as LabelPair);

/** The 14 of DEAP's power asymmetry, left and right (Koelstra et al. 2012, doi:10.1109/T-AFFC.2011.15). */
export const deapPairs: readonly LabelPair[] = pairs(
  'Fp1-Fp2 AF3-AF4 F3-F4 F7-F8 FC5-FC6 FC1-FC2 C3-C4 T7-T8 CP5-CP6 CP1-CP2 P3-P4 P7-P8 PO3-PO4 O1-O2',
);

/** The 23 of SEED's caudality, front and back (Zheng & Lu 2015, doi:10.1109/TAMD.2015.2431497). */
export const caudalPairs: readonly LabelPair[] = pairs(
  'FT7-TP7 FC5-CP5 FC3-CP3 FC1-CP1 FCz-CPz FC2-CP2 FC4-CP4 FC6-CP6 FT8-TP8 F7-P7 F5-P5 F3-P3 F1-P1 Fz-Pz F2-P2 F4-P4 F6-P6 F8-P8 Fp1-O1 Fp2-O2 Fpz-Oz AF3-CB1 AF4-CB2',
);

/** The electrode that mirrors one on the left, or null where `label` is not on the left. */
export function mirrorOf(label: string): string | null {
  const match = /^([A-Za-z]+)(\d+)(h?)$/.exec(label);
  if (!match) return null;
  const [, row, number, half] = match;
  return Number(number) % 2 === 1 ? `${row}${Number(number) + 1}${half}` : null;
}

/** The electrodes on the left among `labels`, each with its mirror. */
export function lateralPairs(labels: readonly string[]): LabelPair[] {
  return labels.flatMap((left) => {
    const right = mirrorOf(left);
    return right === null ? [] : [[left, right] as const];
  });
}

/** Index in `labels` of the electrode called `name`, by that or its other name (T3 and T7), or -1. */
export function indexOfLabel(labels: readonly string[], name: string): number {
  const label = canonicalLabel(name);
  const at = labels.indexOf(label);
  const synonym = at < 0 ? synonymOf(label) : null;
  return synonym === null ? at : labels.indexOf(synonym);
}
