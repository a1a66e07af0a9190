import { describe, expect, it } from 'vitest';
import { FedValues } from '../../../src/pipeline/session/fed-values.js';

describe('FedValues', () => {
  it('takes three windows’ worth between two windows, each stream by itself, and tells where some are missing', () => {
    const fed = new FedValues(100);
    expect([100, 100, 100, 1].map((n) => fed.take('a', n))).toEqual(['fed', 'fed', 'fed', 'dropped']);
    expect(fed.take('b', 300)).toBe('fed');
    fed.closed(4, 4);
    expect(fed.take('a', 1)).toBe('dropped');
    fed.closed(8, 4);
    expect([1, 1].map((n) => fed.take('a', n))).toEqual(['gap', 'fed']);
  });

  it('takes what a stream at the bound gives, for ever', () => {
    const fed = new FedValues(400);
    const rooms = new Set<string>();
    for (let hop = 0; hop < 200; hop++) {
      rooms.add(fed.take('a', 50));
      fed.closed(4 + hop / 2, 4);
    }
    expect([...rooms]).toEqual(['fed']);
  });

  it('goes on from its state', () => {
    const fed = new FedValues(100);
    fed.take('a', 300);
    fed.take('a', 1);
    fed.closed(4, 4);
    const other = new FedValues(100);
    other.restore(structuredClone(fed.snapshot()));
    for (const one of [fed, other]) {
      expect(one.take('a', 1)).toBe('dropped');
      one.closed(8, 4);
      expect(one.take('a', 1)).toBe('gap');
    }
  });

  it('forgets streams that are gone', () => {
    const fed = new FedValues(100);
    fed.take('a', 300);
    fed.forget('a');
    expect(fed.take('a', 300)).toBe('fed');
  });
});
