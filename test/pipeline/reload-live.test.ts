import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import type { StreamInfo, StreamMessage } from '../../src/core/signal.js';
import { type LoadedPipeline, runSession } from '../../src/pipeline/run/run-session.js';
import { Switch } from '../../src/pipeline/run/switch.js';
import { Turns } from '../../src/pipeline/run/turns.js';
import { changedNodes } from '../../src/pipeline/session/kept-nodes.js';
import { streamInfo } from '../../src/testing/stream-fixtures.js';
import { type Arrival, arrivals, closed, inOrder, opened, pipelineOf } from './live-and-replay.js';
import { bitsOf } from './stop-and-go.js';

const STEP_S = 0.1;
const text = `
sources:
  eeg: { type: websocket, stream_type: EEG }
  again: { type: websocket, stream_type: EEG }
  temp: { type: websocket, stream_type: TEMP }
transforms:
  clean: { type: bandpass, input: eeg, low_hz: 2, high_hz: 40 }
  de: { type: extract, input: clean, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
  plain: { type: extract, input: again, features: [differential-entropy], window_s: 1, hop_s: 0.5 }
  z: { type: normalize, input: de, mode: center, min_s: 5 }
  skin: { type: extract, input: temp, features: [skin-temperature], window_s: 2, hop_s: 0.5 }
sinks:
  out: { type: console, input: z }
`;
const touched = ['plain', 'skin'];
const load = (text: string): LoadedPipeline => ({
  pipeline: { ...pipelineOf(text), allowed_lateness_s: 2 },
  runners: new Map(),
});
const before = load(text);
const same = load(`# mended\n${text}`);
const changed = load(
  text
    .replace('window_s: 1, hop_s: 0.5', 'window_s: 1.5, hop_s: 0.5')
    .replace('[skin-temperature], window_s: 2', '[skin-temperature], window_s: 3'),
);

const eeg = streamInfo({ type: 'EEG', sfreq: 128, labels: ['Cz', 'Pz'], unit: 'uV' });
const temp = streamInfo({ type: 'TEMP', sfreq: 10, labels: ['hand'], unit: 'degC' });
const next: StreamInfo = { ...eeg, id: 'next', name: 'next', sourceId: 'next' };
const head = { chunk_s: 0.1, delay_s: 0.02 };
/** A thermometer whose samples come late: what takes a source over waits for windows before it. */
const late = (to: number): readonly Arrival[] =>
  arrivals([{ info: temp, from: 0, to, chunk_s: 0.3, delay_s: 1.6 }]);

interface Given {
  readonly lines: readonly string[];
  readonly events: readonly string[];
  readonly log: readonly string[];
  /** What nodes give that both pipelines have, and when windows close. */
  readonly untouched: readonly string[];
}

/**
 * What a live session gives; `reloads`: which pipeline is made ready when, s, and whether it is gone over to. `lags`: its graph
 * does a unit of work every other message, and most of what came waits.
 */
function run(
  happenings: readonly Arrival[],
  reloads: readonly (readonly [at: number, to: LoadedPipeline, goesOver: boolean])[] = [],
  lags = false,
): Given {
  const turns: (() => void)[] = [];
  const clock = new VirtualClock();
  const source = new Subject<StreamMessage>();
  const current = new Switch(before);
  const lines: string[] = [];
  const untouched: string[] = [];
  const events: SessionEvent[] = [];
  const log: StreamMessage[] = [];
  source
    .pipe(
      runSession({
        ...{ session: 's', loaded: current, clock },
        events: (event) => events.push(event),
        log: (message) => log.push(message),
        ...(lags && { turns: new Turns({ units: 1, nextTurn: (turn) => turns.push(turn) }) }),
      }),
    )
    .subscribe(({ output }) => {
      lines.push(bitsOf(output));
      if (output.kind === 'features' && !touched.includes(output.node)) untouched.push(bitsOf(output));
      if (output.kind === 'closed') untouched.push(bitsOf(output));
    });
  const waiting = [...reloads];
  for (const [k, { at, message }] of happenings.entries()) {
    while (waiting.length > 0 && waiting[0][0] <= at) {
      const [time, to, goesOver] = waiting.shift()!;
      clock.advance(Math.max(0, time - clock.now()));
      const goOver = current.prepare(to);
      if (goesOver) goOver();
    }
    clock.advance(Math.max(0, at - clock.now()));
    source.next(message);
    if (k % 2 === 1) turns.shift()?.();
  }
  source.complete();
  while (turns.length > 0) turns.shift()!();
  return { lines, untouched, events: events.map(bitsOf), log: log.map(bitsOf) };
}

