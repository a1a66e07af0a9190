import { describe, expect, it } from 'vitest';
import { TimeBase } from '../../../src/sources/ingest/time-base.js';

const receive = (base: TimeBase, time: number) => {
  base.advance(time);
  return base;
};

describe('time base', () => {
  it('is defined by the first stream, which keeps its stamps', () => {
    const base = new TimeBase();
    expect(base.align('lsl', 'a', 5000)).toEqual({ kind: 'lsl', offset_s: 0, aligned: 'clock' });
  });

  it('is shared by streams of the same clock, whoever sends them', () => {
    const base = new TimeBase();
    base.align('unix', 'a', 1.7e9);
    receive(base, 1.7e9 + 100);
    expect(base.align('unix', 'b', 1.7e9 + 3)).toEqual({ kind: 'unix', offset_s: 0, aligned: 'clock' });
  });

  it("takes another clock's first sample to be as new as the newest data, once for all its streams", () => {
    const base = new TimeBase();
    base.align('lsl', 'a', 5000);
    receive(base, 5010);
    expect(base.align('unix', 'b', 1.7e9)).toEqual({
      kind: 'unix',
      offset_s: 5010 - 1.7e9,
      aligned: 'assumed',
    });
    receive(base, 5100);
    expect(base.align('unix', 'b', 1.7e9 + 1).offset_s).toBe(5010 - 1.7e9);
  });

  it('keeps the clocks of two devices apart', () => {
    const base = new TimeBase();
    base.align('device', 'a', 10);
    receive(base, 12);
    expect(base.align('device', 'a', 11)).toMatchObject({ offset_s: 0, aligned: 'clock' });
    expect(base.align('device', 'b', 700)).toMatchObject({ offset_s: 12 - 700, aligned: 'assumed' });
  });

  it('recognises unix stamps of senders that name no clock', () => {
    const base = new TimeBase();
    base.align(undefined, 'a', 0);
    receive(base, 2);
    expect(base.align(undefined, 'b', 1.7e9)).toEqual({
      kind: 'unix',
      offset_s: 2 - 1.7e9,
      aligned: 'assumed',
    });
  });

  it('takes unnamed clocks for one where they agree, else not', () => {
    const base = new TimeBase();
    base.align(undefined, 'a', 0);
    receive(base, 60);
    expect(base.align(undefined, 'a', 0)).toMatchObject({ offset_s: 0, aligned: 'clock' });
    expect(base.align(undefined, 'b', 58)).toMatchObject({ offset_s: 0, aligned: 'clock' });
    expect(base.align(undefined, 'c', 0)).toMatchObject({ offset_s: 60, aligned: 'assumed' });
    expect(base.align(undefined, 'c', 0.5)).toMatchObject({ offset_s: 60, aligned: 'assumed' });
  });

  it('believes a sender that names the session clock', () => {
    const base = new TimeBase();
    base.align('session', 'a', 0);
    receive(base, 60);
    expect(base.align('session', 'b', 0)).toMatchObject({ offset_s: 0, aligned: 'clock' });
  });
});
