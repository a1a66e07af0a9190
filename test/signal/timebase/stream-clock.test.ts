import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { onGrid, SessionTime } from '../../../src/signal/timebase/session-time.js';
import {
  type ClockEvent,
  type ClockOutput,
  type PlacedSamples,
  StreamClock,
  type StreamClockOptions,
} from '../../../src/signal/timebase/stream-clock.js';

type Clock = StreamClock<null>;

const created = (part: Partial<StreamClockOptions> = {}, session = new SessionTime()): Clock =>
  new StreamClock<null>({ session, sfreq: 100, clock: 'a', ...part });

/** A session whose clock is another one, ours. */
const onOurs = (): SessionTime => {
  const session = new SessionTime();
  session.begin('ours', 0);
  session.measure(0);
  return session;
};

const take = (
  clock: Clock,
  stamps: readonly number[],
  arrival: number,
  more: { readonly gapBefore?: boolean; readonly behind?: boolean; readonly deduced_hz?: number } = {},
) => clock.take({ stamps, arrival, content: null, ...more });

const isSamples = (output: ClockOutput<null>): output is PlacedSamples<null> => output.kind === 'samples';
const timesOf = (outputs: readonly ClockOutput<null>[]): number[] =>
  outputs.filter(isSamples).flatMap(({ times }) => [...times]);
const eventsOf = (outputs: readonly ClockOutput<null>[]): ClockEvent[] =>
  outputs.filter((output): output is ClockEvent => output.kind === 'event');
const codesOf = (outputs: readonly ClockOutput<null>[]): string[] =>
  eventsOf(outputs).map(({ code }) => code);

/** Ten samples of 100 Hz each 0.1 s, whose stamps `stamp` gives; they come 20 ms after the last. */
function run(
  clock: Clock,
  from_s: number,
  to_s: number,
  stamp: (true_s: number) => number,
): ClockOutput<null>[] {
  const outputs: ClockOutput<null>[] = [];
  for (let m = Math.round(from_s * 10); m < Math.round(to_s * 10); m++) {
    const times = Array.from({ length: 10 }, (_, i) => m / 10 + i / 100);
    outputs.push(...take(clock, times.map(stamp), m / 10 + 0.11));
  }
  return outputs;
}

const errorsOf = (outputs: readonly ClockOutput<null>[], from_s: number): number[] =>
  timesOf(outputs).map((time, i) => time - (from_s + i / 100));

