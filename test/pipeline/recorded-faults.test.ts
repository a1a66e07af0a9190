import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import type { ModelFrame, ModelRunner } from '../../src/core/model.js';
import type { StreamInfo, StreamMessage } from '../../src/core/signal.js';
import { openRecording } from '../../src/io/recordings/open.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import type { Pipeline } from '../../src/pipeline/file/pipeline.js';
import { loggedSources } from '../../src/pipeline/run/match-streams.js';
import { outputMessage } from '../../src/pipeline/run/output-messages.js';
import { predictInOrder } from '../../src/pipeline/run/predict-in-order.js';
import { type ReplayOptions, replay } from '../../src/pipeline/run/replay.js';
import { type LoadedPipeline, runSession } from '../../src/pipeline/run/run-session.js';
import { Switch } from '../../src/pipeline/run/switch.js';
import { ThreadHost } from '../../src/pipeline/run/thread-host.js';
import { Turns } from '../../src/pipeline/run/turns.js';
import type { SessionOutput } from '../../src/pipeline/session/session-output.js';
import { SessionRecorder } from '../../src/recorder/session-recorder.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { settle } from './counted-recording.js';
import { type Arrival, arrivals, closed, inOrder, opened, pipelineOf } from './live-and-replay.js';
import { watchedNode } from './watched-node.js';

const END_S = 20;
const isBuilt = existsSync(join(import.meta.dirname, '../../dist/pipeline/run/graph-worker.js'));
const folder = temporaryFolder();
let runs = 0;

const eeg = streamInfo({ type: 'EEG', sfreq: 100, labels: ['Cz'], unit: 'uV' });
const gaze: StreamInfo = {
  ...streamInfo({ type: 'Gaze', sfreq: 60, labels: ['x', 'y'], unit: 'px' }),
  id: 'gaze',
};
const cues: StreamInfo = {
  ...streamInfo({ type: 'Markers', sfreq: 0, labels: ['cue'], unit: '' }),
  ...{ id: 'cues', name: 'cues' },
};
const truth: StreamInfo = {
  ...streamInfo({ type: 'Annotation', sfreq: 10, labels: ['valence', 'arousal'], unit: 'norm' }),
  ...{ id: 'truth', name: 'truth' },
};

const text = (half_life_s: number, hasModel = true) => `
sources:
  eeg: { type: websocket, stream_type: EEG }
  gaze: { type: websocket, stream_type: Gaze }
transforms:
  held: { type: mask, input: eeg }
  de: { type: extract, input: held, features: [differential-entropy], window_s: 1, hop_s: 0.25 }
  z: { type: normalize, input: de, min_s: 0, half_life_s: ${half_life_s} }
  look: { type: extract, input: gaze, features: [gaze-statistics], window_s: 1, hop_s: 0.5 }
  index: { type: rest-index, input: de, span_s: 5, features: [Cz.de_alpha] }
${hasModel ? 'models:\n  affect: { type: hi-moe, inputs: { eeg: z }, path: models/demo }' : ''}
`;

const feature = { channel: 'Cz', feature: 'de_alpha', unit: 'nat' };
const runner = {
  ...{ name: 'affect', id: 'affect@sha256:0', type: 'hi-moe', engine: 'none', fuses: false },
  worth: { evidence: 'none', broken: null, reason: null, scope: null },
  inputs: new Map([['eeg', { name: 'eeg', kind: 'features', upstream: '', features: [feature] }]]),
  validity: { min_present: 1, required: [] },
  predict: async (frames: readonly ModelFrame[]) =>
    frames.map(([{ values }]) => ({
      ...{ valence: Math.tanh(values[0] / 10), arousal: 0, weights: [1], routing: [], interval: null },
    })),
  close: async () => {},
} as unknown as ModelRunner;

const loadedOf = (pipeline: Pipeline): LoadedPipeline => ({
  pipeline,
  runners: new Map([...pipeline.models.keys()].map((name) => [name, runner])),
});

interface Live {
  /** The node that may throw, and when. */
  readonly node?: string;
  readonly throwsAt?: (got: { readonly time?: number }) => boolean;
  /** Whether a fault is told of what is made of an output. */
  readonly isFault?: (output: SessionOutput) => boolean;
  readonly happenings?: readonly Arrival[];
  /** Messages that come before the graph goes on. */
  readonly together?: number;
  /** Of work in a turn. */
  readonly units?: number;
  readonly reload?: { readonly at: number; readonly half_life_s: number };
  /** Whether the pipeline has a model. Default: yes. */
  readonly hasModel?: boolean;
  /** How it is replayed. */
  readonly ways?: readonly Partial<ReplayOptions>[];
}

