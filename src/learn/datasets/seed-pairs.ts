import type { FeatureDescriptor } from '../../core/features.js';
import { canonicalLabels } from '../../signal/montage/labels.js';
import { caudalPairs, indexOfLabel, type LabelPair, lateralPairs } from '../../signal/montage/pairs.js';
import { otherLayout } from './dataset-error.js';
import type { Mat5File } from './formats/mat5.js';
import { type SeedPairFeature, seedBandNames, seedElectrodes } from './seed-layout.js';
import { readBands } from './seed-matlab.js';

type Measure = 'dasm' | 'rasm' | 'asm' | 'dcau';

/** What a row of a pair feature may be: the difference or the ratio of two electrodes' entropies. */
interface Candidate {
  readonly first: number;
  readonly second: number;
  readonly measure: Exclude<Measure, 'asm'>;
}

const labels = canonicalLabels(seedElectrodes);

const candidatesOf = (measure: Candidate['measure'], pairs: readonly LabelPair[]): Candidate[] =>
  pairs.map(([first, second]) => ({
    first: indexOfLabel(labels, first),
    second: indexOfLabel(labels, second),
    measure,
  }));

/** 27 of them. */
const mirrored = lateralPairs(labels);
const dasm = candidatesOf('dasm', mirrored);
const rasm = candidatesOf('rasm', mirrored);
const candidates: Readonly<Record<Measure, readonly Candidate[]>> = {
  dasm,
  rasm,
  asm: [...dasm, ...rasm],
  dcau: candidatesOf('dcau', caudalPairs),
};

/**
 * What the rows of a pair feature are, [rows x 5] row by row, its bands in order, named as `asymmetry` names them
 * live. The release doesn't tell the order of its pairs. It has the entropies beside them, though, and each row lies
 * nearest (median over windows and bands) to what its own pair's entropies make: found so, rows are named by what is in
 * the file. Smoothing differences, as the release may do, and differences of what is smoothed are the same; ratios
 * nearly. Throws where two rows fit one pair: then nobody knows what they are.
 */
export async function seedPairDescriptors(
  mat: Mat5File,
  feature: SeedPairFeature,
  number: number,
): Promise<FeatureDescriptor[]> {
  const [measure, smoothing] = feature.split('_') as [Measure, string];
  const rows = await bandsInARow(mat, `${feature}${number}`, candidates[measure].length);
  const entropies = await bandsInARow(mat, `de_${smoothing}${number}`, labels.length);
  const expected = candidates[measure].map(({ first, second, measure: of }) =>
    entropies[first].map((value, i) =>
      of === 'rasm' ? value / entropies[second][i] : value - entropies[second][i],
    ),
  );
  const found = rows.map((row) => {
    const apart = expected.map((other) => median(row.map((value, i) => Math.abs(value - other[i]))));
    return apart.indexOf(Math.min(...apart));
  });
  const twice = found.findIndex((place, row) => place < 0 || found.indexOf(place) !== row);
  if (twice >= 0)
    throw otherLayout(
      mat.path,
      `row ${twice + 1} of '${feature}${number}' is no pair of 'de_${smoothing}${number}' that another row isn't`,
    );
  return found.flatMap((place) => {
    const { first, second, measure: of } = candidates[measure][place];
    return seedBandNames.map((band) => ({
      channel: `${labels[first]}-${labels[second]}`,
      feature: `${of}_seed_${band}`,
      unit: of === 'rasm' ? 'ratio' : 'log2',
    }));
  });
}

/** [rows][windows of the first band, of the second ...] of a [rows, windows, 5] variable. */
async function bandsInARow(mat: Mat5File, variable: string, rows: number): Promise<Float64Array[]> {
  const found = await readBands(mat, variable, rows);
  const windows = found.dims[1];
  return Array.from({ length: rows }, (_, row) => {
    const values = new Float64Array(windows * seedBandNames.length);
    for (let b = 0; b < seedBandNames.length; b++) values.set(found.line(1, [row, 0, b]), b * windows);
    return values;
  });
}

/** Of what is finite; infinite where nothing is. */
function median(values: Float64Array): number {
  const sorted = values.filter(Number.isFinite).sort();
  return sorted.length > 0 ? sorted[sorted.length >> 1] : Number.POSITIVE_INFINITY;
}