describe('StreamClock', () => {
  it('leaves the stamps of the stream that gives the session its clock as they are', () => {
    const session = new SessionTime();
    const outputs = run(created({}, session), 0, 30, (t) => 1000 + t);
    expect(session.clock).toBe('a');
    expect(session.zero).toBe(1000);
    for (const [i, time] of timesOf(outputs).entries()) expect(time).toBeCloseTo(1000 + i / 100, 9);
    expect(eventsOf(outputs)).toEqual([]);
  });

  it('takes those of a second stream on the same clock as they are, too, and places others by their arrivals', () => {
    const session = new SessionTime();
    const first = created({}, session);
    const [same, other] = [created({}, session), created({ clock: 'b' }, session)];
    run(first, 0, 5, (t) => 1000 + t);
    expect(timesOf(take(same, [1004, 1004.01], 5.1))).toEqual([1004, 1004.01]);
    const outputs = run(other, 5, 10, (t) => 7 + t);
    expect([same.placement, other.placement]).toEqual(['shared', 'arrival']);
    for (const error of errorsOf(outputs, 1005)) expect(Math.abs(error)).toBeLessThan(1e-5);
  });

  it('shares a guessed clock only where arrivals say the same', () => {
    for (const [offset_s, placement] of [
      [2, 'shared'],
      [-400, 'arrival'],
    ] as const) {
      const session = new SessionTime();
      run(created({}, session), 0, 5, (t) => 1000 + t);
      const guessed = created({ isGuessed: true }, session);
      run(guessed, 5, 6, (t) => 1000 + offset_s + t);
      expect(guessed.placement).toBe(placement);
    }
  });

  it('waits for three samples that agree, so that a first stamp that is nonsense gives no zero', () => {
    for (const nonsense of [1e300, Number.NaN, -5000, 200_000]) {
      const session = new SessionTime();
      const clock = created({}, session);
      const outputs = [
        ...take(clock, [nonsense], 0.01),
        ...take(clock, [50.01, 50.02, 50.03, 50.04], 0.05),
        ...run(clock, 0.1, 5, (t) => 49.95 + t),
      ];
      expect(session.zero).toBe(50.01);
      const times = timesOf(outputs);
      expect(times.slice(0, 4)).toEqual([50, 50.01, 50.02, 50.03]);
      expect(codesOf(outputs)).toEqual(['stamp-outlier']);
      expect(times.length).toBe(5 + 490);
    }
  });

  it('begins by arrival where none agree within 0.5 s', () => {
    const session = new SessionTime();
    const clock = created({ sfreq: 1 }, session);
    expect(take(clock, [700], 10)).toEqual([]);
    expect(clock.advance(10.4)).toEqual([]);
    expect(timesOf(clock.advance(10.6))).toEqual([10]);
    expect(session.clock).toBe('arrival');
    expect(timesOf(take(clock, [701], 11.05))).toEqual([11]);
  });

  it('waits for a session to begin where its samples may not begin it', () => {
    const session = new SessionTime();
    const markers = created({ sfreq: 0, givesZero: false, clock: 'b' }, session);
    expect(take(markers, [3], 0)).toEqual([]);
    expect(markers.advance(20)).toEqual([]);
    run(created({}, session), 20, 21, (t) => t);
    expect(timesOf(markers.advance(21))).toHaveLength(1);
  });

  it('gives what still waits when it is closed', () => {
    const clock = created({ clock: 'b' }, onOurs());
    expect(take(clock, [1, 1.01], 5)).toEqual([]);
    expect(timesOf(clock.close())).toEqual([4.99, 5]);
  });

  it('places a late joiner by its arrivals, whose first message is a backlog of 30 s', () => {
    const clock = created({ clock: 'b' }, onOurs());
    const backlog = Array.from({ length: 3000 }, (_, i) => 500 + i / 100);
    const outputs = [...take(clock, backlog, 100.1), ...run(clock, 100.1, 110, (t) => t + 430 - 0.1)];
    const times = timesOf(outputs);
    expect(Math.abs(times[3000] - 100.1)).toBeLessThan(0.05);
    expect(Math.abs(times[0] - 70.1)).toBeLessThan(0.05);
    expect(codesOf(outputs)).toEqual([]);
  });

  it('takes one stamp that is off for an outlier, and drops nothing', () => {
    for (const off_s of [30, -30, 200_000, 1e300, Number.NaN, Number.NEGATIVE_INFINITY]) {
      const clock = created({}, onOurs());
      const plain = timesOf(run(created({}, onOurs()), 0, 20, (t) => t));
      const outputs = run(clock, 0, 20, (t) => (Math.abs(t - 12.34) < 1e-6 ? t + off_s : t));
      expect(codesOf(outputs)).toEqual(['stamp-outlier']);
      const times = timesOf(outputs);
      expect(times).toHaveLength(plain.length);
      for (const [i, time] of times.entries()) expect(time).toBeCloseTo(plain[i], 5);
      expect(outputs.filter(isSamples).flatMap(({ predicted }) => predicted)).toHaveLength(1);
      expect(outputs.filter(isSamples).flatMap(({ gaps }) => gaps)).toEqual([]);
    }
  });

  it('takes a step that stays for another clock, after 3 s, and places it within 0.1 s', () => {
    for (const by_s of [-5, -1.5, 2, 3600, -3600]) {
      const clock = created({ clock: 'b' }, onOurs());
      const outputs = run(clock, 0, 30, (t) => 77 + t + (t >= 10 ? by_s : 0));
      expect(codesOf(outputs)).toEqual(['stamp-outlier', 'clock-reset']);
      expect(eventsOf(outputs)[1].arrival - 10).toBeLessThan(3.5);
      for (const error of errorsOf(outputs, 0)) expect(Math.abs(error)).toBeLessThan(0.1);
    }
  });

  it('tells a gap where a clock that is another one goes on later than the one before ended', () => {
    const clock = created({ clock: 'b' }, onOurs());
    run(clock, 0, 10, (t) => t + 500);
    const after = run(clock, 40, 50, (t) => t - 40);
    const gaps = after.filter(isSamples).flatMap(({ gaps: found, times }) => found.map((i) => times[i]));
    expect(gaps).toEqual([expect.closeTo(43, 0)]);
  });

  it('goes on where the only stream there is steps by an hour, and moves no other stream', () => {
    for (const by_s of [3600, -3600]) {
      const [stepping, alone] = [new SessionTime(), new SessionTime()].map((session) => {
        const steps = session === undefined ? 0 : by_s;
        return { session, steps };
      });
      const runs = [stepping, alone].map(({ session }, k) => {
        const first = created({}, session);
        const second = created({ clock: 'b' }, session);
        const [ofFirst, ofSecond]: ClockOutput<null>[][] = [[], []];
        for (let s = 0; s < 30; s++) {
          ofFirst.push(...run(first, s, s + 1, (t) => 1000 + t + (k === 0 && t >= 10 ? by_s : 0)));
          ofSecond.push(...run(second, s, s + 1, (t) => 5 + t));
        }
        return { ofFirst, ofSecond };
      });
      expect(codesOf(runs[0].ofFirst)).toEqual(['stamp-outlier', 'clock-reset']);
      for (const error of errorsOf(runs[0].ofFirst, 1000)) expect(Math.abs(error)).toBeLessThan(0.1);
      expect(timesOf(runs[0].ofSecond)).toEqual(timesOf(runs[1].ofSecond));
    }
  });

  it('takes being late for lateness, however long, and never for a reset', () => {
    const clock = created({ clock: 'ours' }, onOurs());
    const outputs = [
      ...run(clock, 0, 10, (t) => t),
      ...take(
        clock,
        Array.from({ length: 3000 }, (_, i) => 10 + i / 100),
        40.2,
      ),
      ...run(clock, 40, 50, (t) => t),
    ];
    expect(eventsOf(outputs)).toEqual([]);
    for (const error of errorsOf(outputs, 0)) expect(Math.abs(error)).toBeLessThan(1e-5);
  });

  it('stamps by arrival where stamps are milliseconds, and never move', () => {
    for (const stamp of [(t: number) => 1.7e12 + t * 1000, () => 0, (t: number) => t * 1000]) {
      const clock = created({ clock: 'b' }, onOurs());
      const outputs = run(clock, 0, 40, stamp);
      expect(codesOf(outputs)).toContain('stamps-ignored');
      expect(codesOf(outputs)).not.toContain('clock-reset');
      const late = errorsOf(outputs, 0).slice(1500);
      for (const error of late) expect(Math.abs(error)).toBeLessThan(0.15);
    }
  });

  it('uses stamps again that keep up with their arrivals', () => {
    const clock = created({ clock: 'b' }, onOurs());
    const outputs = run(clock, 0, 60, (t) => (t < 20 ? 0 : t + 9));
    expect(codesOf(outputs)).toEqual(['stamps-ignored', 'clock-reset']);
    for (const error of errorsOf(outputs, 0).slice(4000)) expect(Math.abs(error)).toBeLessThan(0.05);
  });

  it('puts markers after a step of the clock by their arrival, and loses none', () => {
    for (const [apart_s, by_s] of [
      [60, -300],
      [0.5, -2],
      [20, 5],
    ]) {
      const clock = created({ sfreq: 0, clock: 'b', givesZero: false }, onOurs());
      const outputs: ClockOutput<null>[] = [];
      for (let i = 0; i < 12; i++) {
        const t = 10 + i * apart_s;
        outputs.push(...take(clock, [t + (i >= 5 ? by_s : 0)], t + 0.03));
      }
      outputs.push(...clock.close());
      const times = timesOf(outputs);
      expect(times).toHaveLength(12);
      for (const [i, time] of times.entries()) expect(Math.abs(time - (10 + i * apart_s))).toBeLessThan(0.2);
      expect(codesOf(outputs)[0]).toBe('stamp-outlier');
    }
  });

  it('puts markers that come in another order by less than a second right after each other', () => {
    const clock = created({ sfreq: 0 }, new SessionTime());
    const outputs = [...take(clock, [5, 5.2, 5.1, 5.3, 5.3], 5.4), ...clock.close()];
    expect(timesOf(outputs)).toEqual([5, 5.2, 5.200001, 5.3, 5.3]);
    expect(eventsOf(outputs)).toEqual([]);
  });

  it('measures a rate where none is declared', () => {
    const clock = created({ sfreq: 0, isRegular: true }, new SessionTime());
    const outputs = run(clock, 0, 20, (t) => t);
    expect(clock.rate_hz).toBe(100);
    expect(codesOf(outputs)).toEqual(['rate-differs']);
    const rates = outputs.filter(isSamples).map(({ rate_hz }) => rate_hz);
    expect([rates[0], rates.at(-1)]).toEqual([0, 100]);
  });

  it('masks what comes at a rate that has nothing to do with the declared one', () => {
    const clock = created({ sfreq: 20 }, new SessionTime());
    const outputs = run(clock, 0, 10, (t) => t);
    expect(outputs.filter(isSamples).at(-1)!.isMasked).toBe(true);
    expect(eventsOf(outputs)[0].details.used_hz).toBeNull();
  });

  it('tells gaps, its own and those that the transport knows of', () => {
    const clock = created({}, new SessionTime());
    run(clock, 0, 10, (t) => t);
    const [{ gaps }] = take(clock, [10, 10.01, 10.05, 10.06], 10.1).filter(isSamples);
    expect(gaps).toEqual([2]);
    const [told] = take(clock, [10.07, 10.08], 10.12, { gapBefore: true }).filter(isSamples);
    expect(told.gaps).toEqual([0]);
  });

  describe('with probes', () => {
    const probe = (time: number, offset: number, uncertainty = 1e-4) => ({ time, offset, uncertainty });

    it('waits for the first, at most 2 s, and then goes by arrivals', () => {
      const clock = created({ clock: 'lsl of there', isProbed: true }, onOurs());
      expect(run(clock, 0, 1, (t) => t + 50)).toEqual([]);
      clock.measure(probe(51, -50));
      const outputs = run(clock, 1, 5, (t) => t + 50);
      expect(clock.placement).toBe('measured');
      for (const error of errorsOf(outputs, 0)) expect(Math.abs(error)).toBeLessThan(1e-5);
      const unanswered = created({ clock: 'lsl of there', isProbed: true }, onOurs());
      expect(run(unanswered, 0, 1.9, (t) => t + 50)).toEqual([]);
      run(unanswered, 1.9, 3, (t) => t + 50);
      expect(unanswered.placement).toBe('arrival');
    });

    it('takes an offset below its own uncertainty for none', () => {
      const clock = created({ clock: 'lsl of here', isProbed: true }, onOurs());
      clock.measure(probe(0, 4e-5, 1e-4));
      expect(timesOf(run(clock, 0, 1, (t) => t))[37]).toBe(0.37);
    });

    it('follows measured offsets where they explain a break, and only then', () => {
      const clock = created({ clock: 'lsl of there', isProbed: true }, onOurs());
      clock.measure(probe(1000, -1000));
      const before = run(clock, 0, 10, (t) => t + 1000);
      clock.measure(probe(20, -10));
      expect(eventsOf([...before, ...run(clock, 10, 10.1, (t) => t + 1000)])).toEqual([]);
      const after = run(clock, 10.1, 20, (t) => t + 10);
      expect(codesOf(after).filter((code) => code === 'clock-reset')).toHaveLength(1);
      expect(clock.placement).toBe('measured');
      for (const error of errorsOf(after, 10.1)) expect(Math.abs(error)).toBeLessThan(0.02);
    });

    it('follows them where the stream gave the session its clock, too, and tells the pause before the new one as a gap', () => {
      const session = new SessionTime();
      const clock = created({ isProbed: true }, session);
      clock.measure(probe(1000, -1000));
      run(clock, 0, 10, (t) => t + 1000);
      clock.measure(probe(20, 50));
      const after = run(clock, 70, 80, (t) => t - 50);
      expect(codesOf(after)).toEqual(['stamp-outlier', 'clock-reset']);
      expect(clock.placement).toBe('measured');
      for (const error of errorsOf(after, 1070)) expect(Math.abs(error)).toBeLessThan(1e-5);
      expect(after.filter(isSamples).flatMap(({ gaps }, k) => gaps.map((i) => [k, i]))).toEqual([[0, 0]]);
    });

    it('takes a lone probe that is off for nothing', () => {
      const clock = created({ clock: 'lsl of there', isProbed: true }, onOurs());
      clock.measure(probe(1000, -1000));
      run(clock, 0, 5, (t) => t + 1000);
      clock.measure(probe(1005, -900));
      clock.measure(probe(1010, -1000));
      const outputs = run(clock, 5, 20, (t) => t + 1000 + (t > 10 ? 100 : 0));
      expect(codesOf(outputs)).toEqual(['stamp-outlier', 'clock-reset']);
      expect(clock.placement).toBe('arrival');
    });
  });

  it('decides nothing by arrivals that we were late to see', () => {
    const clock = created({ clock: 'b' }, onOurs());
    run(clock, 0, 10, (t) => t - 4);
    const outputs: ClockOutput<null>[] = [];
    for (let m = 100; m < 160; m++) {
      const times = Array.from({ length: 10 }, (_, i) => m / 10 + i / 100 + 1000);
      outputs.push(...take(clock, times, m / 10 + 0.11, { behind: true }));
    }
    expect(codesOf(outputs)).toEqual(['stamp-outlier']);
    expect(codesOf(run(clock, 16, 20, (t) => t + 1000))).toEqual(['clock-reset']);
  });

  it('gives finite stamps that never run backwards, one a sample, whatever comes', () => {
    const stamp = fc.oneof(
      fc.double({ min: -1e3, max: 1e3, noNaN: true }),
      fc.double(),
      fc.constantFrom(0, 1e300, Number.NaN, 1.7e9, 1.7e12),
    );
    const message = fc.tuple(
      fc.array(stamp, { minLength: 1, maxLength: 8 }),
      fc.double({ min: 0, max: 4, noNaN: true }),
    );
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 60 }),
        fc.constantFrom(0, 1, 100, 1000),
        fc.boolean(),
        (messages, sfreq, isRegular) => {
          const clock = created({ sfreq, isRegular: sfreq > 0 || isRegular }, new SessionTime());
          let arrival = 0;
          let count = 0;
          const outputs: ClockOutput<null>[] = [];
          for (const [stamps, step] of messages) {
            arrival += step;
            count += stamps.length;
            outputs.push(...take(clock, stamps, arrival));
          }
          outputs.push(...clock.close());
          const times = timesOf(outputs);
          expect(times).toHaveLength(count);
          expect(times.every(Number.isFinite)).toBe(true);
          expect(times.every((time, i) => i === 0 || time >= times[i - 1])).toBe(true);
        },
      ),
    );
  });
});

