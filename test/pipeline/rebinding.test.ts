import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import type { StreamInfo, StreamMessage } from '../../src/core/signal.js';
import { checkPipeline } from '../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../src/pipeline/file/document.js';
import { type LoadedPipeline, runSession } from '../../src/pipeline/run/run-session.js';
import { Switch } from '../../src/pipeline/run/switch.js';
import type { GraphOutput } from '../../src/pipeline/session/graph-output.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';

function loadedOf(sources: string, transforms: string): LoadedPipeline {
  const text = `sources:\n${sources}\ntransforms:\n${transforms}`;
  const { pipeline, problems } = checkPipeline(new PipelineDocument('test.yaml', text));
  if (!pipeline) throw new Error(JSON.stringify(problems));
  return { pipeline, runners: new Map() };
}
const oneEeg = '  eeg: { type: websocket, stream_type: EEG }';
const de = (source: string) =>
  `  ${source}_de: { type: extract, input: ${source}, features: [differential-entropy], window_s: 1, hop_s: 0.5 }`;

/** Its signal is so many times as strong. */
interface Headset {
  readonly info: StreamInfo;
  readonly gain: number;
}
function headset(name: string, gain: number, changed: Partial<StreamInfo> = {}): Headset {
  const info = streamInfo({ type: 'EEG', sfreq: 100, labels: ['Cz'], unit: 'uV' });
  return { info: { ...info, id: name, name, sourceId: name, client: 'phone', ...changed }, gain };
}
const wave = (t: number): number => 20 * Math.sin(60 * t) + 9 * Math.sin(7 * t * t);

/** A live session in virtual time; devices send tenths of a second as soon as they are measured. */
function live(loaded: LoadedPipeline) {
  const clock = new VirtualClock();
  const source = new Subject<StreamMessage>();
  const rows: { node: string; time: number; value: number; all: readonly number[] }[] = [];
  const events: (SessionEvent & { at: number })[] = [];
  const log: StreamMessage[] = [];
  source
    .pipe(
      runSession({
        ...{ session: 's', loaded: new Switch(loaded), clock },
        events: (event) => events.push({ ...event, at: clock.now() }),
        log: (message) => log.push(message),
      }),
    )
    .subscribe(({ output }: { output: GraphOutput }) => {
      if (output.kind === 'features' || output.kind === 'indices')
        rows.push({
          node: output.node,
          time: output.vector.time,
          all: [...output.vector.values, ...output.vector.present],
          value: output.vector.present[0] ? output.vector.values[0] : Number.NaN,
        });
    });
  let tenths = 0;
  return {
    rows,
    events,
    log,
    clock,
    of: (code: string) => events.filter((event) => event.code === code),
    open: ({ info }: Headset) => source.next({ kind: 'open', info }),
    close: ({ info }: Headset) => source.next({ kind: 'close', id: info.id }),
    cut: ({ info }: Headset) => source.next({ kind: 'close', id: info.id, cut: true }),
    /** All of `sending` send until `to`, s. */
    run: (to: number, ...sending: Headset[]) => {
      for (; tenths < Math.round(to * 10); tenths++) {
        clock.advance(0.1);
        for (const { info, gain } of sending) {
          const row = Float64Array.from({ length: 10 }, (_, i) => gain * wave(tenths / 10 + i / 100));
          source.next({ kind: 'chunk', chunk: chunkOf(info, [row], tenths / 10) });
        }
      }
    },
  };
}

/** What a node gives that had this headset alone, by time. */
function alone(headset: Headset, to: number): Map<number, number> {
  const session = live(loadedOf(oneEeg, de('eeg')));
  session.open(headset);
  session.run(to, headset);
  return new Map(session.rows.map(({ time, value }) => [time, value]));
}

