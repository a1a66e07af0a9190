import { expect, it } from 'vitest';
import { ClosingTimes } from '../../../src/pipeline/session/closing-times.js';

function times(closing: ClosingTimes, count: number): [number, string[]][] {
  return Array.from({ length: count }, () => {
    const time = closing.peek();
    return [time, [...closing.take(time)]];
  });
}

it('closes first when a window is full, then every hop', () => {
  const closing = new ClosingTimes();
  closing.add('de', { window_s: 4, hop_s: 0.5 });
  expect(times(closing, 3).map(([time]) => time)).toEqual([4, 4.5, 5]);
});

it('is the union of the grids, each node on its own', () => {
  const closing = new ClosingTimes();
  closing.add('fast', { window_s: 1, hop_s: 0.5 });
  closing.add('slow', { window_s: 2, hop_s: 1 });
  expect(times(closing, 4)).toEqual([
    [1, ['fast']],
    [1.5, ['fast']],
    [2, ['fast', 'slow']],
    [2.5, ['fast']],
  ]);
});

it('does not drift: the millionth time of a hop of 0.1 s is exact', () => {
  const closing = new ClosingTimes();
  closing.add('de', { window_s: 4, hop_s: 0.1 });
  closing.skipTo(4 + 99_999.95);
  expect(closing.peek()).toBe(4 + 1_000_000 * 0.1);
});

it('passes over the times before a given one, never back', () => {
  const closing = new ClosingTimes();
  closing.add('de', { window_s: 4, hop_s: 0.5 });
  closing.skipTo(10.2);
  expect(closing.peek()).toBe(10.5);
  closing.skipTo(6);
  expect(closing.peek()).toBe(10.5);
});
