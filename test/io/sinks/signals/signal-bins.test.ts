import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sliceChunk } from '../../../../src/core/signal.js';
import { type Bins, binOf, SignalBins } from '../../../../src/io/sinks/signals/signal-bins.js';
import { chunkOf, streamInfo } from '../../../../src/testing/stream-fixtures.js';

const info = streamInfo({ type: 'EEG', sfreq: 500, labels: ['Cz', 'Pz'], unit: 'uV' });

/** By bin, what was told: [least, greatest, gap]. */
function table(all: readonly Bins[]): Map<number, unknown> {
  const told = new Map<number, unknown>();
  for (const { first, rows } of all)
    for (const [i, row] of rows.entries()) {
      expect(told.has(first + i)).toBe(false);
      told.set(first + i, row && [[...row.least], [...row.greatest], row.gap]);
    }
  return told;
}

describe('bins of a signal', () => {
  it('hold least and greatest of the samples of each stretch of session time, however they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.oneof(fc.double(), fc.constant(Number.NaN)), fc.double()), {
          minLength: 1,
          maxLength: 300,
        }),
        fc.array(fc.integer({ min: 1, max: 299 }), { maxLength: 6 }),
        fc.constantFrom(1, 20, 50, 100, 500),
        (samples, cuts, per_s) => {
          const zero = 17.25;
          const rows = [samples.map(([a]) => a), samples.map(([, b]) => b)];
          const whole = chunkOf(info, rows, zero);
          const one = new SignalBins(2, per_s, 20);
          const other = new SignalBins(2, per_s, 20);
          const ends = [...new Set([...cuts.filter((cut) => cut < samples.length), samples.length])];
          ends.sort((a, b) => a - b);
          const cut = ends.flatMap((end, i) => other.take(sliceChunk(whole, ends[i - 1] ?? 0, end), zero));
          const told = table([...one.take(whole, zero), ...one.rest()]);
          expect(table([...cut, ...other.rest()])).toEqual(told);
          const expected = new Map<number, [number[], number[]]>();
          for (const [i, time] of whole.times.entries()) {
            const k = binOf(time - zero, per_s);
            const [a, b] = expected.get(k) ?? [[], []];
            expected.set(k, [
              [...a, rows[0][i]],
              [...b, rows[1][i]],
            ]);
          }
          for (const [k, channels] of expected) {
            const found = channels.map((values) => values.filter(Number.isFinite));
            const least = found.map((values) => (values.length > 0 ? Math.min(...values) : Number.NaN));
            const greatest = found.map((values) => (values.length > 0 ? Math.max(...values) : Number.NaN));
            // 0 and -0 are as great as each other.
            expect(told.get(k)).toEqual([least.map(eitherZero), greatest.map(eitherZero), false]);
          }
          expect(told.size).toBe(expected.size);
        },
      ),
      { numRuns: 60, seed: 3 },
    );
    function eitherZero(value: number) {
      return value === 0 ? expect.toSatisfy((zero: number) => zero === 0) : value;
    }
  });

  it('are told once they are over, and often enough', () => {
    const bins = new SignalBins(2, 100, 20);
    const second = chunkOf(info, [new Float64Array(500), new Float64Array(500)], 0);
    const told: number[] = [];
    for (let i = 0; i < 500; i++)
      for (const { first, rows } of bins.take(sliceChunk(second, i, i + 1), 0)) told.push(first, rows.length);
    // Those of 50 ms when the first sample behind them comes.
    expect(told).toEqual(Array.from({ length: 19 }, (_, i) => [5 * i, 5]).flat());
    expect(bins.peek()).toMatchObject({ first: 95, rows: { length: 5 } });
    expect(bins.rest()).toMatchObject([{ first: 95, rows: { length: 5 } }]);
    expect(bins.rest()).toEqual([]);
    expect(bins.peek()).toBeNull();
  });

  it('are empty where no sample came, say where samples are missing, and leave a long silence out', () => {
    const bins = new SignalBins(2, 10, 20);
    const value = [[1], [2]];
    expect(bins.take(chunkOf(info, value, 0), 0)).toEqual([]);
    const over = bins.take(chunkOf(info, value, 0.35, true), 0);
    expect([...table(over)]).toEqual([[0, [[1, 2], [1, 2], false]], [1, null], [2, null]]); // biome-ignore format: rows
    expect([...table(bins.take(chunkOf(info, value, 3600), 0))]).toEqual([[3, [[1, 2], [1, 2], true]]]); // biome-ignore format: rows
    // A gap within a bin is one, too; and a clock that was set back goes on.
    bins.take(chunkOf(info, value, 3600.05, true), 0);
    expect([...table(bins.take(chunkOf(info, value, 1800), 0))]).toEqual([[36_000, [[1, 2], [1, 2], true]]]); // biome-ignore format: rows
    expect([...table(bins.rest())].map(([k]) => k)).toEqual([18_000]);
  });

  it('come in messages of bounded size', () => {
    const wide = streamInfo({
      type: 'EEG',
      sfreq: 500,
      labels: Array.from({ length: 64 }, (_, c) => `${c}`),
      unit: 'uV',
    });
    const long = chunkOf(wide, Array.from({ length: 64 }, () => new Float64Array(2000)), 0); // biome-ignore format: one
    const told = new SignalBins(64, 500, 20).take(long, 0);
    expect(Math.max(...told.map(({ rows }) => 128 * rows.length))).toBeLessThanOrEqual(16_384);
    expect(table(told).size).toBe(1999);
  });
});
