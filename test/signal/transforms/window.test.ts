import { describe, expect, it } from 'vitest';
import type { RawWindow, Windower } from '../../../src/core/processor.js';
import { window } from '../../../src/signal/transforms/window.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';

const info = streamInfo({ type: 'EEG', sfreq: 10, labels: ['Fp1', 'Fp2'], unit: 'uV' });
const count = (n: number, from = 0) =>
  [0, 100].map((base) => Array.from({ length: n }, (_, i) => base + from + i));

function windower(params: Record<string, unknown> = {}): Windower<RawWindow> {
  const w = window.create(window.params.parse({ window_s: 1, ...params })) as Windower<RawWindow>;
  w.reset(info, 'start');
  return w;
}

describe('window', () => {
  it('holds the last samples before the closing time, newest last', () => {
    const w = windower();
    w.push(chunkOf(info, count(25), 0));
    const out = w.close(1.5);
    expect([...out.data]).toEqual([
      5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114,
    ]);
    expect(out).toMatchObject({ length: 10, gap: false, window: [0.5, 1.5], time: 1.5 });
    expect([...out.coverage]).toEqual([1, 1]);
  });

  it('leaves what is not there NaN', () => {
    const w = windower();
    w.push(chunkOf(info, count(4), 0));
    const out = w.close(0.4);
    expect([...out.data.slice(0, 10)]).toEqual([...new Array(6).fill(NaN), 0, 1, 2, 3]);
    expect(out.coverage[0]).toBeCloseTo(0.4, 6);
    const stale = w.close(2);
    expect([...stale.data].every(Number.isNaN)).toBe(true);
    expect([...stale.coverage]).toEqual([0, 0]);
  });

  it('never spans a gap unflagged', () => {
    const w = windower();
    w.push(chunkOf(info, count(10), 0));
    w.push(chunkOf(info, count(10, 50), 1.3, true));
    const out = w.close(1.7);
    expect(out.gap).toBe(true);
    expect([...out.data.slice(0, 10)]).toEqual([NaN, NaN, NaN, 7, 8, 9, 50, 51, 52, 53]);
    expect(w.close(2.3).gap).toBe(false);
  });

  it('gives data of its own', () => {
    const w = windower();
    w.push(chunkOf(info, count(10), 0));
    const first = w.close(1);
    const kept = first.data.slice();
    w.push(chunkOf(info, count(500, 10), 1));
    w.close(30);
    expect(first.data).toEqual(kept);
  });
});
