import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamInfo } from '../../../src/core/signal.js';
import type { SourceNode } from '../../../src/pipeline/file/pipeline.js';
import { selects } from '../../../src/pipeline/file/stream-selector.js';
import { type Claim, claimsOf } from '../../../src/pipeline/session/claims.js';
import { carriedOver, type Holder, type Holders } from '../../../src/pipeline/session/holders.js';
import { identity } from '../../../src/pipeline/session/stream-identity.js';
import { streamInfo } from '../../../src/testing/stream-fixtures.js';
import { sourceOf } from './source-of.js';

const eeg = streamInfo({ type: 'EEG', sfreq: 100, labels: ['Fp1', 'Fp2'], unit: 'uV' });

function holderOf(name: string, changed: Partial<Holder> = {}): Holder {
  const info: StreamInfo = { ...eeg, id: name, name, sourceId: `serial-${name}`, hostname: 'lab' };
  return { info, key: identity(info), heardAt: 5, heard: 7, closedAt: null, onPurpose: false, ...changed };
}
const [a, b, c] = ['A', 'B', 'C'].map((name) => holderOf(name));

type Fed = readonly [source: SourceNode, holders?: Holders];

/** What a binder of these sources knows: of those that ask for the same, the first says what feeds them. */
function known(sources: readonly Fed[]) {
  const claims = claimsOf(sources.map(([source]) => source));
  const fed = new Map(sources.map(([source, held]) => [source, held]));
  return {
    holders: claims.flatMap(({ key, sources: [first] }): [string, Holders][] => {
      const held = fed.get(first);
      return held ? [[key, held]] : [];
    }),
    sources: claims.map(({ key, sources }) => [key, names(sources)] as const),
  };
}
const names = (sources: readonly SourceNode[]): readonly string[] => sources.map(({ name }) => name);
const ids = (held: Holders): string => held.map(({ info }) => info.id).join(' ');

/** Who fed each source, and who feeds each claim from now on, by the names of its sources. */
function goOver(before: readonly Fed[], ...to: SourceNode[]) {
  const { holders, sources } = known(before);
  const claims = claimsOf(to);
  const [fed, feeds] = carriedOver(claims, holders, sources);
  return {
    fed: Object.fromEntries([...fed].map(([source, held]) => [source, ids(held)])),
    feeds: Object.fromEntries(
      claims.flatMap((claim) => {
        const held = feeds.get(claim.key);
        return held ? [[names(claim.sources).join(' '), ids(held)]] : [];
      }),
    ),
  };
}