const head = { from: 0, to: END_S, delay_s: 0.02 };
const person = inOrder(
  opened(0, eeg, gaze, cues, truth),
  arrivals([
    { ...head, info: eeg, chunk_s: 1 },
    { ...head, info: gaze, chunk_s: 0.5 },
  ]),
  Array.from(
    { length: END_S },
    (_, k): Arrival => ({
      at: k + 0.4,
      message: {
        kind: 'marker',
        marker: { stream: 'cues', time: k + 0.3, value: k % 4 ? 'cue' : 'anchor:a' },
      },
    }),
  ),
  Array.from(
    { length: END_S },
    (_, k): Arrival => ({
      at: k + 0.9,
      message: {
        kind: 'chunk',
        chunk: chunkOf(
          truth,
          [Array.from({ length: 10 }, (_, i) => Math.sin(k + i)), Array(10).fill(0.1)],
          k,
        ),
      },
    }),
  ),
  closed(END_S + 0.2, eeg, gaze, cues, truth),
);

const lineOf = (output: SessionOutput): string =>
  JSON.stringify([output.kind, outputMessage('s', output), output.kind === 'marker' && output.marker]);

async function run({
  node = 'z',
  throwsAt = () => false,
  isFault = () => false,
  happenings = person,
  together = 7,
  units = 3,
  reload,
  hasModel = true,
  ways = everyWay,
}: Live) {
  const own = join(folder, String(runs++));
  const look = (got: { readonly time?: number }): void => {
    if (throwsAt(got)) throw new RangeError('it is odd');
  };
  const pipeline = pipelineOf(text(30, hasModel));
  const live = watchedNode(pipeline, node, look);
  const clock = new VirtualClock(0, 1_700_000_000);
  const current = new Switch(loadedOf(live));
  const messages = new Subject<StreamMessage>();
  const faults$ = new Subject<unknown>();
  const turns: (() => void)[] = [];
  const events: SessionEvent[] = [];
  const recorder = new SessionRecorder(own, { clock, events: () => {} });
  const lines: string[] = [];
  messages
    .pipe(
      runSession({
        ...{ session: 's', loaded: current, clock, faults$, events: (event) => events.push(event) },
        turns: new Turns({ units, share: units, nextTurn: (turn) => turns.push(turn) }),
        log: (message) => recorder.take({ session: 's', message }),
        begunAnew: (anew, after) => recorder.begunAnew('s', anew, after),
      }),
      predictInOrder({ session: 's', clock, ignored: () => {} }),
    )
    .subscribe((output) => {
      lines.push(lineOf(output));
      if (isFault(output)) faults$.next(new RangeError('nothing can be made of it'));
    });
  const work = async (most = Number.POSITIVE_INFINITY): Promise<void> => {
    for (let k = 0; k < most && turns.length > 0; k++) {
      turns.shift()!();
      await settle();
    }
  };
  let isReloaded = false;
  for (const [k, { at, message }] of happenings.entries()) {
    clock.advance(Math.max(0, at - clock.now()));
    messages.next(message);
    if (k % together === 0) await work();
    else if (k % together === 3) await work(2);
    if (reload && !isReloaded && at >= reload.at) {
      isReloaded = true;
      const next = watchedNode(pipelineOf(text(reload.half_life_s)), node, look);
      if (next.digest !== live.digest) recorder.reloaded(live.digest, next.digest);
      current.prepare(loadedOf(next))();
    }
  }
  messages.complete();
  await work();
  await recorder.close();
  const codes = (all: readonly SessionEvent[]) =>
    all.flatMap(({ code, message }) =>
      code === 'session-failed' || code === 'samples-dropped' ? [message] : [],
    );
  const replayed = [];
  const through = reload ? pipelineOf(text(reload.half_life_s)) : pipeline;
  for (const options of ways) replayed.push(await replayOf(own, loadedOf(through), options));
  return {
    lines,
    events: codes(events),
    replayed: replayed.map((one) => one.lines),
    told: replayed.map((one) => codes(one.events)),
    folder: own,
  };
}

const thread: ReplayOptions['host'] = (setup, state) => new ThreadHost(setup, state);
const inThisThread: readonly Partial<ReplayOptions>[] = [{ batch: 16 }, { batch: 1, restoreEvery_s: 0.9 }];
const everyWay: readonly Partial<ReplayOptions>[] = [
  ...inThisThread,
  ...(isBuilt ? [{ batch: 4, restoreEvery_s: 11, host: thread }] : []),
];

async function replayOf(own: string, loaded: LoadedPipeline, options: Partial<ReplayOptions>) {
  const recording = await openRecording(join(own, readdirSync(own)[0]));
  const events: SessionEvent[] = [];
  const lines: string[] = [];
  const messages = recording.messages({ chunk: null, clockSync: true, events: () => {} });
  for await (const output of replay(messages, {
    ...{ session: 's', loaded, events: (event) => events.push(event), features: true, monitor: true },
    inArrivalOrder: recording.inArrivalOrder,
    logged: loggedSources(loaded.pipeline, recording.bound),
    ...options,
  }))
    lines.push(lineOf(output));
  await recording.close();
  return { lines, events };
}

