import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { dealUnits, drawUnits, groupBy } from '../../../../src/learn/evaluate/splits/group.js';

const units = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}${i}`);

it('groups in order of first appearance', () => {
  expect([...groupBy(['b1', 'a1', 'b2'], (text) => text[0])]).toEqual([
    ['b', ['b1', 'b2']],
    ['a', ['a1']],
  ]);
});

it('deals parts of a size, though strata are uneven', () => {
  const dealt = dealUnits([units('a', 4), units('b', 4), units('c', 4)], 3, new Random(1).uniform);
  const sizes = [0, 1, 2].map((part) => [...dealt.values()].filter((p) => p === part).length);
  expect(sizes).toEqual([4, 4, 4]);
});

describe('drawUnits', () => {
  it('takes the share of each stratum, and leaves something of each', () => {
    const drawn = drawUnits([units('a', 10), units('b', 1), units('c', 2)], 0.8, new Random(1).uniform);
    const of = (name: string) => [...drawn].filter((unit) => unit.startsWith(name)).length;
    expect([of('a'), of('b'), of('c')]).toEqual([8, 0, 1]);
  });

  it('takes at least one, where that leaves one', () => {
    expect(drawUnits([units('a', 1), units('b', 3)], 0.1, new Random(1).uniform).size).toBe(1);
    expect(drawUnits([units('a', 1)], 0.5, new Random(1).uniform).size).toBe(0);
  });
});
