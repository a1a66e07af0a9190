import { without } from '../../core/model.js';
import { Random } from '../../core/random.js';
import type { Executable } from '../../model/engines/engine.js';
import {
  boundsOf,
  type Calibration,
  type IntervalDimension,
  intervalDimensions,
  onScale,
} from '../../model/intervals.js';
import type { LoadedModel } from '../../model/manifest.js';
import { everySet, setName } from '../../model/modality-sets.js';
import { byPerson, type Example, withFrame } from '../examples/example.js';
import { loadedFrames } from '../examples/frame-loader.js';
import { presenceOf, singleAbsences } from '../examples/missing.js';
import { bootstrapDraws, quantile } from '../metrics/cluster-bootstrap.js';
import { midranks } from '../metrics/midranks.js';
import { apart, momentsOf, withSet } from './calibrate.js';
import { columnOf, predictExamples } from './predicting.js';

/** What the intervals of one dimension held of new people's labels. */
export interface IntervalFigures {
  readonly people: number;
  /** Share of labels, mean over people, and its standard error. */
  readonly covered: number;
  readonly standard_error: number;
  /** Half the width after the cut to -1..1, mean over people. */
  readonly half_width: number;
  /** Mean over the tenth of people of whom least was held. */
  readonly worst_tenth: number;
  /** Share of labels in the lowest, the middle and the highest third of labels. */
  readonly thirds: readonly number[];
  /** Whether the dimension is told at all, by these modalities. */
  readonly told: boolean;
}

export type SetFigures = Readonly<Partial<Record<IntervalDimension, IntervalFigures>>>;

/** Spearman's correlation of width and error within a person, and its 2.5th percentile over draws of people. */
export interface Reaction {
  readonly rank_correlation: number;
  readonly lower_bound: number;
}

export interface IntervalReport {
  readonly level: number;
  /** By set of modalities, all others masked. */
  readonly sets: Readonly<Record<string, SetFigures>>;
  /** Where each modality is away from half of the windows whose label of `by` is above 0, and from no other. */
  readonly tied: { readonly by: IntervalDimension; readonly figures: SetFigures };
  /** Of windows with everything. */
  readonly reaction: Readonly<Partial<Record<IntervalDimension, Reaction>>>;
}

const SEED = 1;
const DRAWS = 1000;

/**
 * What a model's intervals hold of people whom neither training nor calibration saw: for every set of modalities, made by
 * masking the others in everybody's windows, and where what is missing depends on what is felt, for which no interval was made.
 * Null for a model without intervals.
 */
export async function intervalReport(
  { manifest, model }: Pick<LoadedModel, 'manifest' | 'model'>,
  executable: Executable,
  examples: readonly Example[],
): Promise<IntervalReport | null> {
  const { calibration, skill } = manifest;
  if (!calibration) return null;
  const dimensions = intervalDimensions.filter((dimension) => calibration.scale[dimension]);
  const thirds = new Map(dimensions.map((dimension) => [dimension, thirdsOf(examples, dimension)]));
  const measureOf = () =>
    new Map(dimensions.map((dimension) => [dimension, new Held(thirds.get(dimension)!)]));
  const sets = everySet(model.inputs.length).map((set) => ({ set, held: measureOf() }));
  const tied = measureOf();
  const by = dimensions.at(-1)!;
  const { uniform } = new Random(SEED);
  const reactions = new Map(dimensions.map((dimension) => [dimension, [] as number[]]));
  for (const own of byPerson(examples).values()) {
    const chosen = apart(own);
    const frames = await loadedFrames(chosen);
    const all = chosen.map((example, i) => withFrame(example, () => frames[i]));
    for (const { set, held } of sets) {
      const told = await windowsOf(model, executable, calibration, withSet(all, set));
      for (const dimension of dimensions) {
        held.get(dimension)!.add(told[dimension]!);
        if (set.every(Boolean)) reactions.get(dimension)!.push(rankCorrelation(told[dimension]!));
      }
    }
    const lacking = all.map((example) => {
      const [gone] = singleAbsences(
        [presenceOf(example)],
        (example.label.targets[by] ?? 0) > 0 ? 0.5 : 0,
        uniform,
      );
      return withFrame(example, () => without(example.frame, gone));
    });
    const told = await windowsOf(model, executable, calibration, lacking);
    for (const dimension of dimensions) tied.get(dimension)!.add(told[dimension]!);
  }
  const figuresOf = (held: typeof tied, set: string | null): SetFigures =>
    Object.fromEntries(
      [...held].flatMap(([dimension, own]) => {
        const told = set === null || !skill || (skill[set]?.includes(dimension) ?? false);
        const figures = own.figures(told);
        return figures ? [[dimension, figures]] : [];
      }),
    );
  return {
    level: calibration.level,
    sets: Object.fromEntries(
      sets.map(({ set, held }) => {
        const name = setName(model.inputs, set);
        return [name, figuresOf(held, name)];
      }),
    ),
    tied: { by, figures: figuresOf(tied, null) },
    reaction: Object.fromEntries(
      [...reactions].map(([dimension, people]) => [dimension, reactionOf(people)]),
    ),
  };
}