const every = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.round((to - from) / STEP_S) }, (_, k) => from + k * STEP_S);

describe('a pipeline that is replaced in a live session', () => {
  const cases: readonly [name: string, happenings: readonly Arrival[], moments: readonly number[]][] = [
    [
      'while a stream is stale',
      inOrder(
        opened(0, eeg, temp),
        arrivals([
          { ...head, info: eeg, from: 0, to: 10 },
          { ...head, info: eeg, from: 19, to: 23, gap: true },
        ]),
        late(23),
        closed(25, eeg, temp),
      ),
      [...every(10.4, 11), 14.3, ...every(18.8, 19.3), 22],
    ],
    [
      'while all are',
      inOrder(
        opened(0, eeg, temp),
        arrivals([
          { ...head, info: eeg, from: 0, to: 10 },
          { ...head, info: temp, from: 0, to: 9 },
          { ...head, info: eeg, from: 19, to: 23, gap: true },
        ]),
        closed(25, eeg, temp),
      ),
      [...every(10.4, 11), 14.3, ...every(18.8, 19.3), 22],
    ],
    [
      'while another headset waits to take a source over',
      inOrder(
        opened(0, eeg, temp),
        closed(10.05, eeg),
        opened(10.06, next),
        arrivals([
          { ...head, info: eeg, from: 0, to: 9.9 },
          { ...head, info: next, from: 10.1, to: 15 },
        ]),
        late(15),
        closed(17, next, temp),
      ),
      every(10, 12.4),
    ],
    [
      'while the headset is described anew',
      inOrder(
        opened(0, eeg, temp),
        opened(10.11, { ...eeg, sfreq: 110 }),
        arrivals([
          { ...head, info: eeg, from: 0, to: 10 },
          { ...head, info: { ...eeg, sfreq: 110 }, from: 10, to: 15 },
        ]),
        late(15),
        closed(17, eeg, temp),
      ),
      every(10, 12.4),
    ],
    [
      'while a lost headset is awaited, and when another one is taken',
      inOrder(
        opened(0, eeg, temp),
        [{ at: 10.05, message: { kind: 'close', id: eeg.id, cut: true } }],
        opened(12, next),
        arrivals([
          { ...head, info: eeg, from: 0, to: 10 },
          { ...head, info: next, from: 12, to: 44 },
        ]),
        late(44),
        closed(46, next, temp),
      ),
      [10.3, 11.9, 12.3, 25, ...every(40, 42), 43],
    ],
  ];

  it.each(cases)(
    '%s: goes on as if nothing had happened, whenever and however often',
    (_, happenings, moments) => {
      for (const lags of [false, true]) {
        const whole = run(happenings, [], lags);
        // A graph that lags is reloaded between being told of a binding and the samples that begin it, too.
        const all = lags ? [...every(0.1, 0.6), ...moments] : moments;
        for (const at of all) expect(run(happenings, [[at, same, true]], lags)).toEqual(whole);
        const often = all.map((at, k) => [at, k % 2 ? before : same, true] as const);
        expect(run(happenings, often, lags)).toEqual(whole);
      }
    },
  );

  it.each(cases)(
    '%s by one with two changed nodes: the others go on to the bit',
    (_, happenings, moments) => {
      expect(changedNodes(before.pipeline, changed.pipeline)).toEqual(touched);
      const whole = run(happenings);
      expect(whole.untouched.length).toBeGreaterThan(80);
      for (const at of moments) {
        const parts = run(happenings, [[at, changed, true]]);
        expect(parts.untouched).toEqual(whole.untouched);
        expect(parts.events).toEqual(whole.events);
        expect(parts.log).toEqual(whole.log);
        expect(parts.lines).not.toEqual(whole.lines);
        const back = run(happenings, [
          [at, changed, true],
          [at + STEP_S, before, true],
        ]);
        expect(back.untouched).toEqual(whole.untouched);
        expect(back.events).toEqual(whole.events);
      }
    },
  );

  it.each(cases)('%s, and put back before it goes over: nothing of it is seen', (_, happenings, moments) => {
    expect(
      run(
        happenings,
        moments.map((at) => [at, changed, false] as const),
      ),
    ).toEqual(run(happenings));
  });
});
