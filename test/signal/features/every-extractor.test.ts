import { describe, expect, it } from 'vitest';
import type { StreamType } from '../../../src/core/signal.js';
import { featureDefinitions } from '../../../src/signal/features/registry.js';
import { provesRobust, streamOf, vectorsOfNoise } from './robustness.js';

/** Seconds until an extractor that looks back far has spoken, a gap in between. */
const longer_s: Readonly<Record<string, number>> = { 'heart-rate-variability': 120, 'eye-potential': 80 };

for (const name of featureDefinitions.keys()) provesRobust(name, longer_s[name]);

describe('extractors beside each other', () => {
  const byType = new Map<StreamType, string[]>();
  for (const { name, streams } of featureDefinitions.values())
    for (const type of streams) byType.set(type, [...(byType.get(type) ?? []), name]);

  it.each([...byType].filter(([, names]) => names.length > 1))(
    'of %s give what each gives alone',
    (type, names) => {
      const times = [45, 80, 118];
      for (const order of [names, names.toReversed()]) {
        const together = vectorsOfNoise(streamOf(type), order, 120, times);
        const alone = order.map((name) => vectorsOfNoise(streamOf(type), [name], 120, times));
        for (const k of times.keys())
          expect([...together[k].values]).toEqual(alone.flatMap((vectors) => [...vectors[k].values]));
      }
    },
  );
});