/** A window's label, error and interval. */
interface Window {
  readonly label: number;
  readonly error: number;
  readonly inside: boolean;
  /** Half the width after the cut. */
  readonly half: number;
}

/** Windows that have a label and an interval, by dimension. */
async function windowsOf(
  model: LoadedModel['model'],
  executable: Executable,
  calibration: Calibration,
  examples: readonly Example[],
): Promise<Partial<Record<IntervalDimension, Window[]>>> {
  const { heads } = await predictExamples(model, executable, examples);
  const moments = momentsOf(model, heads, examples);
  return Object.fromEntries(
    intervalDimensions.flatMap((dimension) => {
      if (!calibration.scale[dimension]) return [];
      const column = columnOf(heads, model.heads.length, model.heads.indexOf(dimension));
      const windows = examples.flatMap((example, i): Window[] => {
        const label = example.label.targets[dimension];
        const set = setName(model.inputs, presenceOf(example));
        const bounds = boundsOf(calibration, dimension, set, column[i], moments[i]);
        if (label === undefined || bounds === null) return [];
        const [low, high] = bounds;
        return [
          {
            label,
            error: Math.abs(onScale(column[i]) - label),
            inside: low <= label && label <= high,
            half: (high - low) / 2,
          },
        ];
      });
      return [[dimension, windows]];
    }),
  );
}

/** Gathers, person by person, what intervals held. */
class Held {
  readonly #shares: number[] = [];
  readonly #halves: number[] = [];
  readonly #thirds = [0, 1, 2].map(() => ({ inside: 0, all: 0 }));

  constructor(private readonly bounds: readonly [number, number]) {}

  add(windows: readonly Window[]): void {
    if (windows.length === 0) return;
    this.#shares.push(windows.filter(({ inside }) => inside).length / windows.length);
    this.#halves.push(mean(windows.map(({ half }) => half)));
    for (const { label, inside } of windows) {
      const third = this.#thirds[this.bounds.filter((bound) => label > bound).length];
      third.all++;
      if (inside) third.inside++;
    }
  }

  figures(told: boolean): IntervalFigures | null {
    const shares = [...this.#shares].sort((a, b) => a - b);
    if (shares.length < 2) return null;
    const covered = mean(shares);
    const squares = shares.reduce((sum, share) => sum + (share - covered) * (share - covered), 0);
    return {
      people: shares.length,
      covered,
      standard_error: Math.sqrt(squares / (shares.length - 1) / shares.length),
      half_width: mean(this.#halves),
      worst_tenth: mean(shares.slice(0, Math.ceil(shares.length / 10))),
      thirds: this.#thirds.map(({ inside, all }) => inside / all),
      told,
    };
  }
}

/** Bounds of the thirds of labels. */
function thirdsOf(examples: readonly Example[], dimension: IntervalDimension): [number, number] {
  const labels = Float64Array.from(examples.flatMap(({ label }) => label.targets[dimension] ?? [])).sort();
  return [quantile(labels, 1 / 3), quantile(labels, 2 / 3)];
}

function rankCorrelation(windows: readonly Window[]): number {
  const [a, b] = [midranks(windows.map(({ half }) => half)), midranks(windows.map(({ error }) => error))];
  const middle = (windows.length + 1) / 2;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < windows.length; i++) {
    ab += (a[i] - middle) * (b[i] - middle);
    aa += (a[i] - middle) * (a[i] - middle);
    bb += (b[i] - middle) * (b[i] - middle);
  }
  return ab / Math.sqrt(aa * bb);
}

function reactionOf(people: readonly number[]): Reaction {
  const counted = people.filter((rho) => !Number.isNaN(rho));
  return {
    rank_correlation: mean(counted),
    lower_bound: quantile(bootstrapDraws(counted, mean, DRAWS, SEED), 0.025),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