describe('what feeds the sources of a pipeline that goes on in place of another', () => {
  const any = sourceOf('eeg');

  it('is what fed those that asked for the same, all that the binder knows of it included', () => {
    const lost = holderOf('A', { heardAt: 3, heard: 2, closedAt: 4, onPurpose: true });
    const awaited = holderOf('B', { closedAt: 9, isExpected: true });
    const { holders, sources } = known([[any, [lost, awaited]]]);
    const renamed = claimsOf([sourceOf('head', {}, { type: 'lsl', failover: true, labels: ['O1', 'O2'] })]);
    const whole = structuredClone(holders);
    const [, feeds] = carriedOver(renamed, holders, sources);
    expect([...feeds]).toEqual(whole);
    expect(holders).toEqual(whole);
  });

  it('is what fed a source of the same name that asks for more or less, if it still does for that', () => {
    expect(goOver([[any, [a]]], sourceOf('eeg', { name: 'A' })).feeds).toEqual({ eeg: 'A' });
    expect(goOver([[sourceOf('eeg', { name: 'A' }), [a]]], any).feeds).toEqual({ eeg: 'A' });
    expect(goOver([[any, [a]]], sourceOf('eeg', { has_labels: ['Fp1', 'O1'] })).feeds).toEqual({});
    expect(goOver([[any, [a]]], sourceOf('eeg', {}, { stream_type: 'ECG' })).feeds).toEqual({});
    expect(goOver([[any, [a]]], sourceOf('other', { name: 'A' })).feeds).toEqual({});
  });

  it('leaves out who fed it formerly and is not asked for any more, so that nobody else takes it back', () => {
    const labelled = holderOf('D', { info: { ...b.info, id: 'D', channels: [] }, key: 'D' });
    expect(goOver([[any, [b, labelled, c, a]]], sourceOf('eeg', { has_labels: ['Fp2'] })).feeds).toEqual({
      eeg: 'B C A',
    });
  });

  it('is nothing where the present one is not asked for any more, though a former one is', () => {
    expect(goOver([[any, [a, b]]], sourceOf('eeg', { name: 'A' })).feeds).toEqual({});
  });

  it('is told by what is asked for before it is by name: two sources that change their names keep their streams', () => {
    const [left, right] = [{ source_id: 'serial-A' }, { source_id: 'serial-B' }];
    const before: Fed[] = [
      [sourceOf('one', left), [a]],
      [sourceOf('two', right), [b]],
    ];
    expect(goOver(before, sourceOf('two', left), sourceOf('one', right))).toEqual({
      fed: { one: 'A', two: 'B' },
      feeds: { two: 'A', one: 'B' },
    });
    // Both fit by name, too.
    const loose: Fed[] = [
      [any, [a]],
      [sourceOf('back', right), [b]],
    ];
    expect(goOver(loose, sourceOf('back')).feeds).toEqual({ back: 'A' });
  });

  it('is no stream of another source: where one claim becomes two, what asks for the same keeps it', () => {
    const both: Fed[] = [[any, [a]], [sourceOf('again')]];
    const exact = sourceOf('again', { name: 'A', source_id: 'serial-A' });
    expect(goOver(both, any, exact).feeds).toEqual({ eeg: 'A' });
    expect(goOver(both, exact, any).feeds).toEqual({ eeg: 'A' });
  });

  it('is no stream of another source: where none asks for the same, who asks for most has it, then who is first', () => {
    const both: Fed[] = [[any, [a]], [sourceOf('again')]];
    const exact = { name: 'A', source_id: 'serial-A' };
    expect(goOver(both, sourceOf('eeg', { name: 'A' }), sourceOf('again', exact)).feeds).toEqual({
      again: 'A',
    });
    const [byName, bySource] = [sourceOf('eeg', { name: 'A' }), sourceOf('again', { source_id: 'serial-A' })];
    expect(goOver(both, byName, bySource).feeds).toEqual({ eeg: 'A' });
    expect(goOver(both, bySource, byName).feeds).toEqual({ again: 'A' });
  });

  it('is, where two sources become one claim, what fed the first of them that was fed', () => {
    const [left, right] = [sourceOf('l', { name: 'A' }), sourceOf('r', { name: 'B' })];
    const [l, r] = [sourceOf('l'), sourceOf('r')];
    const both: Fed[] = [
      [left, [a]],
      [right, [b]],
    ];
    expect(goOver(both, l, r)).toEqual({ fed: { l: 'A', r: 'B' }, feeds: { 'l r': 'A' } });
    expect(goOver(both, r, l).feeds).toEqual({ 'r l': 'B' });
    expect(goOver([[left], [right, [b]]], l, r)).toEqual({ fed: { l: '', r: 'B' }, feeds: { 'l r': 'B' } });
  });

  it('keeps streams apart that are equal in everything and open at once', () => {
    const twin = { ...a, info: { ...a.info, id: 'A#2' }, key: `${a.key}#2` };
    const before: Fed[] = [
      [any, [twin]],
      [sourceOf('other', { name: 'A' }), [a]],
    ];
    expect(goOver(before, sourceOf('eeg', { hostname: 'lab' }), before[1][0]).feeds).toEqual({
      ...{ eeg: 'A#2', other: 'A' },
    });
  });

  it('is nothing of nothing', () => {
    expect(goOver([], any)).toEqual({ fed: {}, feeds: {} });
    expect(goOver([[any]], any)).toEqual({ fed: { eeg: '' }, feeds: {} });
    expect(goOver([[any, [a]]])).toEqual({ fed: { eeg: 'A' }, feeds: {} });
  });
});

