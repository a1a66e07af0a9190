import { expect } from 'vitest';
import type { FeatureVector } from '../../../src/core/features.js';
import { featureName } from '../../../src/core/features.js';
import type { Windower } from '../../../src/core/processor.js';
import type { Channel, Chunk, StreamInfo, StreamType } from '../../../src/core/signal.js';
import { canonicalChunk, canonicalStream } from '../../../src/signal/dialects/canonical-stream.js';
import { extract } from '../../../src/signal/transforms/extract.js';
import { cutChunk } from '../../../src/testing/chunk-invariance.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';

/** An `extract` node with one feature, unless `params` names others, that waits for chunks of `info`. */
export function windowerOf(
  feature: string,
  info: StreamInfo,
  params: Record<string, unknown> = {},
): Windower<FeatureVector> {
  const windower = extract.create(
    extract.params.parse({ features: [feature], ...params }),
  ) as Windower<FeatureVector>;
  windower.reset(info, 'start');
  return windower;
}

/** Feature vectors of `chunks` at `times`, everything pushed as soon as it is needed. */
export function vectorsOf(
  feature: string,
  info: StreamInfo,
  chunks: readonly Chunk[],
  times: readonly number[],
  params: Record<string, unknown> = {},
): FeatureVector[] {
  const windower = windowerOf(feature, info, params);
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

type Labels = readonly (readonly [label: string, unit: string])[];

/** A stream in canonical units. */
export function streamWith(type: StreamType, sfreq: number, channels: Labels): StreamInfo {
  const info = streamInfo({ type, sfreq, labels: [], unit: '' });
  return { ...info, channels: channels.map(([label, unit]): Channel => ({ label, unit, type: '' })) };
}

/** The vector of a stream that starts at 0 s and holds `rows`, at `time`. */
export function vectorAt(
  feature: string,
  info: StreamInfo,
  rows: readonly (readonly number[])[],
  time: number,
  params: Record<string, unknown> = {},
): FeatureVector {
  return vectorsOf(feature, info, [chunkOf(info, rows, 0)], [time], params)[0];
}

/** The vector of a stream whose type, labels and units are those that a device declares. */
export function vectorOfDevice(
  feature: string,
  device: {
    readonly type: string;
    readonly sfreq: number;
    readonly channels: Labels;
    readonly from?: string;
  },
  rows: readonly (readonly number[])[],
  time: number,
): FeatureVector {
  const { type, sfreq, channels, from = '' } = device;
  const stream = canonicalStream({
    id: 's',
    name: 'device',
    type,
    sourceId: from,
    sfreq,
    channels: channels.map(([label, unit]) => ({ label, unit, type: '' })),
  });
  const times = Float64Array.from(rows[0], (_, i) => i / sfreq);
  const chunk = canonicalChunk(stream, rows.flat(), 'channels', times, false);
  return vectorsOf(feature, stream.info, [chunk], [time])[0];
}

/** Units by `channel.feature`. */
export function units(vector: FeatureVector): Record<string, string> {
  return Object.fromEntries(vector.schema.features.map((f) => [featureName(f), f.unit]));
}

/** Each of `expected` is there to 1e-9. */
export function expectValues(vector: FeatureVector, expected: Readonly<Record<string, number>>): void {
  const values = named(vector);
  for (const [name, value] of Object.entries(expected))
    expect(Math.abs(values[name]! - value), name).toBeLessThan(1e-9);
}

/** A row of the committed reference; null is a missing sample. */
export function referenceRow(values: readonly (number | null)[]): number[] {
  return values.map((v) => v ?? Number.NaN);
}
