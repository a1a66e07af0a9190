import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
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
  z: { type: normalize, input: de, mode: center, min_s: 2 }
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

/** What is told, each with the time at which it is. */
interface Told {
  readonly lines: readonly string[];
  readonly events: readonly string[];
  readonly log: readonly string[];
  /** What nodes give that both pipelines have, and when windows close. */
  readonly untouched: readonly string[];
}

/**
 * What a live session tells from its first reload on: what came before can't know of it. `reloads`: which pipeline is made
 * ready when, s, and whether it is gone over to. `lags`: its graph does a unit of work every other message, and most of what
 * came waits.
 */
function run(
  happenings: readonly Arrival[],
  reloads: readonly (readonly [at: number, to: LoadedPipeline, goesOver: boolean])[] = [],
  lags = false,
): Told {
  const turns: (() => void)[] = [];
  const clock = new VirtualClock();
  const source = new Subject<StreamMessage>();
  const current = new Switch(before);
  const [lines, untouched, events, log]: string[][] = [[], [], [], []];
  const from = reloads[0]?.[0] ?? 0;
  const tell = (what: object, ...to: string[][]): void => {
    // Reloads move the clock in other steps, which sum up to other last bits.
    const now = toMicroseconds(clock.now());
    if (now < from) return;
    const text = `${now} ${bitsOf(what)}`;
    for (const texts of to) texts.push(text);
  };
  source
    .pipe(
      runSession({
        ...{ session: 's', loaded: current, clock },
        events: (event) => tell(event, events),
        log: (message) => tell(message, log),
        ...(lags && { turns: new Turns({ units: 1, nextTurn: (turn) => turns.push(turn) }) }),
      }),
    )
    .subscribe(({ output }) => {
      const isUntouched =
        output.kind === 'closed' || (output.kind === 'features' && !touched.includes(output.node));
      tell(output, lines, ...(isUntouched ? [untouched] : []));
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
  return { lines, untouched, events, log };
}

const toMicroseconds = (time: number): number => Math.round(time * 1e6) / 1e6;

/** What is told from `time` on. */
function since(time: number, { lines, untouched, events, log }: Told): Told {
  const rest = (texts: readonly string[]) => texts.filter((text) => Number.parseFloat(text) >= time);
  return { lines: rest(lines), untouched: rest(untouched), events: rest(events), log: rest(log) };
}

const every = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.round((to - from) / STEP_S) }, (_, k) => toMicroseconds(from + k * STEP_S));

describe('a pipeline that is replaced in a live session', () => {
  const cases: readonly [name: string, happenings: readonly Arrival[], moments: readonly number[]][] = [
    [
      'while a stream is stale',
      inOrder(
        opened(0, eeg, temp),
        arrivals([
          { ...head, info: eeg, from: 0, to: 6 },
          { ...head, info: eeg, from: 15, to: 19, gap: true },
        ]),
        late(19),
        closed(21, eeg, temp),
      ),
      [...every(6.4, 7), 10.3, ...every(14.8, 15.3), 18],
    ],
    [
      'while all are',
      inOrder(
        opened(0, eeg, temp),
        arrivals([
          { ...head, info: eeg, from: 0, to: 6 },
          { ...head, info: temp, from: 0, to: 5 },
          { ...head, info: eeg, from: 15, to: 19, gap: true },
        ]),
        closed(21, eeg, temp),
      ),
      [...every(6.4, 7), 10.3, ...every(14.8, 15.3), 18],
    ],
    [
      'while another headset waits to take a source over',
      inOrder(
        opened(0, eeg, temp),
        closed(6.05, eeg),
        opened(6.06, next),
        arrivals([
          { ...head, info: eeg, from: 0, to: 5.9 },
          { ...head, info: next, from: 6.1, to: 11 },
        ]),
        late(11),
        closed(13, next, temp),
      ),
      every(6, 8.4),
    ],
    [
      'while the headset is described anew',
      inOrder(
        opened(0, eeg, temp),
        opened(6.11, { ...eeg, sfreq: 110 }),
        arrivals([
          { ...head, info: eeg, from: 0, to: 6 },
          { ...head, info: { ...eeg, sfreq: 110 }, from: 6, to: 11 },
        ]),
        late(11),
        closed(13, eeg, temp),
      ),
      every(6, 8.4),
    ],
    [
      'while a lost headset is awaited, and when another one is taken',
      inOrder(
        opened(0, eeg, temp),
        [{ at: 6.05, message: { kind: 'close', id: eeg.id, cut: true } }],
        opened(8, next),
        arrivals([
          { ...head, info: eeg, from: 0, to: 6 },
          { ...head, info: next, from: 8, to: 40 },
        ]),
        late(40),
        closed(42, next, temp),
      ),
      [6.3, 7.9, 8.3, 21, ...every(36, 38), 39],
    ],
  ];

  it.each(cases)(
    '%s: goes on as if nothing had happened, whenever and however often',
    (_, happenings, moments) => {
      for (const lags of [false, true]) {
        const whole = run(happenings, [], lags);
        // A graph that lags is reloaded between being told of a binding and the samples that begin it, too.
        const all = lags ? [...every(0.1, 0.6), ...moments] : moments;
        for (const at of all) expect(run(happenings, [[at, same, true]], lags)).toEqual(since(at, whole));
        const often = all.map((at, k) => [at, k % 2 ? before : same, true] as const);
        expect(run(happenings, often, lags)).toEqual(since(all[0], whole));
      }
    },
  );

  it.each(cases)(
    '%s by one with two changed nodes: the others go on to the bit',
    (_, happenings, moments) => {
      expect(changedNodes(before.pipeline, changed.pipeline)).toEqual(touched);
      const whole = run(happenings);
      expect(whole.untouched.length).toBeGreaterThan(50);
      for (const at of moments) {
        const rest = since(at, whole);
        const parts = run(happenings, [[at, changed, true]]);
        expect(parts.untouched).toEqual(rest.untouched);
        expect(parts.events).toEqual(rest.events);
        expect(parts.log).toEqual(rest.log);
        expect(parts.lines).not.toEqual(rest.lines);
        const back = run(happenings, [
          [at, changed, true],
          [at + STEP_S, before, true],
        ]);
        expect(back.untouched).toEqual(rest.untouched);
        expect(back.events).toEqual(rest.events);
      }
    },
  );

  it.each(cases)('%s, and put back before it goes over: nothing of it is seen', (_, happenings, moments) => {
    const reloads = moments.map((at) => [at, changed, false] as const);
    expect(run(happenings, reloads)).toEqual(since(moments[0], run(happenings)));
  });
});