describe('an irregular stream', () => {
  /** 60 Hz, sample by sample; `off` gives what its stamp is off by. */
  const gaze = (off: (k: number) => number): ClockOutput<null>[] => {
    const clock = created({ sfreq: 0, isRegular: false }, onOurs());
    const outputs: ClockOutput<null>[] = [];
    for (let k = 0; k < 600; k++) outputs.push(...take(clock, [100 + k / 60 + off(k)], k / 60 + 0.05));
    return outputs;
  };

  it('steps back by less than a second: that is jitter, and no outlier', () => {
    expect(codesOf(gaze((k) => 0.02 * (k % 2)))).toEqual([]);
    expect(codesOf(gaze((k) => (k === 300 ? -0.9 : 0)))).toEqual([]);
  });

  it('steps back by more: an outlier', () => {
    expect(codesOf(gaze((k) => (k === 300 ? -1.1 : 0)))).toEqual(['stamp-outlier']);
  });
});

describe('a backlog that is drained', () => {
  interface Drained {
    readonly span_s: number;
    /** Times real time. */
    readonly times: number;
    /** Samples a message, of 100 Hz. */
    readonly n?: number;
    readonly until_s: number;
    /** Whether the state goes through a clone into a new object: each 50 messages, and after each once samples are told. */
    readonly isStored?: boolean;
  }

  /** What was kept from -`span_s` on comes from 0 s on, with what is measured meanwhile; stamps are 500 s ahead. */
  function drained({ span_s, times, n = 10, until_s, isStored = false }: Drained) {
    const session = onOurs();
    let clock = created({ clock: 'b' }, session);
    const outputs: ClockOutput<null>[] = [];
    for (let m = 0; ; m++) {
      const last = -span_s + ((m + 1) * n - 1) / 100;
      if (last > until_s) break;
      const arrival = Math.max(last, (last + span_s) / times);
      outputs.push(...clock.advance(arrival));
      outputs.push(
        ...take(
          clock,
          Array.from({ length: n }, (_, i) => 500 + last - (n - 1 - i) / 100),
          arrival,
        ),
      );
      if (!isStored || (clock.placement === null && m % 50 !== 0)) continue;
      const after = created({ clock: 'b' }, session);
      after.restore(structuredClone(clock.snapshot()));
      clock = after;
    }
    outputs.push(...clock.close());
    const pieces = outputs.filter(isSamples);
    const errors = errorsOf(outputs, -span_s);
    const masked = pieces.flatMap(({ times: of, isMasked }) => [...of].map(() => isMasked));
    return { outputs, errors, masked, told: errors.filter((_, i) => !masked[i]) };
  }

  it.each([
    [10, 1],
    [10, 10],
    [4, 10],
    [2, 10],
    [2, 150],
    [1.25, 10],
  ])('at %d times real time, %d samples a message: no sample is told before it can be placed', (times, n) => {
    const { outputs, errors, masked } = drained({
      span_s: Math.min(30, 40 * (times - 1)),
      times,
      n,
      until_s: 60,
    });
    expect(eventsOf(outputs)).toEqual([]);
    expect(masked).not.toContain(true);
    for (const error of errors) expect(Math.abs(error)).toBeLessThan(0.05);
  });

  it('longer than a minute, or than samples are kept, is masked and told: none has a stamp that is off', () => {
    for (const options of [
      { span_s: 90, times: 2, until_s: 120 },
      { span_s: 3000, times: 1000, until_s: 30 },
    ]) {
      const { outputs, told, masked } = drained(options);
      expect(codesOf(outputs)).toEqual(['backlog-masked']);
      const [event] = eventsOf(outputs);
      expect(event.details.fallen_s).toBeGreaterThan(10);
      expect(outputs.filter(isSamples)[0].arrival).toBeCloseTo(0.09 / options.times, 9);
      for (const error of told) expect(Math.abs(error)).toBeLessThan(0.1);
      // What comes once nothing is left of it isn't.
      expect(masked.indexOf(false)).toBeGreaterThan(100 * options.span_s);
      expect(masked.lastIndexOf(true)).toBeLessThan(
        100 * (options.span_s * (1 + 1 / (options.times - 1)) + 5),
      );
    }
  });

  it('that only comes to light once the stream is placed is masked from there on', () => {
    const clock = created({ sfreq: 1, clock: 'b' }, onOurs());
    const outputs: ClockOutput<null>[] = [];
    // Each 0.6 s comes a sample of a second, 20 s late at first.
    for (let k = 0; k < 100; k++) {
      const arrival = Math.max(k - 20, 0.6 * k);
      outputs.push(...clock.advance(arrival - 0.01));
      outputs.push(...take(clock, [500 + k], arrival));
    }
    outputs.push(...clock.close());
    expect(codesOf(outputs)).toEqual(['backlog-masked']);
    const masked = outputs.filter(isSamples).flatMap(({ times, isMasked }) => [...times].map(() => isMasked));
    expect(masked.indexOf(true)).toBeLessThan(3);
    expect(masked.slice(masked.indexOf(true), 50)).not.toContain(false);
    expect(masked.slice(55)).not.toContain(true);
  });

  it('in whose midst the stream ends is masked; a single message is placed by its arrival', () => {
    const { outputs, masked } = drained({ span_s: 30, times: 10, until_s: -10 });
    expect(codesOf(outputs)).toEqual(['backlog-masked']);
    expect(masked).not.toContain(false);
    const one = drained({ span_s: 30, times: 10, n: 3000, until_s: 0 });
    expect(eventsOf(one.outputs)).toEqual([]);
    expect(one.told).toHaveLength(3000);
  });

  it('is state, while samples wait for its end as while they are masked', () => {
    for (const options of [
      { span_s: 30, times: 4, until_s: 40 },
      { span_s: 90, times: 2, until_s: 120 },
    ])
      expect(drained({ ...options, isStored: true })).toEqual(drained(options));
  });

  it('ends where stamps step: what comes then has a clock of its own', () => {
    const clock = created({ clock: 'b' }, onOurs());
    const outputs: ClockOutput<null>[] = [];
    for (let m = 0; m < 100; m++)
      outputs.push(
        ...take(
          clock,
          Array.from({ length: 10 }, (_, i) => 500 + m / 10 + i / 100 + (m >= 50 ? 1000 : 0)),
          m < 50 ? m / 50 : m / 10 - 4 + 0.1,
        ),
      );
    outputs.push(...clock.close());
    expect(codesOf(outputs)).toEqual(['stamp-outlier', 'clock-reset']);
    const times = timesOf(outputs);
    expect(Math.abs(times[times.length - 1] - 5.99)).toBeLessThan(0.05);
  });
});

