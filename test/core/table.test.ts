import { describe, expect, it } from 'vitest';
import { type StreamType, streamTypes } from '../../src/core/signal.js';
import { tableOf } from '../../src/core/table.js';
import { compileQuery } from '../../src/io/lsl/query.js';
import { parseXml, xmlElement } from '../../src/io/lsl/xml.js';
import { canonicalChunk, canonicalStreams } from '../../src/signal/dialects/canonical-stream.js';
import { featureDefinitions } from '../../src/signal/features/registry.js';
import { regionOf } from '../../src/signal/montage/regions.js';
import { mask } from '../../src/signal/transforms/mask.js';

/** What an object literal finds although nobody wrote it there. */
const inherited = Object.getOwnPropertyNames(Object.prototype);
const STRANGE = 'gibberish';

it('a table knows what was written into it, and nothing else', () => {
  const table = tableOf({ uV: 1 });
  expect(table.get('uV')).toBe(1);
  for (const name of inherited) expect(table.get(name), name).toBeUndefined();
});

/** A stream whose every text is `name`, through its dialect, the mask and the features of its type. */
function told(type: StreamType, name: string): unknown {
  const [stream] = canonicalStreams({
    ...{ id: 's', name: 's', type, sourceId: '', sfreq: 64 },
    channels: [{ label: name, unit: name, type: name }],
  });
  const { info } = stream;
  const values: number[] = [];
  const chunk = canonicalChunk(stream, [1, 2, 3], 'samples', Float64Array.of(0, 1 / 64, 2 / 64), false);
  const masking = mask.create(mask.params.parse({}) as never);
  masking.reset(info, 'start');
  masking.process(chunk, ({ data }) => values.push(...data));
  const features = [...featureDefinitions.values()].flatMap<unknown>(
    ({ streams, params, create, name: feature }) => {
      if (!streams.includes(type)) return [];
      try {
        return create(info, params.parse({}) as never, 4, new Map()).descriptors;
      } catch (error) {
        return [`${feature}: ${(error as Error).constructor.name}`];
      }
    },
  );
  const text = JSON.stringify({ info, scale: [...stream.scale], notes: stream.notes, values, features });
  return text.replaceAll(name, '?').replaceAll(name.toLowerCase(), '?');
}

describe.each(inherited)('a name that every object has, %s,', (name) => {
  it.each(streamTypes)('is one like any other in a stream of %s', (type) => {
    expect(told(type, name)).toEqual(told(type, STRANGE));
  });

  it('is no place on the head, no entity and no function of queries', () => {
    expect(regionOf(name)).toBeNull();
    const entity = `&${name.slice(0, 8)};`;
    expect(parseXml(`<info>${entity}</info>`).text).toBe(entity);
    if (!/^_/.test(name)) expect(() => compileQuery(`${name}()`)(xmlElement('info'))).toThrow('no function');
  });
});
