import { without } from '../../core/model.js';
import { Random } from '../../core/random.js';
import type { Executable } from '../../model/engines/engine.js';
import {
  type BySet,
  type Calibration,
  halfWidthFor,
  type IntervalDimension,
  intervalDimensions,
  moment,
  momentWidth,
  onScale,
  scaleOf,
} from '../../model/intervals.js';
import type { Manifest } from '../../model/manifest.js';
import { everySet, setName } from '../../model/modality-sets.js';
import type { BoundModel } from '../../model/networks/definition.js';
import { byPerson, type Example, withFrame } from '../examples/example.js';
import { loadedFrames } from '../examples/frame-loader.js';
import { presenceOf } from '../examples/missing.js';
import type { PeopleGroups } from '../examples/people-groups.js';
import { conformalHalfWidth } from './conformal.js';
import { followedShare, LEAST_PLACED, neutralReach, type ToldWindows } from './interval-place.js';
import { fitScale } from './interval-scale.js';
import { predictExamples } from './predicting.js';
import { type Constants, LEAST_PEOPLE, SkillMeasure } from './skill.js';

export interface Calibrated {
  /** Null where the model tells no value that an interval can be around, or nobody is there to calibrate on. */
  readonly calibration: Manifest['calibration'];
  /** Undefined where fewer than {@link LEAST_PEOPLE} people are there to show it. */
  readonly skill: Manifest['skill'];
}

/**
 * What a model's intervals are made of, and what each set of modalities was shown to tell, from people that training never
 * saw. On the validation people the scale of errors is fitted, each window once as it is and once with a set of its modalities
 * drawn at random, and for each set by itself where intervals lie and how far from 0 an estimate says nothing; without them the
 * scale is 1, and with too few intervals lie around the estimate. Then on the calibration people each set of modalities by
 * itself, all others masked: its quantiles of error over scale, by person (conformal), and its skill. Windows that share no
 * second with each other suffice.
 */
export async function calibrate(
  model: BoundModel,
  executable: Executable,
  { train, validation, calibration }: PeopleGroups,
  level: number,
  seed: number,
): Promise<Calibrated> {
  // High or Low has no error to bound.
  const dimensions = model.binary_heads
    ? []
    : intervalDimensions.filter((dimension) => model.heads.includes(dimension));
  const people = [...byPerson(calibration).values()].map(apart);
  const placing = [...byPerson(validation).values()].map(apart);
  const isPlaced = placing.length >= LEAST_PLACED;
  // Told anew once the scale is known: every moment of every set would take more memory than it takes time.
  const told = (scale: Calibration['scale']) => toldBySet(model, executable, placing, dimensions, scale);
  const middle = isPlaced ? valuesOf(await told({}), followedShare) : undefined;
  const scale = await scales(model, executable, placing.flat(), dimensions, middle, seed);
  const neutral = isPlaced ? valuesOf(await told(scale), neutralReach) : undefined;
  const placed = { ...(middle && { middle }), ...(neutral && { neutral }) };
  const constants = meanLabels(model, train);
  const scores = new Map<string, Partial<Record<IntervalDimension, number[][]>>>();
  const shown = new Map<string, SkillMeasure>();
  for await (const { set, examples, heads, classes } of ofEverySet(model, executable, people)) {
    if (!shown.has(set)) shown.set(set, new SkillMeasure(model, constants));
    shown.get(set)!.add(examples, heads, classes);
    const own = scores.get(set) ?? {};
    scores.set(set, own);
    const moments = momentsOf(model, heads, examples);
    for (const dimension of dimensions) {
      const errors = labelled(model, heads, examples, dimension).map(({ i, told, label }) =>
        halfWidthFor(placed, dimension, set, told, scaleOf(scale[dimension]!, moments[i]), label),
      );
      own[dimension] ??= [];
      own[dimension].push(errors);
    }
  }
  // In the order of sets, whichever a person had first.
  const found = everySet(model.inputs.length)
    .map((set) => setName(model.inputs, set))
    .filter((set) => scores.has(set));
  const bySet = <T>(of: (set: string) => T): Record<string, T> =>
    Object.fromEntries(found.map((set) => [set, of(set)]));
  const quantiles = bySet((set) =>
    Object.fromEntries(
      dimensions.map((dimension) => [
        dimension,
        conformalHalfWidth(scores.get(set)![dimension] ?? [], level),
      ]),
    ),
  );
  return {
    calibration: dimensions.length > 0 && people.length > 0 ? { level, scale, ...placed, quantiles } : null,
    skill: people.length >= LEAST_PEOPLE ? bySet((set) => shown.get(set)!.told()) : undefined,
  };
}

/** One person's windows with one set of modalities, all others masked, and what the model tells of them. */
interface OfSet {
  readonly set: string;
  readonly examples: readonly Example[];
  readonly heads: Float32Array;
  readonly classes: Float32Array;
}

/** Every person with every set of modalities that they have windows of, person by person. */
async function* ofEverySet(
  model: BoundModel,
  executable: Executable,
  people: readonly (readonly Example[])[],
): AsyncGenerator<OfSet> {
  const sets = everySet(model.inputs.length);
  for (const own of people) {
    const frames = await loadedFrames(own);
    const held = own.map((example, i) => withFrame(example, () => frames[i]));
    for (const set of sets) {
      const examples = withSet(held, set);
      if (examples.length === 0) continue;
      const { heads, classes } = await predictExamples(model, executable, examples);
      yield { set: setName(model.inputs, set), examples, heads, classes };
    }
  }
}