describe('stamps that were deduced', () => {
  it('the rate they were deduced by is state: one that changed begins the pattern anew', () => {
    const session = new SessionTime();
    let clock = created({ session, sfreq: 125 });
    const told: string[] = [];
    const frames = (from: number, until: (outputs: readonly ClockOutput<null>[]) => boolean): number => {
      for (let frame = from; ; frame++) {
        const t0 = 100 + frame * 0.2;
        const deduced_hz = clock.rate_hz;
        const stamps = Array.from({ length: 50 }, (_, i) => t0 + i / deduced_hz);
        const outputs = take(clock, stamps, frame * 0.2 + 0.25, { deduced_hz });
        told.push(...codesOf(outputs));
        if (until(outputs)) return frame + 1;
      }
    };
    const next = frames(0, (outputs) => codesOf(outputs).includes('rate-differs'));
    expect(clock.rate_hz).toBe(250);
    const after = created({ session, sfreq: 125 });
    after.restore(structuredClone(clock.snapshot()));
    clock = after;
    let more = 150;
    frames(next, () => more-- === 0);
    expect(told).toEqual(['rate-differs']);
    expect(clock.rate_hz).toBe(250);
  });
});

describe('the machine slept', () => {
  const probe = (clock: Clock, offset: number, slept_s: number): void =>
    clock.measure({ time: 0, offset, uncertainty: 1e-4 }, slept_s);
  const fresh = (session: SessionTime): Clock => created({ session, clock: 'lsl of here', isProbed: true });

  it('what waits is state, and another stream on a clock that stood still is placed beside it', () => {
    const session = new SessionTime();
    const before = fresh(session);
    probe(before, 1e-5, 0);
    run(before, 0, 5, (t) => t);
    before.slept(60);
    expect(take(before, [5, 5.01, 5.02], 65.03)).toEqual([]);
    expect(before.isWaiting).toBe(true);
    const after = fresh(session);
    after.restore(structuredClone(before.snapshot()));
    probe(after, 1e-5, 60);
    const outputs = after.advance(65.2);
    expect(codesOf(outputs)).toEqual(['clock-reset']);
    expect(timesOf(outputs)).toEqual([65, 65.01, 65.02]);
    expect(outputs.filter(isSamples)[0].gaps).toEqual([0]);
    const other = fresh(session);
    probe(other, 1e-5, 60);
    expect(timesOf(take(other, [6, 6.01, 6.02], 66.03))).toEqual([66, 66.01, 66.02]);
  });

  it('one that was never measured before is placed by arrivals, whatever is measured then', () => {
    const clock = fresh(new SessionTime());
    run(clock, 0, 5, (t) => t);
    clock.slept(60);
    const outputs = take(clock, [5, 5.01, 5.02], 65.03);
    for (const at of [65.2, 67.2]) {
      probe(clock, 1e-5, 60);
      outputs.push(...clock.advance(at));
    }
    expect(outputs).toEqual([]);
    outputs.push(...clock.advance(68.1));
    expect(codesOf(outputs)).toEqual(['clock-reset']);
    expect(timesOf(outputs)).toEqual([65, 65.01, 65.02].map((time) => expect.closeTo(time, 1)));
  });

  it('a backlog that comes slowly is late, and no clock that stood still', () => {
    const session = new SessionTime();
    const clock = created({ session });
    run(clock, 0, 5, (t) => t);
    clock.slept(60);
    const outputs: ClockOutput<null>[] = [];
    // Ten seconds of it come each second.
    for (let m = 0; m < 65; m++)
      outputs.push(
        ...take(
          clock,
          Array.from({ length: 100 }, (_, i) => 5 + m + i / 100),
          65 + (m + 1) / 10,
        ),
      );
    expect(codesOf(outputs)).toEqual([]);
    expect(timesOf(outputs)).toEqual(Array.from({ length: 6500 }, (_, i) => onGrid(5 + i / 100)));
  });
});

