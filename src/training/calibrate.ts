import { without } from '../core/model.js';
import type { Executable } from '../engines/engine.js';
import type { BoundModel } from '../models/definition.js';
import {
  type IntervalDimension,
  intervalDimensions,
  moment,
  momentWidth,
  onScale,
  scaleOf,
} from '../models/intervals.js';
import type { Manifest } from '../models/manifest.js';
import { everySet, setName } from '../models/modality-sets.js';
import { mulberry32 } from '../models/random.js';
import { conformalHalfWidth } from './conformal.js';
import { byPerson, type Example, withFrame } from './example.js';
import { loadedFrames } from './frame-loader.js';
import { fitScale } from './interval-scale.js';
import { presenceOf } from './missing.js';
import type { PeopleGroups } from './people-groups.js';
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
 * saw. The scale of errors is fitted on the validation people, each window once as it is and once with a set of its
 * modalities drawn at random; without them it is 1. Then each set of modalities by itself, all others masked: its
 * quantiles of error over scale, by person (conformal), and its skill. Windows that share no second with each other
 * suffice.
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
  const scale = await scales(model, executable, apart(validation), dimensions, seed);
  const constants = meanLabels(model, train);
  const sets = everySet(model.inputs.length).map((set) => ({
    set,
    windows: 0,
    /** [dimensions][people][windows] errors over scale. */
    scores: dimensions.map((): number[][] => []),
    shown: new SkillMeasure(model, constants),
  }));
  for (const own of people) {
    const frames = await loadedFrames(own);
    const held = own.map((example, i) => withFrame(example, () => frames[i]));
    for (const measured of sets) {
      const examples = withSet(held, measured.set);
      if (examples.length === 0) continue;
      measured.windows += examples.length;
      const { heads, classes } = await predictExamples(model, executable, examples);
      measured.shown.add(examples, heads, classes);
      const moments = momentsOf(model, heads, examples);
      for (const [d, dimension] of dimensions.entries())
        measured.scores[d].push(
          errorsOf(model, heads, examples, dimension).map(
            ({ i, error }) => error / scaleOf(scale[dimension]!, moments[i]),
          ),
        );
    }
  }
  const found = sets.filter(({ windows }) => windows > 0);
  const bySet = <T>(of: (measured: (typeof sets)[number]) => T): Record<string, T> =>
    Object.fromEntries(found.map((measured) => [setName(model.inputs, measured.set), of(measured)]));
  const quantiles = bySet(({ scores }) =>
    Object.fromEntries(dimensions.map((dimension, d) => [dimension, conformalHalfWidth(scores[d], level)])),
  );
  return {
    calibration: dimensions.length > 0 && people.length > 0 ? { level, scale, quantiles } : null,
    skill: people.length >= LEAST_PEOPLE ? bySet(({ shown }) => shown.told()) : undefined,
  };
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

/** Absolute errors of a dimension, of the examples that have a label. */
export function errorsOf(
  { heads: names }: BoundModel,
  heads: Float32Array,
  examples: readonly Example[],
  dimension: IntervalDimension,
): { readonly i: number; readonly error: number }[] {
  const column = names.indexOf(dimension);
  return examples.flatMap(({ label }, i) => {
    const target = label.targets[dimension];
    if (target === undefined || Number.isNaN(target)) return [];
    return [{ i, error: Math.abs(onScale(heads[i * names.length + column]) - target) }];
  });
}

async function scales(
  model: BoundModel,
  executable: Executable,
  examples: readonly Example[],
  dimensions: readonly IntervalDimension[],
  seed: number,
): Promise<Partial<Record<IntervalDimension, number[]>>> {
  const uniform = mulberry32(seed);
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
      const errors = errorsOf(model, heads, thinned, dimension);
      if (errors.length === 0) return [dimension, Array.from({ length: width }, () => 0)];
      const fitted = fitScale(
        errors.map(({ i }) => rows[i]),
        errors.map(({ error }) => error),
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