/** Stream ids are the file's in its replay. */
const named = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => line.replaceAll(/"(\w[\w-]*)#\d+"/g, '"$1"'));

function expectSame({ lines, events, replayed, told }: Awaited<ReturnType<typeof run>>): void {
  expect(replayed.length).toBeGreaterThan(1);
  for (const again of replayed) expect(named(again)).toEqual(lines);
  for (const again of told) expect(again).toEqual(events);
}

/** Windows that closed, and those of them whose line says so. */
const closedIn = (lines: readonly string[]): number =>
  lines.filter((line) => line.startsWith('["closed"')).length;
const failedIn = (lines: readonly string[]): number =>
  lines.filter((line) => line.includes('"reason":"failed"') && line.startsWith('["prediction"')).length;
const once = <T>(is: (value: T) => boolean): ((value: T) => boolean) => {
  let isDone = false;
  return (value) => {
    if (isDone || !is(value)) return false;
    isDone = true;
    return true;
  };
};

describe('the replay of a session whose graph had a fault that does not come again', () => {
  it('without any gives the same lines', async () => {
    const told = await run({});
    expectSame(told);
    expect(told.events).toEqual([]);
  });

  it('without any, but with a reload that changes nothing, gives the same lines', async () => {
    expectSame(await run({ reload: { at: 9, half_life_s: 30 } }));
  });

  it.each([5, 5.25, 5.5, 6, 19.75, END_S])('in the middle of the window at %s s', async (time) => {
    const told = await run({ throwsAt: once((got) => got.time === time) });
    expect(told.events).toEqual(['session s: it is odd; its graph begins anew']);
    expectSame(told);
  });

  it('in a window that only the session’s end closes', async () => {
    const happenings = inOrder(
      opened(0, eeg, gaze),
      arrivals([
        { ...head, info: eeg, chunk_s: 1 },
        { ...head, info: gaze, to: END_S - 0.5, chunk_s: 0.5 },
      ]),
      closed(END_S + 0.2, eeg, gaze),
    );
    const whole = await run({ happenings });
    const told = await run({ happenings, throwsAt: once((got) => got.time === END_S - 0.25) });
    expect(told.events).toHaveLength(1);
    expect(closedIn(told.lines)).toBe(closedIn(whole.lines) - 2);
    expectSame(told);
  });

  it('as samples are fed, in the first message and in later ones', async () => {
    for (const nth of [1, 8]) {
      let calls = 0;
      const told = await run({ node: 'held', throwsAt: () => ++calls === nth });
      expect(told.events).toHaveLength(1);
      expectSame(told);
    }
  });

  it('that keeps it down at the third time, and ends with a reload', async () => {
    const at = [4.5, 7.25, 9];
    const throwsAt = (): ((got: { readonly time?: number }) => boolean) => {
      const left = new Set(at);
      return ({ time = -1 }) => left.delete(time);
    };
    const down = await run({ throwsAt: throwsAt() });
    expect(down.events.map((message) => message.includes('stays down'))).toEqual([false, false, true]);
    expect(failedIn(down.lines)).toBeGreaterThan(30);
    expectSame(down);
    const ended = await run({ throwsAt: throwsAt(), reload: { at: 14, half_life_s: 30 } });
    expect(failedIn(ended.lines)).toBeGreaterThan(10);
    expect(failedIn(ended.lines)).toBeLessThan(25);
    expectSame(ended);
  });

  it.each([true, false])(
    'that keeps it down: every node goes on at its hops, with a model (%s)',
    async (hasModel) => {
      const left = new Set([4.5, 7.25, 9]);
      const told = await run({
        hasModel,
        node: 'index',
        throwsAt: ({ time = -1 }) => left.delete(time),
      });
      expect(left.size).toBe(0);
      const rows = told.lines.flatMap((line) => {
        const [, message] = JSON.parse(line) as [string, OutputMessage | null];
        return message?.stream === 'features' || message?.stream === 'indices' ? [message] : [];
      });
      expectSame(told);
      for (const [node, hop_s, width] of [
        ['de', 0.25, 5],
        ['look', 0.5, 5],
        ['index', 0.25, 1],
      ] as const) {
        const own = rows.filter((row) => row.node === node);
        expect(own.map(({ seq }) => seq)).toEqual(own.map((_, k) => k));
        const down = own.filter(({ time }) => time >= 9);
        const times = Array.from({ length: (END_S - 9) / hop_s + 1 }, (_, k) => 9 + k * hop_s);
        expect(down.map(({ time }) => time)).toEqual(times);
        for (const row of down)
          expect(row.stream === 'features' ? row.values : row.indices.map(({ reason }) => reason)).toEqual(
            Array(width).fill(row.stream === 'features' ? null : 'failed'),
          );
      }
    },
  );

  it('that keeps it down before any window was whole: its rows hold nothing, not even names', async () => {
    let calls = 0;
    const told = await run({ node: 'held', throwsAt: () => ++calls <= 3 });
    expect(told.events).toHaveLength(3);
    const rows = told.lines.filter((line) => line.includes('"features","session":"s","node":"de"'));
    expect(rows.length).toBeGreaterThan(60);
    for (const row of rows) expect(row).toContain('"features":[],"values":[]');
    expectSame(told);
  });

  it('that keeps it down, while every line of its being down has one, too', async () => {
    const left = new Set([4.5, 7.25, 9]);
    const told = await run({
      throwsAt: ({ time = -1 }) => left.delete(time),
      isFault: (output) => output.kind === 'prediction' && lineOf(output).includes('"reason":"failed"'),
    });
    expect(told.events.length).toBeGreaterThan(30);
    for (const again of told.replayed) expect(named(again)).toEqual(told.lines);
    // The log has those before it alone.
    for (const again of told.told) expect(again).toEqual(told.events.slice(0, 3));
  });

  it('that another pipeline ended: its own replay is theirs from there on, that of the one before is down no more', async () => {
    const left = new Set([4.5, 7.25, 9]);
    const told = await run({
      throwsAt: ({ time = -1 }) => left.delete(time),
      reload: { at: 14, half_life_s: 50 },
    });
    const behind = (lines: readonly string[]) =>
      named(lines).filter((line) => {
        const { time = 0 } = (JSON.parse(line)[1] ?? {}) as { time?: number };
        return time > 14.5 && !line.startsWith('["marker"');
      });
    const strip = (lines: readonly string[]) =>
      lines.map((line) => line.replaceAll(/"(seq|ranking)":[^}]*\}?/g, ''));
    expect(behind(told.lines).length).toBeGreaterThan(30);
    for (const again of told.replayed) expect(strip(behind(again))).toEqual(strip(behind(told.lines)));
    for (const again of told.told) expect(again).toEqual([]);
    const first = await replayOf(told.folder, loadedOf(pipelineOf(text(30))), {});
    expect(failedIn(first.lines)).toBe(failedIn(told.lines));
  });

  const ofKind = (kind: SessionOutput['kind'], least: number) =>
    once((output: SessionOutput) => {
      const message = outputMessage('s', output);
      const time =
        output.kind === 'marker' ? output.marker.time : message && 'time' in message ? message.time : 0;
      return output.kind === kind && (time ?? 0) >= least;
    });

  it.each(['began', 'features', 'closed', 'truth', 'marker', 'prediction'] as const)(
    'in what is made of an output of kind %s',
    async (kind) => {
      const told = await run({ units: 64, isFault: ofKind(kind, kind === 'began' ? 0 : 6.25) });
      expect(told.events).toEqual(['session s: nothing can be made of it; its graph begins anew']);
      expectSame(told);
      const seqs = told.lines.flatMap((line) =>
        line.startsWith('["prediction"') ? [(JSON.parse(line)[1] as { seq: number }).seq] : [],
      );
      expect(seqs).toEqual(seqs.map((_, k) => k));
    },
  );

  it('with as many messages waiting as come at all', async () => {
    const left = new Set([3.25, 8]);
    const told = await run({ together: 10_000, throwsAt: ({ time = -1 }) => left.delete(time) });
    expect(told.events).toHaveLength(2);
    expect(closedIn(told.lines)).toBeGreaterThan(60);
    expectSame(told);
  });
});

it('what waited for a graph in vain is left out of its replay, and told; the file has it', async () => {
  const many = Array.from(
    { length: 65_600 },
    (_, k): Arrival => ({
      at: 5.01,
      message: { kind: 'marker', marker: { stream: 'cues', time: 5 + k * 1e-6, value: 'tick' } },
    }),
  );
  const told = await run({
    ...{ happenings: inOrder(person, many), together: 100_000 },
    // A thread takes a minute for so many messages.
    ways: inThisThread,
  });
  expect(told.events.length).toBeGreaterThan(20);
  expect(told.events.some((message) => message.includes('a marker is left out'))).toBe(true);
  expect(told.events.some((message) => message.includes('samples of'))).toBe(true);
  expectSame(told);
  const recording = await openRecording(join(told.folder, readdirSync(told.folder)[0]));
  const samples = Object.fromEntries(recording.streams.map(({ info, samples: n }) => [info.type, n]));
  expect(samples).toMatchObject({ EEG: 2000, Gaze: 1200, Markers: 65_620 });
  await recording.close();
});
