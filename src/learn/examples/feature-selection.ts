import type { ModelFrame } from '../../core/model.js';
import type { RatedDimension } from '../datasets/dataset.js';
import type { ModelInputs } from './dataset.js';
import type { Example } from './example.js';
import { bestFeatures, fisherScores } from './fisher.js';

/** Features to keep, by modality, as ascending indices; modalities of raw windows, and those left with none, are not in it. */
export type FeatureSelection = ReadonlyMap<string, readonly number[]>;

/**
 * The `count` features that tell classes apart best by Fisher's criterion, of all modalities together. On training
 * examples alone: chosen on test data, they leak it.
 *
 * @param by the label's class, or a dimension's upper half (above 0) against its lower
 */
export function selectFeatures(
  inputs: ModelInputs,
  train: readonly Example[],
  count: number,
  by: 'class' | RatedDimension,
): FeatureSelection {
  const classOf = ({ label }: Example): number | null => {
    if (by === 'class') return label.class;
    const target = label.targets[by];
    return target === undefined ? null : Number(target > 0);
  };
  const labelled = train.filter((example) => classOf(example) !== null);
  const places = [...inputs].flatMap(([name, input], m) =>
    input.kind === 'features' ? input.features.map((_, f) => ({ name, m, f })) : [],
  );
  const scores = fisherScores(
    rowsOf(labelled, places),
    labelled.map((example) => classOf(example)!),
  );
  const selection = new Map<string, number[]>();
  for (const place of [...bestFeatures(scores, count)].sort((a, b) => a - b)) {
    const { name, f } = places[place];
    selection.set(name, [...(selection.get(name) ?? []), f]);
  }
  return selection;
}

/** The values at `places` of each example's frame, NaN where masked. */
function* rowsOf(
  examples: readonly Example[],
  places: readonly { readonly m: number; readonly f: number }[],
): Iterable<Float64Array> {
  for (const { frame } of examples)
    yield Float64Array.from(places, ({ m, f }) =>
      frame[m].present && frame[m].mask[f] === 1 ? frame[m].values[f] : Number.NaN,
    );
}

/** Inputs with the selected features alone; modalities that have none of them are gone, raw windows stay. */
export function selectedInputs(inputs: ModelInputs, selection: FeatureSelection): ModelInputs {
  return new Map(
    [...inputs].flatMap(([name, input]): [string, typeof input][] => {
      if (input.kind !== 'features') return [[name, input]];
      const kept = selection.get(name);
      return kept ? [[name, { ...input, features: kept.map((f) => input.features[f]) }]] : [];
    }),
  );
}

/** A frame of `inputs` as {@link selectedInputs} has it. A modality of which nothing selected was measured is absent. */
export function selectedFrame(
  frame: ModelFrame,
  inputs: ModelInputs,
  selection: FeatureSelection,
): ModelFrame {
  return [...inputs].flatMap(([name, input], m) => {
    const { values, mask, present } = frame[m];
    if (input.kind !== 'features') return [frame[m]];
    const kept = selection.get(name);
    if (!kept) return [];
    const own = Uint8Array.from(kept, (f) => mask[f]);
    return [
      { values: Float32Array.from(kept, (f) => values[f]), mask: own, present: present && own.includes(1) },
    ];
  });
}