describe('a sender stood still', () => {
  const STOPPED_AT_S = 100;
  const placements: Record<string, () => Clock> = {
    session: () => created(),
    unix: () => created({ clock: 'unix of there' }, onOurs()),
  };

  /**
   * Chunks of 0.1 s by a sender that stands still from 100 s on for `stall_s`, then sends what it kept at `speed` times the pace of measuring
   * (Infinity: at once), its `kept_s` first, and goes on; what it lost lies between, `missing_s` long.
   */
  function stopAndGo(
    clock: Clock,
    sender: { stall_s: number; missing_s: number; kept_s: number; speed: number },
  ): ClockOutput<null>[] {
    const { stall_s, missing_s, kept_s, speed } = sender;
    const outputs = run(clock, 0, STOPPED_AT_S, (t) => 1000 + t);
    const goesAt_s = STOPPED_AT_S + stall_s + 0.03;
    const lostFrom_s = STOPPED_AT_S + kept_s;
    for (let m = STOPPED_AT_S * 10; m < (STOPPED_AT_S + 1.15 * stall_s + 15) * 10; m++) {
      const begins_s = m / 10;
      if (begins_s > lostFrom_s - 0.05 && begins_s < lostFrom_s + missing_s - 0.05) continue;
      const stamps = Array.from({ length: 10 }, (_, i) => 1000 + begins_s + i / 100);
      const keptAt_s = goesAt_s + (begins_s - STOPPED_AT_S) / speed;
      outputs.push(...take(clock, stamps, Math.max(begins_s + 0.11, keptAt_s)));
    }
    return outputs;
  }

  const gapsOf = (outputs: readonly ClockOutput<null>[]): number =>
    outputs.filter(isSamples).reduce((sum, { gaps }) => sum + gaps.length, 0);

  describe.each(Object.entries(placements))('its stamps of the clock kind %s', (_kind, begun) => {
    it.each([50, 61, 75, 120, 600])(
      'for %d s: what is missing after it is a gap, and no clock broke',
      (stall_s) => {
        const told: unknown[] = [];
        // Lost is the last of what it measured meanwhile, what it measured right after, or 5 s later.
        for (const missing_s of [0.2, 1, 2, 5])
          for (const speed of [10, Number.POSITIVE_INFINITY])
            for (const kept_s of [stall_s - missing_s, stall_s + 0.2, stall_s + 5]) {
              const outputs = stopAndGo(begun(), { stall_s, missing_s, kept_s, speed });
              const found = { codes: codesOf(outputs), gaps: gapsOf(outputs) };
              if (found.codes.length > 0 || found.gaps !== 1)
                told.push({ missing_s, speed, kept_s, ...found });
            }
        expect(told).toEqual([]);
      },
    );

    it.each([50, 61, 75, 120, 600])('for %d s: one late chunk, and then the present, is a gap', (stall_s) => {
      const outputs = stopAndGo(begun(), {
        stall_s,
        missing_s: stall_s - 0.1,
        kept_s: 0.1,
        speed: Number.POSITIVE_INFINITY,
      });
      expect([codesOf(outputs), gapsOf(outputs)]).toEqual([[], 1]);
    });
  });
});
