import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areAtOnce, type StreamSpan } from '../../../src/pipeline/session/stream-span.js';

const span = (first: number | null, last: number | null, samples = 100): StreamSpan => ({
  ...{ samples, first, last },
});
const dead = span(null, null, 0);

describe('two streams of a recording', () => {
  it('are there at once where they share a moment, whichever is asked about first', () => {
    const moments = fc.integer({ min: -5, max: 5 });
    const spans = fc.tuple(moments, moments).map(([a, b]) => span(Math.min(a, b), Math.max(a, b)));
    fc.assert(
      fc.property(spans, spans, (a, b) => {
        const whole = Array.from({ length: 11 }, (_, k) => k - 5);
        const during = ({ first, last }: StreamSpan) => whole.filter((t) => t >= first! && t <= last!);
        const shared = during(a).filter((t) => during(b).includes(t));
        expect(areAtOnce(a, b)).toBe(shared.length > 0);
        expect(areAtOnce(b, a)).toBe(shared.length > 0);
      }),
    );
  });

  it('are there at once where one ends with the very stamp that the other begins with', () => {
    expect(areAtOnce(span(0, 5), span(5, 9))).toBe(true);
    expect(areAtOnce(span(0, 5), span(5.000_001, 9))).toBe(false);
  });

  it('are there at once where one has a single sample, during the other, however many that has', () => {
    expect(areAtOnce(span(3, 3, 1), span(0, 5))).toBe(true);
    expect(areAtOnce(span(3, 3, 1), span(3, 3, 1))).toBe(true);
    expect(areAtOnce(span(3, 3, 1), span(4, 5))).toBe(false);
  });

  it('are not where one is dead, nor where both are', () => {
    for (const other of [span(0, 5), span(0, 0), dead]) {
      expect(areAtOnce(dead, other)).toBe(false);
      expect(areAtOnce(other, dead)).toBe(false);
    }
  });
});
