import { describe, expect, it } from 'vitest';
import { type Channel, type Chunk, channelOf, type StreamInfo } from '../../../src/core/signal.js';
import { rereference } from '../../../src/signal/transforms/rereference.js';
import { assertChunkInvariant } from '../../../src/testing/chunk-invariance.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { troubledChunks } from './signals.js';

const create = (params: Record<string, unknown> = {}) => rereference.create(rereference.params.parse(params));
const cap = (...labels: string[]) => streamInfo({ type: 'EEG', sfreq: 100, labels, unit: 'uV' });

function rowsOf(
  info: StreamInfo,
  rows: readonly number[][],
  params: Record<string, unknown> = {},
): number[][] {
  const processor = create(params);
  processor.reset(info, 'start');
  const out: Chunk[] = [];
  processor.process(chunkOf(info, rows, 0), (chunk) => out.push(chunk));
  return rows.map((_, c) => [...channelOf(out[0], c)]);
}

const { NaN: none } = Number;

describe('rereference', () => {
  it('subtracts the average of what is measured', () => {
    const rows = [
      [1, 2, 3],
      [3, none, none],
      [8, 6, none],
    ];
    expect(rowsOf(cap('Fz', 'Cz', 'Pz'), rows)).toEqual([
      [-3, -2, none],
      [-1, none, none],
      [4, 2, none],
    ]);
  });

  it('leaves other units out and alone', () => {
    const info = cap('Fz', 'Cz', 'x');
    const channels: Channel[] = info.channels.map((c) => (c.label === 'x' ? { ...c, unit: 'g' } : c));
    expect(rowsOf({ ...info, channels }, [[1], [3], [100]])).toEqual([[-1], [1], [100]]);
  });

  it.each([
    ['M1', 'M2'],
    ['A1', 'A2'],
  ])('links %s and %s', (left, right) => {
    const rows = [
      [10, 10, 10],
      [2, none, 2],
      [4, 4, none],
    ];
    expect(rowsOf(cap('Cz', left, right), rows, { to: 'mastoids' })).toEqual([
      [7, none, none],
      [-1, none, none],
      [1, none, none],
    ]);
  });

  it('takes named channels, old names too, and says which are not there', () => {
    const rows = [[5], [2], [1]];
    expect(rowsOf(cap('Fz', 'T7', 'T8'), rows, { to: 'channels', channels: ['T3'] })).toEqual([
      [3],
      [0],
      [-1],
    ]);
    expect(() => create({ to: 'mastoids' }).reset(cap('Fz', 'M1'), 'start')).toThrow(
      /lacks the reference M1 and M2, or A1 and A2; its channels are Fz, M1/,
    );
  });

  it('wants channels where it needs them', () => {
    const accepts = (params: object) => rereference.params.safeParse(params).success;
    expect(accepts({ to: 'channels' })).toBe(false);
    expect(accepts({ channels: ['Cz'] })).toBe(false);
    expect(accepts({ to: 'channels', channels: ['Cz'] })).toBe(true);
  });

  it('does not depend on chunks; instances share nothing', () => {
    const chunks = troubledChunks(cap('Fz', 'M1', 'M2'));
    assertChunkInvariant(create, chunks);
    assertChunkInvariant(() => create({ to: 'mastoids' }), chunks);
  });
});
