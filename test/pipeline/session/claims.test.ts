import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SourceNode } from '../../../src/pipeline/file/pipeline.js';
import { specificity } from '../../../src/pipeline/file/stream-selector.js';
import { claimsOf } from '../../../src/pipeline/session/claims.js';
import { sourceOf } from './source-of.js';

const word = fc.constantFrom(null, 'a', 'b');
const asking = fc.record({
  select: fc.record({
    name: word,
    source_id: word,
    hostname: word,
    has_labels: fc.constantFrom(null, ['a'], ['a', 'b'], ['b', 'a'], ['a', 'a']),
  }),
  rest: fc.record({
    stream_type: fc.constantFrom('EEG' as const, 'ECG' as const),
    type: fc.constantFrom('websocket', 'lsl'),
    failover: fc.boolean(),
    optional: fc.boolean(),
    labels: fc.constantFrom(null, ['Cz']),
  }),
});
const pipelines = fc
  .array(asking, { maxLength: 12 })
  .map((all) => all.map(({ select, rest }, k) => sourceOf(`s${k}`, select, rest)));

/** Labels are a set. */
const asksFor = ({ stream_type, select }: SourceNode) => [
  stream_type,
  { ...select, has_labels: select.has_labels && new Set(select.has_labels) },
];
const names = (sources: readonly SourceNode[]): readonly string[] => sources.map(({ name }) => name);
const grouped = (...sources: SourceNode[]) => claimsOf(sources).map((claim) => names(claim.sources));

describe('what sources ask for', () => {
  it('is one claim for all that ask for the same, in the order of the file, and for no others', () => {
    fc.assert(
      fc.property(pipelines, (sources) => {
        const claims = claimsOf(sources);
        for (const claim of claims) {
          const alike = sources.filter((source) =>
            isDeepStrictEqual(asksFor(source), asksFor(claim.sources[0])),
          );
          expect(names(claim.sources)).toEqual(names(alike));
        }
        expect(claims.flatMap((claim) => names(claim.sources)).sort()).toEqual([...names(sources)].sort());
        expect(new Set(claims.map(({ key }) => key)).size).toBe(claims.length);
      }),
    );
  });

  it('is in order of how much it is, then of the file', () => {
    fc.assert(
      fc.property(pipelines, (sources) => {
        const first = claimsOf(sources).map((claim) => claim.sources[0]);
        for (const [k, after] of first.slice(1).entries()) {
          const [much, less] = [specificity(first[k]), specificity(after)];
          expect(much).toBeGreaterThanOrEqual(less);
          if (much === less) expect(sources.indexOf(first[k])).toBeLessThan(sources.indexOf(after));
        }
      }),
    );
  });

  it('has the same key in every pipeline, whatever else is asked for there', () => {
    fc.assert(
      fc.property(pipelines, (sources) => {
        for (const claim of claimsOf(sources))
          for (const source of claim.sources)
            expect(claimsOf([sourceOf('other', source.select, source)])[0].key).toBe(claim.key);
      }),
    );
  });

  it('is the stream alone: neither the door, nor who may take over, nor names for its channels', () => {
    const others = [
      sourceOf('lsl', {}, { type: 'lsl', params: { query: 'x' } }),
      sourceOf('failover', {}, { failover: true }),
      sourceOf('labels', {}, { labels: ['Fp1'] }),
      sourceOf('optional', {}, { optional: true }),
    ];
    expect(grouped(sourceOf('eeg'), ...others)).toEqual([['eeg', ...names(others)]]);
  });

  it('is never taken for something else that is written alike', () => {
    const labels = (...has_labels: string[]) => ({ has_labels });
    const alike = [
      ...[{ name: 'a' }, { source_id: 'a' }, { hostname: 'a' }, labels('a')],
      ...[labels('a', 'b'), labels('a,b'), labels('a","b')],
      ...[{ name: 'null' }, { name: 'a', source_id: 'b' }, { name: 'a","b' }],
      ...[
        { name: 'a', hostname: 'b' },
        { name: 'b', source_id: 'a' },
      ],
    ].map((select, k) => sourceOf(`s${k}`, select));
    const ecg = sourceOf('ecg', {}, { stream_type: 'ECG' });
    expect(grouped(sourceOf('eeg'), ecg, ...alike)).toHaveLength(2 + alike.length);
  });

  it('of no sources is nothing', () => {
    expect(grouped()).toEqual([]);
  });
});
