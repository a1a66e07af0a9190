import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../src/core/clock.js';
import { historyStreams } from '../../../../src/io/protocol/calls.js';
import type { WireMessage } from '../../../../src/io/protocol/output.js';
import { ToldHistory } from '../../../../src/io/sinks/told/told-history.js';

const message = (session: string, time: number, run = 'r', stream = 'markers'): WireMessage =>
  ({ stream, session, run, time, text: `at ${time}` }) as unknown as WireMessage;

function started() {
  const clock = new VirtualClock();
  const history = new ToldHistory(clock);
  const keep = (one: WireMessage): void => history.keep(one, () => JSON.stringify(one));
  const times = (session: string, wanted: { from?: number; limit?: number } = {}): number[] => {
    const all = { streams: historyStreams, limit: 4096, ...wanted };
    const told = JSON.parse(history.tell(session, all).text) as { messages: { time: number }[] };
    return told.messages.map(({ time }) => time);
  };
  return { clock, history, keep, times };
}

describe('the history of a session', () => {
  it('is what it told in the last hour, oldest first, from a session time on, the newest so many', () => {
    const { clock, history, keep, times } = started();
    for (let minute = 0; minute < 90; minute++) {
      keep(message('a', 60 * minute));
      clock.advance(60);
    }
    expect(times('a')).toEqual(Array.from({ length: 60 }, (_, k) => 60 * (k + 30)));
    expect(times('a', { from: 5280 })).toEqual([5280, 5340]);
    expect(times('a', { limit: 2 })).toEqual([5280, 5340]);
    expect(JSON.parse(history.tell('a', { streams: ['affect'], limit: 9 }).text)).toEqual({
      ...{ session: 'a', more: false, messages: [] },
    });
    expect(JSON.parse(history.tell('a', { streams: ['markers'], limit: 9 }).text).more).toBe(true);
  });

  it('outlives the session, and ends where another begins under its name', () => {
    const { keep, times } = started();
    keep(message('a', 1));
    keep(message('a', 2));
    // The end of a session is told under the next run.
    keep(message('a', 2.5, 'r.1', 'sys'));
    expect(times('a')).toEqual([1, 2]);
    keep(message('a', 0, 'r.1'));
    expect(times('a')).toEqual([0]);
  });

  it('is bounded by count, in a session and over all, and the longest silent goes first', () => {
    const { clock, history, keep, times } = started();
    for (let k = 0; k < 20_000; k++) keep(message('a', k));
    expect(times('a', { limit: 1e9 }).length).toBeLessThanOrEqual(16_384);
    expect(times('a').at(-1)).toBe(19_999);
    for (let s = 0; s < 20; s++) for (let k = 0; k < 10_000; k++) keep(message(`s${s}`, k));
    expect(history.size).toBeLessThanOrEqual(131_072);
    expect(history.has('a')).toBe(false);
    expect(times('s19').at(-1)).toBe(9999);
    clock.advance(3601);
    keep(message('b', 0));
    expect(history.size).toBe(1);
  });
});