/** What is told and felt in the windows that have a label, by set and dimension, a list for each person. */
async function toldBySet(
  model: BoundModel,
  executable: Executable,
  people: readonly (readonly Example[])[],
  dimensions: readonly IntervalDimension[],
  scale: Calibration['scale'],
): Promise<BySet<readonly ToldWindows[]>> {
  const windows: Record<string, Partial<Record<IntervalDimension, ToldWindows[]>>> = {};
  for await (const { set, examples, heads } of ofEverySet(model, executable, people)) {
    windows[set] ??= {};
    const moments = momentsOf(model, heads, examples);
    for (const dimension of dimensions) {
      const known = labelled(model, heads, examples, dimension);
      const weights = scale[dimension];
      windows[set][dimension] ??= [];
      windows[set][dimension].push({
        told: known.map(({ told }) => told),
        label: known.map(({ label }) => label),
        scale: known.map(({ i }) => (weights ? scaleOf(weights, moments[i]) : 1)),
      });
    }
  }
  return windows;
}

function valuesOf<Value>(
  windows: BySet<readonly ToldWindows[]>,
  of: (people: readonly ToldWindows[]) => Value,
): BySet<Value> {
  return Object.fromEntries(
    Object.entries(windows).map(([set, own]) => [
      set,
      Object.fromEntries(Object.entries(own).map(([dimension, people]) => [dimension, of(people)])),
    ]),
  );
}

/** Windows that share no second with the one before, trial by trial. */
export function apart(examples: readonly Example[]): Example[] {
  const ends = new Map<string, number>();
  return examples.filter(({ person, session, trial, window: [start, end] }) => {
    const key = JSON.stringify([person, session, trial]);
    // Rounding of stamps.
    if (start < (ends.get(key) ?? Number.NEGATIVE_INFINITY) - 1e-6) return false;
    ends.set(key, end);
    return true;
  });
}

/** Those of `examples` that have all modalities of `set`, without any other. */
export function withSet(examples: readonly Example[], set: readonly boolean[]): Example[] {
  const gone = set.map((kept) => !kept);
  return examples
    .filter((example) => presenceOf(example).every((here, m) => here || gone[m]))
    .map((example) => withFrame(example, () => without(example.frame, gone)));
}

/** {@link moment} of each example. */
export function momentsOf(
  { heads: names }: BoundModel,
  heads: Float32Array,
  examples: readonly Example[],
): Float64Array[] {
  const width = names.length;
  return examples.map(({ frame }, i) =>
    moment(
      heads.subarray(i * width, (i + 1) * width),
      frame,
      frame.map(({ present }) => present),
    ),
  );
}

/** Estimates of a dimension, within -1..1, beside the labels of the examples that have one. */
function labelled(
  { heads: names }: BoundModel,
  heads: Float32Array,
  examples: readonly Example[],
  dimension: IntervalDimension,
): { readonly i: number; readonly told: number; readonly label: number }[] {
  const column = names.indexOf(dimension);
  return examples.flatMap((example, i) => {
    const label = example.label.targets[dimension];
    if (label === undefined || Number.isNaN(label)) return [];
    return [{ i, told: onScale(heads[i * names.length + column]), label }];
  });
}

async function scales(
  model: BoundModel,
  executable: Executable,
  examples: readonly Example[],
  dimensions: readonly IntervalDimension[],
  middle: BySet<number> | undefined,
  seed: number,
): Promise<Partial<Record<IntervalDimension, number[]>>> {
  const { uniform } = new Random(seed);
  const thinned = examples.flatMap((example) => {
    const here = presenceOf(example);
    const kept = drawnSet(here, uniform);
    const gone = here.map((_, m) => !kept[m]);
    return [example, withFrame(example, () => without(example.frame, gone))];
  });
  const { heads } = await predictExamples(model, executable, thinned);
  const rows = momentsOf(model, heads, thinned);
  const width = momentWidth(model.heads.length, model.inputs.length);
  return Object.fromEntries(
    dimensions.map((dimension) => {
      const known = labelled(model, heads, thinned, dimension);
      if (known.length === 0) return [dimension, Array.from({ length: width }, () => 0)];
      const fitted = fitScale(
        known.map(({ i }) => rows[i]),
        known.map(({ i, told, label }) => {
          const set = setName(model.inputs, presenceOf(thinned[i]));
          return halfWidthFor({ middle }, dimension, set, told, 1, label);
        }),
      );
      return [dimension, [...fitted]];
    }),
  );
}

/** A set of the modalities that are there, each set as likely as any other; not the empty one. */
function drawnSet(here: readonly boolean[], uniform: () => number): boolean[] {
  for (;;) {
    const kept = here.map((is) => uniform() < 0.5 && is);
    if (kept.includes(true) || !here.includes(true)) return kept;
  }
}

function meanLabels({ heads }: BoundModel, examples: readonly Example[]): Constants {
  return Object.fromEntries(
    heads.map((dimension) => {
      const labels = examples.flatMap(({ label }) => label.targets[dimension] ?? []);
      return [dimension, labels.reduce((sum, value) => sum + value, 0) / Math.max(1, labels.length)];
    }),
  );
}
