import type { FeatureVector } from '../../src/core/features.js';
import { featureName } from '../../src/core/features.js';
import type { Windower } from '../../src/core/processor.js';
import type { Chunk, StreamInfo } from '../../src/core/signal.js';
import { cutChunk } from '../../src/testing/chunk-invariance.js';
import { extract } from '../../src/transforms/extract.js';

/** Feature vectors of `chunks` at `times`, everything pushed as soon as it is needed. */
export function vectorsOf(
  feature: string,
  info: StreamInfo,
  chunks: readonly Chunk[],
  times: readonly number[],
  params: Record<string, unknown> = {},
): FeatureVector[] {
  const windower = extract.create(
    extract.params.parse({ features: [feature], ...params }),
  ) as Windower<FeatureVector>;
  windower.reset(info, 'start');
  const waiting = [...chunks];
  return times.map((time) => {
    while (waiting.length > 0 && waiting[0].times[0] < time) windower.push(waiting.shift()!);
    return windower.close(time);
  });
}

/** Values by `channel.feature`, null where masked. */
export function named(vector: FeatureVector): Record<string, number | null> {
  return Object.fromEntries(
    vector.schema.features.map((f, i) => [featureName(f), vector.present[i] ? vector.values[i] : null]),
  );
}

/** Runs an extractor whole and in pieces of several lengths: the vectors must be the same to the last bit. */
export function cutsOf(chunks: readonly Chunk[]): Chunk[][] {
  return [[1], [7], [64], [3, 200, 1]].map((lengths) => chunks.flatMap((chunk) => cutChunk(chunk, lengths)));
}