describe('whatever two pipelines ask for', () => {
  const selectors = fc.constantFrom(
    ...[{}, { name: 'A' }, { name: 'B' }, { source_id: 'serial-A' }, { hostname: 'lab' }],
    ...[{ has_labels: ['Fp1'] }, { name: 'A', hostname: 'lab' }, { source_id: 'serial-C' }],
  );
  const pipelines = fc.uniqueArray(
    fc
      .tuple(fc.constantFrom('eeg', 'left', 'right', 'back'), selectors)
      .map(([name, select]) => sourceOf(name, select)),
    { selector: ({ name }) => name, maxLength: 4 },
  );
  const cast = [a, b, c, holderOf('D'), holderOf('E')];
  /** What a binder may have decided: each claim holds streams that it asks for, and its present one alone. */
  const states = fc
    .tuple(pipelines, fc.array(fc.shuffledSubarray(cast), { minLength: 4, maxLength: 4 }))
    .map(([sources, held]) => {
      const taken = new Set<string>();
      return known(
        claimsOf(sources).map(({ sources: [first] }, k): Fed => {
          const fits = held[k].filter(({ info }) => selects(first, info));
          while (fits.length > 0 && taken.has(fits[fits.length - 1].key)) fits.pop();
          if (fits.length === 0) return [first];
          taken.add(fits[fits.length - 1].key);
          return [first, fits];
        }),
      );
    });
  const keyOf = (held: Holders | undefined): string | undefined => held?.at(-1)?.key;
  const changes = (
    law: (change: {
      readonly claims: readonly Claim[];
      readonly was: ReturnType<typeof known>;
      readonly fed: ReadonlyMap<string, Holders>;
      readonly feeds: ReadonlyMap<string, Holders>;
    }) => void,
  ): void =>
    fc.assert(
      fc.property(states, pipelines, (was, to) => {
        const claims = claimsOf(to);
        const [fed, feeds] = carriedOver(claims, was.holders, was.sources);
        law({ claims, was, fed, feeds });
      }),
      { numRuns: 500 },
    );

  it('no stream feeds two claims, and none feeds one that does not ask for it', () => {
    changes(({ claims, feeds }) => {
      const present = [...feeds.values()].map(keyOf);
      expect(new Set(present).size).toBe(present.length);
      for (const [key, held] of feeds) {
        const { sources } = claims.find((claim) => claim.key === key)!;
        expect(held.filter(({ info }) => !selects(sources[0], info))).toEqual([]);
      }
    });
  });

  it('what asks for the same goes on as it was', () => {
    changes(({ claims, was, feeds }) => {
      for (const [key, held] of was.holders)
        if (claims.some((claim) => claim.key === key)) expect(feeds.get(key)).toEqual(held);
    });
  });

  it('another claim is fed as a source of it was, or no source of it was fed by what is free and asked for', () => {
    changes(({ claims, was, fed, feeds }) => {
      const present = [...feeds.values()].map(keyOf);
      for (const { key, sources } of claims) {
        if (was.holders.some(([claim]) => claim === key)) continue;
        const held = sources.flatMap(({ name }) => fed.get(name) ?? []);
        const now = feeds.get(key);
        if (now) expect(sources.map(({ name }) => keyOf(fed.get(name)))).toContain(keyOf(now));
        else
          for (const { name } of sources) {
            const last = fed.get(name)?.at(-1);
            if (last && selects(sources[0], last.info)) expect(present).toContain(last.key);
          }
        expect(now?.every((holder) => held.includes(holder)) ?? true).toBe(true);
      }
    });
  });
});
