import { describe, expect, it } from 'vitest';
import { lineSchemas } from '../../../../src/io/protocol/output.js';
import type { NumberedSignals } from '../../../../src/io/sinks/signals/signal-messages.js';
import { WatchedSignals } from '../../../../src/io/sinks/signals/watched-signals.js';
import { chunkOf, streamInfo } from '../../../../src/testing/stream-fixtures.js';

const eeg = streamInfo({ type: 'EEG', sfreq: 500, labels: ['Cz'], unit: 'uV' });
const eda = streamInfo({ type: 'EDA', sfreq: 4, labels: ['EDA'], unit: 'uS' });
const none: ReadonlySet<number> = new Set();

/** `seconds` of a ramp from session time `from` on. */
function ramp(from: number, seconds: number, info = eeg) {
  const n = seconds * info.sfreq;
  const rows = [Array.from({ length: n }, (_, i) => from * info.sfreq + i)];
  return { kind: 'chunk', chunk: chunkOf(info, rows, 100 + from) } as const;
}

function begun(...infos: (typeof eeg)[]): WatchedSignals {
  const signals = new WatchedSignals();
  for (const info of infos) signals.take('lab', { kind: 'open', info }, none);
  signals.begin('lab', 100);
  return signals;
}

/** Session time and least of each bin that a message tells. */
const binsOf = ({ bins }: NumberedSignals): [number, number | null | undefined][] =>
  bins!.least.map((row, i) => [(bins!.first + i) / bins!.per_s, row?.[0]]);

describe('watched signals', () => {
  it('are computed once for all who watch at a rate, whatever others watch', () => {
    const [alone, beside] = [begun(eeg), begun(eeg)];
    const told = [0, 1, 2].map((s) => alone.take('lab', ramp(s, 1), new Set([50])));
    const other = [0, 1, 2].map((s) => beside.take('lab', ramp(s, 1), new Set([5, 50, 200])));
    const at50 = other.map((all) => all.filter(([per_s]) => per_s === 50));
    expect(at50).toEqual(told);
    const messages = told.flat().map(([, message]) => message);
    expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, i) => i));
    for (const message of messages) expect(lineSchemas.signals.safeParse(message).error).toBeUndefined();
    expect(messages.flatMap(binsOf)).toEqual(Array.from({ length: 149 }, (_, k) => [k / 50, 10 * k]));
    expect(messages[0]).toMatchObject({ kind: 'bins', time: 0, zero: 100, id: 'eeg' });
  });

  it('come as samples where the stream is no faster than the rate', () => {
    const signals = begun(eda);
    const [[, told]] = signals.take('lab', ramp(0, 1, eda), new Set([4, 50]));
    expect(told).toMatchObject({ kind: 'samples', times: [100, 100.25, 100.5, 100.75], seq: 0 });
    expect(signals.take('lab', ramp(1, 1, eda), new Set([2])).map(([, { kind }]) => kind)).toEqual(['bins']);
  });

  it('end with what was told of them, and hold no ticks', () => {
    const signals = begun(eeg);
    const watch = new Set([10]);
    signals.take('lab', ramp(0, 1), watch);
    const ended = signals.take('lab', { kind: 'close', id: 'eeg' }, watch).map(([, message]) => message);
    expect(ended.map(({ kind, seq }) => [kind, seq])).toEqual([['bins', 1], ['close', 2]]); // biome-ignore format: rows
    expect(binsOf(ended[0])).toEqual([[0.9, 450]]);
    expect(signals.openings('lab', 10)).toEqual({ open: [], past: [] });
    expect(signals.size).toBe(0);
    const ticks = { ...eeg, id: 'ticks', type: 'Ticks' } as const;
    expect(signals.take('lab', { kind: 'open', info: ticks }, watch)).toEqual([]);
    expect(signals.take('lab', ramp(1, 1, ticks), watch)).toEqual([]);
    expect(signals.take('lab', { kind: 'close', id: 'ticks' }, watch)).toEqual([]);
  });

  it('show a late visitor the last minute, without a hole before what comes', () => {
    const signals = begun(eeg, eda);
    for (let s = 0; s < 90; s++) for (const info of [eeg, eda]) signals.take('lab', ramp(s, 1, info), none);
    for (const [rate, step] of [
      [100, 0.05],
      [5, 0.2],
    ] as const) {
      // biome-ignore format: rows
      const { open, past } = signals.openings('lab', rate);
      expect(open.map(({ kind, id }) => [kind, id])).toEqual([['open', 'eeg'], ['open', 'eda']]); // biome-ignore format: rows
      for (const message of past) expect(message.past).toBe(true);
      const told = past.filter(({ id }) => id === 'eeg').flatMap(binsOf);
      const times = told.map(([time]) => time);
      expect(times[0]).toBeLessThanOrEqual(30);
      expect(times).toEqual(times.map((_, i) => expect.closeTo(times[0] + step * i, 9)));
      expect(told.at(-1)).toEqual([expect.closeTo(90 - step, 9), 500 * (90 - step)]);
      expect(past.filter(({ id }) => id === 'eda').flatMap(binsOf).at(-1)?.[0]).toBe(rate === 5 ? 89.6 : 89.75); // biome-ignore format: one
    }
    // Of all sessions it would be too much at once.
    expect(signals.openings('*', 5)).toEqual({ open: signals.openings('lab', 5).open, past: [] });
    const [[, first]] = signals.take('lab', ramp(90, 1), new Set([100]));
    expect(binsOf(first)[0]).toEqual([90, 45_000]);
  });

  it('keep 64 MB of all sessions, of those that were silent longest least', () => {
    const wide = streamInfo({
      type: 'EEG',
      sfreq: 20,
      labels: Array.from({ length: 1024 }, (_, c) => `${c}`),
      unit: 'uV',
    });
    const signals = new WatchedSignals();
    const row = Array.from({ length: 110 }, (_, i) => i);
    const chunk = chunkOf(wide, Array.from({ length: 1024 }, () => row), 0); // biome-ignore format: one
    const sessions = Array.from({ length: 90 }, (_, i) => `s${i}`);
    for (const session of sessions) {
      signals.take(session, { kind: 'open', info: wide }, none);
      signals.begin(session, 0);
      signals.take(session, { kind: 'chunk', chunk }, none);
      expect(4 * signals.size).toBeLessThanOrEqual(67_108_864);
    }
    const has = (session: string) => signals.openings(session, 20).past.length > 1;
    expect([has('s0'), has('s89')]).toEqual([false, true]);
    for (const session of sessions) signals.ended(session);
    expect(signals.size).toBe(0);
  });
});
