import type { Inference } from '../../model/engines/inference.js';
import { type Bounds, type IntervalDimension, intervalDimensions, onScale } from '../../model/intervals.js';
import { byPerson, type Example } from '../examples/example.js';
import { bootstrapDraws, quantile } from '../metrics/cluster-bootstrap.js';

/** Over people: the mean, and the 2.5th percentile of its draws. */
export interface Change {
  readonly mean: number;
  readonly lower_bound: number;
}

/** What a sensor's going away does to a dimension, in windows that had it. */
export interface DimensionRemoval {
  /** Mean size of the modality's contribution, as `explain` tells it. */
  readonly contribution: number;
  /** Mean size of the change where the sensor's streams are not there. */
  readonly change: number;
  /** What the absolute error and half of the interval's width grow by. */
  readonly error: Change;
  readonly half_width: Change;
}

export interface Removal {
  readonly modality: string;
  /** Mean weight in the fusion; null where nothing is fused. */
  readonly weight: number | null;
  readonly windows: number;
  readonly people: number;
  readonly dimensions: Readonly<Partial<Record<IntervalDimension, DimensionRemoval>>>;
  /** Error and width of the dimensions together: what is lost in all. */
  readonly together: { readonly error: Change; readonly half_width: Change };
}

const DRAWS = 1000;
const SEED = 1;

/** A window of one person as it was with everything and as it was without the sensor. */
interface Pair {
  readonly contribution: number;
  readonly change: number;
  readonly error: number;
  readonly half: number;
}

/**
 * What each modality contributes, beside what its sensors' real removal does: the same people's sessions, run again through the
 * pipeline without these streams.
 *
 * @param full with every sensor
 * @param lacking by modality, the same people without its sensors
 */
export async function removals(
  inference: Inference,
  modalities: readonly string[],
  full: readonly Example[],
  lacking: ReadonlyMap<string, readonly Example[]>,
): Promise<Removal[]> {
  const before = await inference.predict(
    full.map(({ frame }) => frame),
    true,
  );
  const place = new Map(full.map((example, i) => [keyOf(example), i]));
  const found: Removal[] = [];
  for (const [modality, examples] of lacking) {
    const m = modalities.indexOf(modality);
    const after = await inference.predict(examples.map(({ frame }) => frame));
    const weights: number[] = [];
    const index = new Map(examples.map((example, i) => [example, i]));
    const people = [...byPerson(examples).values()].flatMap((own) => {
      const pairs = new Map(intervalDimensions.map((dimension) => [dimension, [] as Pair[]]));
      for (const example of own) {
        const a = index.get(example)!;
        const b = place.get(keyOf(example));
        const contribution = b === undefined ? undefined : before[b].contribution?.[modality];
        if (b === undefined || !contribution) continue;
        if (before[b].weights.length > 0) weights.push(before[b].weights[m]);
        for (const dimension of intervalDimensions) {
          const target = example.label.targets[dimension];
          const [was, is] = [before[b][dimension], after[a][dimension]];
          if (target === undefined || was === null || is === null) continue;
          const [old, now] = [onScale(was), onScale(is)];
          pairs.get(dimension)!.push({
            contribution: Math.abs(contribution[dimension]),
            change: Math.abs(now - old),
            error: Math.abs(now - target) - Math.abs(old - target),
            half:
              halfOf(after[a].interval?.[dimension] ?? null) -
              halfOf(before[b].interval?.[dimension] ?? null),
          });
        }
      }
      return [...pairs.values()].some((list) => list.length > 0) ? [pairs] : [];
    });
    const dimensions = intervalDimensions.filter((dimension) =>
      people.some((pairs) => pairs.get(dimension)!.length > 0),
    );
    const byDimension = (dimension: IntervalDimension, of: (pair: Pair) => number): number[] =>
      people.map((pairs) => mean(pairs.get(dimension)!.map(of)));
    const summed = (of: (pair: Pair) => number): number[] =>
      people.map((pairs) => dimensions.reduce((sum, own) => sum + mean(pairs.get(own)!.map(of)), 0));
    found.push({
      modality,
      weight: weights.length > 0 ? mean(weights) : null,
      windows: people.reduce((sum, pairs) => sum + (pairs.get(dimensions[0])?.length ?? 0), 0),
      people: people.length,
      dimensions: Object.fromEntries(
        dimensions.map((dimension) => [
          dimension,
          {
            contribution: mean(byDimension(dimension, ({ contribution }) => contribution)),
            change: mean(byDimension(dimension, ({ change }) => change)),
            error: changeOf(byDimension(dimension, ({ error }) => error)),
            half_width: changeOf(byDimension(dimension, ({ half }) => half)),
          },
        ]),
      ),
      together: {
        error: changeOf(summed(({ error }) => error)),
        half_width: changeOf(summed(({ half }) => half)),
      },
    });
  }
  return found;
}

/** Half the width of an interval; NaN without one. */
function halfOf(bounds: Bounds | null): number {
  return bounds === null ? Number.NaN : (bounds[1] - bounds[0]) / 2;
}

function keyOf({ person, window }: Pick<Example, 'person' | 'window'>): string {
  return `${person} ${window[1].toFixed(3)}`;
}

function changeOf(people: readonly number[]): Change {
  const counted = people.filter((value) => !Number.isNaN(value));
  return { mean: mean(counted), lower_bound: quantile(bootstrapDraws(counted, mean, DRAWS, SEED), 0.025) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
