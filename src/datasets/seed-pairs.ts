import type { FeatureDescriptor } from '../core/features.js';
import { canonicalLabels } from '../montage/labels.js';
import { caudalPairs, indexOfLabel, type LabelPair, mirrorOf } from '../montage/pairs.js';
import { otherLayout } from './dataset-error.js';
import { MatMatrix } from './formats/mat-matrix.js';
import type { Mat5File } from './formats/mat5.js';
import { type SeedPairFeature, seedBandNames, seedElectrodes } from './seed-layout.js';

type Measure = 'dasm' | 'rasm' | 'asm' | 'dcau';

/** What a row of a pair feature may be: the difference or the ratio of two electrodes' entropies. */
interface Candidate {
  readonly first: number;
  readonly second: number;
  readonly measure: Exclude<Measure, 'asm'>;
}

const labels = canonicalLabels(seedElectrodes);

/** The 27 electrodes on the left with their mirrors. */
const lateralPairs: readonly LabelPair[] = labels.flatMap((left) => {
  const right = mirrorOf(left);
  return right === null ? [] : [[left, right] as const];
});

const candidatesOf = (measure: Candidate['measure'], pairs: readonly LabelPair[]): Candidate[] =>
  pairs.map(([first, second]) => ({
    first: indexOfLabel(labels, first),
    second: indexOfLabel(labels, second),
    measure,
  }));

const dasm = candidatesOf('dasm', lateralPairs);
const rasm = candidatesOf('rasm', lateralPairs);
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
  const found = new MatMatrix(await mat.read(variable), `'${variable}'`, mat.path);
  const [count, windows, bands = 1] = found.dims;
  if (count !== rows || bands !== seedBandNames.length)
    throw otherLayout(
      mat.path,
      `'${variable}' is ${found.dims.join(' x ')}, not ${rows} x windows x 5 bands`,
    );
  return Array.from({ length: rows }, (_, row) => {
    const values = new Float64Array(windows * bands);
    for (let b = 0; b < bands; b++) values.set(found.line(1, [row, 0, b]), b * windows);
    return values;
  });
}

/** Of what is finite; infinite where nothing is. */
function median(values: Float64Array): number {
  const sorted = values.filter(Number.isFinite).sort();
  return sorted.length > 0 ? sorted[sorted.length >> 1] : Number.POSITIVE_INFINITY;
}
