import { expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { channelFormats } from '../../../src/io/lsl/channel-format.js';
import { createStreamInfo } from '../../../src/io/lsl/stream-info.js';
import { sampleDecoder } from '../../../src/io/lsl/wire/sample-decoder.js';
import { encodeSamples, testPattern } from '../../../src/io/lsl/wire/sample-encoder.js';

it.each(channelFormats)(
  'reads whole samples whatever the pieces in which they come (%s)',
  (channelFormat) => {
    const { uniform } = new Random(channelFormat, 'pieces');
    const info = createStreamInfo(
      { name: 'Pieces', type: 'EEG', channelCount: 3, channelFormat, nominalRate_hz: 100, sourceId: 'id' },
      { createdAt: 1.5, sessionId: 'default' },
    );
    const batch = { ...testPattern(channelFormat, 3, 4), deduced: false };
    const stream = Buffer.concat(Array.from({ length: 20 }, () => encodeSamples(batch, true)));
    const decoder = sampleDecoder(info, { bigEndian: true, suppressSubnormals: false });
    let waiting = Buffer.alloc(0);
    let samples = 0;
    for (let at = 0; at < stream.length; ) {
      const next = Math.min(stream.length, at + 1 + Math.floor(30 * uniform()));
      waiting = Buffer.concat([waiting, stream.subarray(at, next)]);
      at = next;
      const { batch: got, used } = decoder.decode(waiting);
      waiting = waiting.subarray(used);
      if (!got) continue;
      for (let i = 0; i < got.times.length; i++)
        expect([...got.values.slice(3 * i, 3 * i + 3)]).toEqual([...batch.values]);
      samples += got.times.length;
    }
    expect(samples).toBe(20);
  },
);