describe('a source of a live session', () => {
  const A = headset('A', 1);
  const B = headset('B', 3);
  const neighbour = headset('B', 3, { client: 'their phone', hostname: 'next door' });
  const halves = (from: number, to: number): number[] =>
    Array.from({ length: 2 * (to - from) + 1 }, (_, k) => from + k / 2);

  it('is fed by the next headset within a hop where the first was closed', () => {
    const session = live(loadedOf(oneEeg, de('eeg')));
    session.open(A);
    session.run(10, A);
    session.close(A);
    session.open(B);
    session.run(20, B);
    const [[first, second], other] = [[alone(A, 10), alone(B, 20)], session.rows];
    for (const { time, value } of other) {
      if (time <= 10) expect(value).toBe(first.get(time));
      else if (time > 11) expect(value).toBeCloseTo(second.get(time)!, 9);
    }
    expect(other.map(({ time }) => time)).toEqual(Array.from({ length: 39 }, (_, k) => 1 + k / 2));
    const [rebound] = session.of('source-rebound');
    expect(rebound).toMatchObject({ details: { source: 'eeg', from: 'A', to: 'B' } });
    expect(rebound.at).toBeLessThanOrEqual(10.5);
  });

  it('is fed by the next after 30 s where the first was cut, and by the first again when it returns', () => {
    const session = live(loadedOf(oneEeg, de('eeg')));
    session.open(A);
    session.run(10, A);
    session.cut(A);
    session.open(B);
    session.run(50, B);
    session.open(A);
    session.run(60, A, B);
    const rebound = session.of('source-rebound');
    expect(rebound.map(({ details }) => `${details?.from} ${details?.to}`)).toEqual(['A B', 'B A']);
    expect(rebound[0].at).toBeGreaterThanOrEqual(40);
    expect(rebound[0].at).toBeLessThanOrEqual(40.5);
    expect(rebound[1].at).toBeLessThanOrEqual(50.5);
    const [first, second] = [alone(A, 60), alone(B, 60)];
    for (const { time, value } of session.rows) {
      if (time > 42 && time <= 50) expect(value).toBeCloseTo(second.get(time)!, 9);
      if (time > 51.5) expect(value).toBeCloseTo(first.get(time)!, 9);
    }
  });

  it('is nothing to one that was there all along, whether the first has a hiccup or is lost', () => {
    const told = (isThere: boolean) => {
      const session = live(loadedOf(oneEeg, de('eeg')));
      const beside = isThere ? [neighbour] : [];
      session.open(A);
      for (const other of beside) session.open(other);
      session.run(10, A, ...beside);
      session.run(12, ...beside);
      session.run(20, A, ...beside);
      session.cut(A);
      session.run(100, ...beside);
      expect(session.of('source-rebound')).toEqual([]);
      expect(session.log.flatMap((m) => (m.kind === 'bind' ? [m.stream] : []))).toEqual(['A']);
      return session.rows;
    };
    const rows = told(true);
    expect(rows).toEqual(told(false));
    expect(rows.map(({ time }) => time)).toEqual(Array.from({ length: rows.length }, (_, k) => 1 + k / 2));
    expect(rows.at(-1)?.time).toBeGreaterThan(99);
    const there = rows.flatMap(({ time, value }) => (Number.isNaN(value) ? [] : [time]));
    // Half a window is enough.
    expect(there).toEqual([...halves(1, 10.5), ...halves(12.5, 20.5)]);
  });

  it('takes one that was there all along after 30 s where it has failover, and no sooner', () => {
    const session = live(loadedOf('  eeg: { type: websocket, stream_type: EEG, failover: true }', de('eeg')));
    session.open(A);
    session.open(neighbour);
    session.run(20, A, neighbour);
    session.cut(A);
    session.run(70, neighbour);
    session.open(A);
    session.run(80, A, neighbour);
    expect(session.of('source-rebound').map(({ details, at }) => [details?.from, details?.to, at])).toEqual([
      ['A', 'B', expect.closeTo(50, 0)],
      ['B', 'A', expect.closeTo(70, 0)],
    ]);
    const [first, second] = [alone(A, 80), alone(neighbour, 80)];
    const there = new Set<Headset>();
    for (const { time, value } of session.rows) {
      if (Number.isNaN(value)) continue;
      expect(time <= 20.5 || time >= 50).toBe(true);
      const worn = time <= 20 || time > 71 ? first : second;
      there.add(worn === first ? A : neighbour);
      // Filters of one that takes over begin anew.
      if (time <= 20 || (time > 53 && time <= 70) || time > 74)
        expect(Math.abs(value - worn.get(time)!)).toBeLessThan(time <= 20 ? 1e-9 : 0.05);
    }
    expect(there.size).toBe(2);
    const filled = session.rows.filter(({ time, value }) => time > 52 && time <= 70 && !Number.isNaN(value));
    expect(filled.map(({ time }) => time)).toEqual(halves(52.5, 70));
  });

  it('learns anew where the device is another, and goes on where it is the same', () => {
    const normalized = `${de('eeg')}
  z: { type: normalize, input: eeg_de, mode: center, min_s: 5 }
sinks:
  out: { type: console, input: z }`;
    const known = (session: ReturnType<typeof live>): number[] =>
      session.rows.flatMap(({ node, time, value }) => (node === 'z' && !Number.isNaN(value) ? [time] : []));
    const other = live(loadedOf(oneEeg, normalized));
    other.open(A);
    other.run(20, A);
    other.close(A);
    other.open(B);
    other.run(40, B);
    expect(known(other).filter((time) => time <= 20).length).toBeGreaterThan(20);
    expect(known(other).find((time) => time > 20)).toBeGreaterThanOrEqual(25);
    const same = live(loadedOf(oneEeg, normalized));
    same.open(A);
    same.run(20, A);
    same.cut(A);
    same.run(23);
    same.open(A);
    same.run(40, A);
    expect(known(same).find((time) => time > 22)).toBeLessThanOrEqual(25);
    expect(same.of('source-rebound')).toEqual([]);
  });

  it('learns anew from an equal headset of another machine or client, where no source id tells them apart', () => {
    const text = `${de('eeg')}
  z: { type: normalize, input: eeg_de, mode: center, min_s: 10 }
sinks:
  out: { type: console, input: z }`;
    const named = (id: string, changed: Partial<StreamInfo>, gain: number): Headset => {
      const { client: _, ...info } = headset('Muse', gain, { id, sourceId: '' }).info;
      return { info: { ...info, ...changed }, gain };
    };
    /** When the baseline is known again after `first` was cut at 20 s and `next` took over. */
    const knownAgain = (first: Partial<StreamInfo>, next: Partial<StreamInfo>): number | undefined => {
      const session = live(loadedOf('  eeg: { type: lsl, stream_type: EEG, failover: true }', text));
      const [worn, other] = [named('Muse', first, 1), named('Muse#2', next, 3)];
      session.open(worn);
      session.run(20, worn);
      session.cut(worn);
      session.open(other);
      session.run(70, other);
      expect(session.of('source-rebound').length).toBeLessThanOrEqual(1);
      return session.rows.find(({ node, time, value }) => node === 'z' && time > 22 && !Number.isNaN(value))
        ?.time;
    };
    const mine = { hostname: 'mine' };
    expect(knownAgain(mine, { hostname: 'neighbour' })).toBeGreaterThanOrEqual(60);
    expect(knownAgain({ ...mine, client: 'phone' }, { ...mine, client: 'other' })).toBeGreaterThanOrEqual(60);
    // The same come back.
    expect(knownAgain(mine, mine)).toBeLessThanOrEqual(22.5);
    expect(
      knownAgain({ ...mine, client: 'phone' }, { hostname: 'away', client: 'phone' }),
    ).toBeLessThanOrEqual(22.5);
  });

  it('misses samples before the first of what takes a place in it, come back or another, and of no other', () => {
    const gapsOf = (happens: (session: ReturnType<typeof live>) => void): string[] => {
      const session = live(loadedOf(oneEeg, de('eeg')));
      session.open(A);
      session.run(10, A);
      happens(session);
      for (const { time, value } of session.rows) {
        const isHole = session.of('gap-found').some(({ time: at = 0 }) => at > time - 1 && at < time);
        if (isHole) expect(value).toBeNaN();
      }
      return session.of('gap-found').map(({ stream, time }) => `${time} ${stream}`);
    };
    expect(
      gapsOf((session) => {
        session.cut(A);
        session.run(10.1);
        session.open(A);
        session.run(20, A);
      }),
    ).toEqual(['10.1 A']);
    expect(
      gapsOf((session) => {
        session.cut(A);
        session.open(B);
        session.run(50, B);
        session.open(A);
        session.run(60, A, B);
      }),
    ).toEqual(['39.9 B', '50 A']);
    expect(
      gapsOf((session) => {
        const changed = { ...A, info: { ...A.info, sfreq: 101 } };
        session.open(changed);
        session.run(20, changed);
      }),
    ).toEqual([]);
  });

  it('is fed by its own of two headsets that only their source id tells apart', () => {
    const left = headset('Muse', 1, { id: 'Muse', sourceId: 'L' });
    const right = headset('Muse', 3, { id: 'Muse#2', sourceId: 'R' });
    const two =
      '  left: { type: websocket, stream_type: EEG, source_id: L }\n  right: { type: websocket, stream_type: EEG, source_id: R }';
    const session = live(loadedOf(two, `${de('left')}\n${de('right')}`));
    session.open(right);
    session.open(left);
    session.run(20, right, left);
    for (const [node, worn] of [
      ['left_de', left],
      ['right_de', right],
    ] as const) {
      const expected = alone(worn, 20);
      const own = session.rows.filter((row) => row.node === node);
      expect(own.length).toBeGreaterThan(30);
      for (const { time, value } of own) expect(value).toBe(expected.get(time));
    }
    expect(session.of('stream-duplicate')).toEqual([]);
  });
});
