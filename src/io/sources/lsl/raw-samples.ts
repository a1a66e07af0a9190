import type { StreamInfo } from '../../../core/signal.js';
import type { SampleBatch } from '../../lsl/channel-format.js';
import type { RawSamples } from '../door/door-stream.js';

/** What an outlet sent, for a stream of `channels` channels as `info` describes it: numbers, or markers' texts. */
export function rawSamples({ values, times }: SampleBatch, info: StreamInfo, channels: number): RawSamples {
  if (info.type !== 'Markers') return { values: numbers(values), text: null };
  // Emotiv sends numbers, of which one channel is the marker.
  const named = info.channels.findIndex(({ label }) => /^marker_?value/i.test(label));
  const channel = Math.max(0, named);
  const text = Array.from(times, (_, i) => String(values[i * channels + channel]));
  return { values: new Float64Array(0), text };
}

function numbers(values: SampleBatch['values']): Float32Array | Float64Array {
  if (values instanceof Float32Array || values instanceof Float64Array) return values;
  return values instanceof BigInt64Array || Array.isArray(values)
    ? Float64Array.from(values, Number)
    : Float64Array.from(values as ArrayLike<number>);
}
