/** Types of the values of a stream, as `channel_format` names them. */
export const channelFormats = ['float32', 'double64', 'string', 'int32', 'int16', 'int8', 'int64'] as const;
export type ChannelFormat = (typeof channelFormats)[number];
export type NumericFormat = Exclude<ChannelFormat, 'string'>;

/** Values of numeric samples, sample by sample. */
export type NumericValues = Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | BigInt64Array;

interface NumericLayout {
  readonly bytes: 1 | 2 | 4 | 8;
  /** `buffer`: its bytes are the values; without it, zeros. */
  readonly values: (length: number, buffer?: ArrayBuffer) => NumericValues;
  readonly accepts: (values: object) => boolean;
}

const layout = <A extends NumericValues>(
  type: { new (length: number): A; new (buffer: ArrayBuffer): A },
  bytes: 1 | 2 | 4 | 8,
): NumericLayout => ({
  bytes,
  values: (length, buffer) => (buffer ? new type(buffer) : new type(length)),
  accepts: (values) => values instanceof type,
});

export const numericLayouts: Readonly<Record<NumericFormat, NumericLayout>> = {
  float32: layout(Float32Array, 4),
  double64: layout(Float64Array, 8),
  int32: layout(Int32Array, 4),
  int16: layout(Int16Array, 2),
  int8: layout(Int8Array, 1),
  int64: layout(BigInt64Array, 8),
};

export function isChannelFormat(name: string): name is ChannelFormat {
  return (channelFormats as readonly string[]).includes(name);
}

/** Samples of one stream as they went over the wire. */
export interface SampleBatch {
  /** [n] stamps, s. */
  readonly times: Float64Array;
  /** [n * C] sample by sample. */
  readonly values: NumericValues | readonly string[];
}

/** Samples `from` (inclusive) to `to` (exclusive) of a batch of `channels` channels. */
export function sliceBatch(batch: SampleBatch, channels: number, from: number, to: number): SampleBatch {
  if (from === 0 && to === batch.times.length) return batch;
  return {
    times: batch.times.slice(from, to),
    values: batch.values.slice(from * channels, to * channels),
  };
}
