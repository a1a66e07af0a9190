import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamInfo } from '../../../src/core/signal.js';
import { areRelated, identity } from '../../../src/pipeline/session/stream-identity.js';
import { streamInfo } from '../../../src/testing/stream-fixtures.js';

const eeg = streamInfo({ type: 'EEG', sfreq: 256, labels: ['TP9', 'AF7'], unit: 'uV' });
const stream = (changed: Partial<StreamInfo> = {}): StreamInfo => ({ ...eeg, ...changed });

const fields = ['client', 'hostname', 'name', 'type', 'sourceId'] as const;
const streams = fc
  .record(
    {
      client: fc.constantFrom('', 'a', 'null', 'undefined'),
      hostname: fc.constantFrom('', 'a', 'null', 'undefined'),
      name: fc.constantFrom('', 'a', 'b', 'a","b'),
      type: fc.constantFrom('EEG' as const, 'ECG' as const),
      sourceId: fc.constantFrom('', 'a', 'b'),
    },
    { requiredKeys: ['name', 'type', 'sourceId'] },
  )
  .map(stream);
/** Two streams that differ in two fields at most, in words that are easily mixed up. */
const pairs = fc
  .tuple(streams, streams, fc.subarray([...fields], { minLength: 3 }))
  .map(([a, b, shared]) => [a, { ...b, ...Object.fromEntries(shared.map((field) => [field, a[field]])) }]);

describe('what tells a stream from others', () => {
  it('is its client, or else its machine, with name, type and source id; nothing else, and all of them', () => {
    const who = ({ client, hostname }: StreamInfo) => (client === undefined ? { hostname } : { client });
    const what = ({ name, type, sourceId }: StreamInfo) => ({ name, type, sourceId });
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const isOne = isDeepStrictEqual([who(a), what(a)], [who(b), what(b)]);
        expect(identity(a) === identity(b)).toBe(isOne);
      }),
      { numRuns: 2000 },
    );
  });

  it('stays when it is opened again by its client, from another address, under another id and described anew', () => {
    const muse = stream({ client: 'phone', hostname: '10.0.0.7' });
    const channels = [{ label: 'Cz', unit: 'mV', type: 'EEG' }];
    const again: Partial<StreamInfo> = { id: 'eeg-2', hostname: '10.0.0.9', sfreq: 220, channels };
    expect(identity({ ...muse, ...again, dialect: 'muse', simulated: true, aligned: 'clock' })).toBe(
      identity(muse),
    );
    expect(identity({ ...muse, hostname: undefined })).toBe(identity(muse));
  });

  it("differs on another machine where no client names itself: two labs' headsets of one make are two", () => {
    expect(identity(stream({ hostname: 'lab' }))).not.toBe(identity(stream({ hostname: 'next door' })));
    expect(identity(stream({ hostname: 'lab' }))).not.toBe(identity(stream()));
  });

  it('differs between a client and a machine of the same name', () => {
    expect(identity(stream({ client: 'lab' }))).not.toBe(identity(stream({ hostname: 'lab' })));
  });
});

describe('streams one of which may follow the other', () => {
  const from = (client: string | undefined, hostname: string | undefined): StreamInfo =>
    stream({ ...(client !== undefined && { client }), ...(hostname !== undefined && { hostname }) });

  it.each<[why: string, a: StreamInfo, b: StreamInfo, related: boolean]>([
    ['one client that moved to another machine', from('phone', 'x'), from('phone', 'y'), true],
    ['one client, a machine of which is not known', from('phone', 'x'), from('phone', undefined), true],
    ['two clients of one machine', from('phone', 'x'), from('laptop', 'x'), true],
    ['a client and a stream without one, of one machine', from('phone', 'x'), from(undefined, 'x'), true],
    ['two clients of two machines', from('phone', 'x'), from('laptop', 'y'), false],
    ['two machines, where no client names itself', from(undefined, 'x'), from(undefined, 'y'), false],
    ['a machine, and one that is not known', from(undefined, 'x'), from(undefined, undefined), false],
    ["a client, and a machine that has the client's name", from('x', 'y'), from(undefined, 'x'), false],
    ['streams of a file that tells no machine', from(undefined, undefined), from(undefined, undefined), true],
  ])('%s', (_, a, b, related) => {
    expect([areRelated(a, b), areRelated(b, a)]).toEqual([related, related]);
  });

  it('are so whatever they measure and are called', () => {
    const gaze = stream({ ...{ id: 'gaze', name: 'tobii', type: 'Gaze', sourceId: 'T' }, hostname: 'x' });
    expect(areRelated(from(undefined, 'x'), gaze)).toBe(true);
  });

  it('are so without being so by a third', () => {
    const [moved, here, other] = [from('phone', 'x'), from('phone', 'y'), from('laptop', 'y')];
    expect([areRelated(moved, here), areRelated(here, other), areRelated(moved, other)]).toEqual([
      ...[true, true, false],
    ]);
  });
});
