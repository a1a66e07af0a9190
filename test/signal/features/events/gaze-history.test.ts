import { describe, expect, it } from 'vitest';
import { GazeHistory } from '../../../../src/signal/features/events/gaze-history.js';

describe('GazeHistory', () => {
  function filled(seconds: number): GazeHistory {
    const history = new GazeHistory(100);
    for (let i = 0; i < 100 * seconds; i++)
      history.push(i / 100, i % 7 === 3 ? Number.NaN : i / 100, -i / 50);
    return history;
  }

  it('measures what lies from the onset to before the end, passing over lost samples', () => {
    const { from, to, extent } = filled(3).path(1, 1.5);
    expect(from[0]).toBeCloseTo(1, 9);
    expect(to[0]).toBeCloseTo(1.49, 9);
    expect(extent[0]).toBeCloseTo(0.49, 9);
    expect(extent[1]).toBeCloseTo(0.98, 9);
  });

  it('does not know what it has forgotten, or has not seen', () => {
    expect(filled(20).path(5, 12).extent).toEqual([Number.NaN, Number.NaN]);
    expect(filled(3).path(3.5, 4).from).toEqual([Number.NaN, Number.NaN]);
    expect(filled(20).path(15, 16).extent[0]).toBeGreaterThan(0.9);
  });
});
