import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import type { ModelFrame, ModelRunner } from '../../src/core/model.js';
import type { StreamInfo } from '../../src/core/signal.js';
import { openRecording } from '../../src/io/recordings/open.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import type { SessionMessage } from '../../src/io/sources/source.js';
import { loggedSources } from '../../src/pipeline/run/match-streams.js';
import { outputMessage } from '../../src/pipeline/run/output-messages.js';
import { replay } from '../../src/pipeline/run/replay.js';
import type { LoadedPipeline } from '../../src/pipeline/run/run-session.js';
import { PipelineRuntime } from '../../src/pipeline/run/runtime.js';
import { SessionRecorder } from '../../src/recorder/session-recorder.js';
import { streamInfo } from '../../src/testing/stream-fixtures.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { type Arrival, arrivals, closed, inOrder, opened, pipelineOf } from './live-and-replay.js';

const STEP_S = 0.05;
/** The model is too slow from the one to the other, s. */
const SLOW: readonly [from: number, to: number] = [10, 40];
const TOO_SLOW = 20;
const END_S = 90;

const eeg = streamInfo({ type: 'EEG', sfreq: 100, labels: ['Cz'], unit: 'uV' });
const gaze: StreamInfo = {
  ...streamInfo({ type: 'Gaze', sfreq: 60, labels: ['x', 'y'], unit: 'px' }),
  id: 'gaze',
};
const folder = temporaryFolder();
const head = { from: 0, to: END_S, chunk_s: 0.1, delay_s: 0.02 };

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Sender {
  readonly sent: readonly Arrival[];
  /** Whether it can be asked to wait: what it sends meanwhile lies in its socket. */
  readonly waits: boolean;
}

/** Says what one feature says; `takes_s` tells, each time, how long it takes for a window. */
function modelThat(id: string, takes_s: () => number, clock: VirtualClock) {
  const feature = { channel: 'Cz', feature: 'de_alpha', unit: 'nat' };
  let asked = 0;
  const runner = {
    ...{ name: 'affect', id, type: 'hi-moe', engine: 'none', fuses: false },
    worth: { evidence: 'none', broken: null, reason: null, scope: null },
    inputs: new Map([['eeg', { name: 'eeg', kind: 'features', upstream: '', features: [feature] }]]),
    validity: { min_present: 1, required: [] },
    predict: (frames: readonly ModelFrame[]) =>
      new Promise((resolve) => {
        asked += frames.length;
        const one = { arousal: 0, weights: [1], routing: [], interval: null };
        const answer = (): void =>
          resolve(frames.map(([{ values }]) => ({ ...one, valence: Math.tanh(values[0] / 10) })));
        const wait_s = takes_s();
        if (wait_s > 0) clock.after(wait_s, answer);
        else answer();
      }),
    close: async () => {},
  } as unknown as ModelRunner;
  return { runner, asked: () => asked };
}

/** What nodes told, to the last bit. */
const textsOf = (outputs: readonly OutputMessage[]): string[] =>
  outputs.flatMap((output) => ('node' in output ? [JSON.stringify(output)] : []));

/**
 * A live session whose first model takes `TOO_SLOW` hops a window for a while, and no time else, as its second one always; and
 * what replays of its recording, in `folder`, give. `paused`: when its senders are asked to wait.
 */
async function run(
  folder: string,
  hop_s: number,
  senders: readonly Sender[],
  { slow = SLOW, paused = [0, 0] as readonly [from: number, to: number] } = {},
) {
  const clock = new VirtualClock();
  /** Furthest stamp of the headset that went in, and how far at most lines were behind it, s. */
  let newest = 0;
  let mostBehind_s = 0;
  const isSlow = (): boolean => clock.now() >= slow[0] && clock.now() < slow[1];
  const [affect, quick] = [
    modelThat('affect@sha256:0', () => (isSlow() ? TOO_SLOW * hop_s : 0), clock),
    modelThat('quick@sha256:1', () => 0, clock),
  ];
  const pipeline = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG, failover: true }
  gaze: { type: websocket, stream_type: Gaze }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: ${hop_s} }
  look: { type: extract, input: gaze, features: [gaze-statistics], window_s: 1, hop_s: 0.25 }
models:
  affect: { type: hi-moe, inputs: { eeg: de }, path: models/demo }
  quick: { type: hi-moe, inputs: { eeg: de }, path: models/demo }
`);
  const loaded: LoadedPipeline = {
    pipeline,
    runners: new Map([
      ['affect', affect.runner],
      ['quick', quick.runner],
    ]),
  };
  const source = new Subject<SessionMessage>();
  const told: SessionEvent[] = [];
  const outputs: OutputMessage[] = [];
  const log: SessionMessage['message'][] = [];
  const recorder = new SessionRecorder(folder, { clock, events: () => {} });
  const runtime = new PipelineRuntime({
    ...{ loaded, clock, events: (event) => told.push(event) },
    log: (message) => {
      recorder.take(message);
      log.push(message.message);
      if (message.message.kind === 'chunk' && message.message.chunk.info.id === eeg.id)
        newest = message.message.chunk.times.at(-1)!;
    },
    thinned: (session, window) => recorder.thinned(session, window),
  });
  runtime.ended$.subscribe((session) => recorder.ended(session));
  const isPaused = (): boolean => clock.now() >= paused[0] && clock.now() < paused[1];
  vi.spyOn(runtime, 'busy').mockImplementation(() => (isPaused() ? Promise.resolve() : undefined));
  let dropped = 0;
  runtime.outputs$.subscribe((output) => {
    outputs.push(output);
    if (output.stream === 'affect') mostBehind_s = Math.max(mostBehind_s, newest - (output.time as number));
    dropped = runtime.sessions.get('s')?.droppedWindows ?? dropped;
  });
  runtime.consume({ messages$: source });
  const places = senders.map(() => 0);
  let paused_s = 0;
  while (places.some((place, k) => place < senders[k].sent.length)) {
    clock.advance(STEP_S);
    await settle();
    if (runtime.busy('s')) paused_s += STEP_S;
    for (const [k, { sent, waits }] of senders.entries())
      while (sent[places[k]]?.at <= clock.now() && !(waits && runtime.busy('s'))) {
        source.next({ session: 's', message: sent[places[k]++].message });
        await settle();
      }
  }
  await settle();
  const of = (node: string) =>
    outputs.flatMap((o) => (o.stream === 'features' && o.node === node ? [o.time as number] : []));
  const linesOf = (node: string) =>
    outputs.flatMap((o) => (o.stream === 'affect' && o.node === node ? [o] : []));
  const codes = (...asked: string[]) => told.filter(({ code }) => asked.includes(code));
  const ticks = log.filter((message) => message.kind === 'chunk' && message.chunk.info.type === 'Ticks');
  const asked = { affect: affect.asked(), quick: quick.asked() };
  await recorder.close();
  const replayed = await replayOf(folder, loaded);
  const askedAgain = { affect: affect.asked() - asked.affect, quick: quick.asked() - asked.quick };
  const live = textsOf(outputs);
  return {
    codes,
    log,
    ticks,
    of,
    linesOf,
    mostBehind_s,
    paused_s,
    dropped,
    asked,
    askedAgain,
    live,
    replayed,
  };
}

/** What a replay of the only recording in a folder gives, at once and stopped and gone on with every 7 s. */
async function replayOf(folder: string, loaded: LoadedPipeline) {
  const recording = await openRecording(join(folder, readdirSync(folder)[0]));
  const own: string[][] = [];
  for (const stops of [{ batch: 16 }, { batch: 1, restoreEvery_s: 7 }]) {
    const outputs: OutputMessage[] = [];
    for await (const output of replay(
      recording.messages({ chunk: null, clockSync: true, events: () => {} }),
      {
        ...{ session: 's', loaded, events: () => {}, features: true, ...stops },
        inArrivalOrder: recording.inArrivalOrder,
        logged: loggedSources(loaded.pipeline, recording.bound),
        thinned: recording.thinned,
      },
    )) {
      const message = outputMessage('s', output);
      if (message) outputs.push(message);
    }
    own.push(textsOf(outputs));
  }
  await recording.close();
  return own;
}

describe('a model that is 20 times too slow for 30 s', () => {
  const early = ({ time }: SessionEvent): boolean => (time ?? 0) < 8;

  it('has nobody wait: what can be told soon is told, all the rest is thinned, and nothing of what was sent is late or lost', async () => {
    const sent = inOrder(
      opened(0, eeg, gaze),
      arrivals([
        { ...head, info: eeg },
        { ...head, info: gaze, chunk_s: 1.5 },
      ]),
      closed(END_S + 0.2, eeg, gaze),
    );
    const hop_s = 0.25;
    const told = await run(join(folder, 'waits'), hop_s, [{ sent, waits: true }]);
    const { codes, ticks, of, linesOf, log, mostBehind_s, dropped, live, replayed } = told;
    const wrong = codes('stream-stale', 'stream-returned', 'samples-late', 'samples-dropped');
    expect(wrong.filter((event) => !early(event))).toEqual([]);
    expect(ticks).toEqual([]);
    const samples = log.reduce((sum, m) => sum + (m.kind === 'chunk' ? m.chunk.times.length : 0), 0);
    expect(samples).toBe(END_S * (eeg.sfreq + gaze.sfreq));
    // 32 windows, those of 10 s, one that it works on, a chunk, and 2 s that the gaze is late.
    expect(mostBehind_s).toBeGreaterThan(10);
    expect(mostBehind_s).toBeLessThan(Math.max(32 * hop_s, 10) + TOO_SLOW * hop_s + 2.4);
    const times = of('de');
    expect(times).toEqual(times.map((_, k) => 1 + hop_s * k));
    expect(times.at(-1)).toBe(END_S);
    for (const node of ['affect', 'quick']) expect(linesOf(node).map(({ time }) => time)).toEqual(times);
    expect(dropped).toBeGreaterThan(50);
    expect(linesOf('affect').filter(({ reason }) => reason === 'overloaded')).toHaveLength(dropped);
    expect(linesOf('quick').filter(({ valid }) => !valid)).toEqual([]);
    for (const again of replayed) expect(again).toEqual(live);
  });

  it('has a line for every window at a short hop, too, counted, logged, and the same in the replay', async () => {
    const own = (info: StreamInfo, chunk_s: number): readonly Arrival[] =>
      inOrder(opened(0, info), arrivals([{ ...head, info, chunk_s }]), closed(END_S + 0.2, info));
    const hop_s = 1 / 64;
    const told = await run(join(folder, 'thinned'), hop_s, [
      { sent: own(gaze, 1.5), waits: true },
      { sent: own(eeg, 0.1), waits: false },
    ]);
    const { codes, ticks, of, linesOf, mostBehind_s, dropped, asked } = told;
    // Beside windows that wait: those that come while it works on one, a chunk, and 2 s that the gaze is late.
    expect(mostBehind_s).toBeGreaterThan(10);
    expect(mostBehind_s).toBeLessThan(10 + TOO_SLOW * hop_s + 2.4);
    expect(codes('stream-stale', 'stream-returned').filter((event) => !early(event))).toEqual([]);
    expect(ticks).toEqual([]);
    const left = codes('windows-dropped').reduce((sum, { count = 1 }) => sum + count, 0);
    expect(left).toBeGreaterThan(300);
    expect(left).toBe(dropped);
    expect(codes('windows-dropped').length).toBeLessThan(40);

    const times = of('de');
    const lines = linesOf('affect');
    expect(lines.map(({ seq }) => seq)).toEqual(times.map((_, k) => k));
    expect(lines.map(({ time }) => time)).toEqual(times);
    const thinned = lines.filter(({ valid }) => !valid);
    expect(thinned).toHaveLength(dropped);
    for (const { reason, valence, arousal, modalities } of thinned) {
      expect({ reason, valence, arousal }).toEqual({ reason: 'overloaded', valence: null, arousal: null });
      expect(modalities.eeg).toMatchObject({ present: true, coverage: 1 });
    }
    expect(thinned.filter(({ time }) => (time as number) > SLOW[1])).toEqual([]);
    expect(asked.affect).toBe(times.length - dropped);

    // The model that keeps up is asked about every window.
    expect(linesOf('quick').map(({ time, valid }) => [time, valid])).toEqual(
      times.map((time) => [time, true]),
    );
    expect(asked.quick).toBe(times.length);

    const { live, replayed, askedAgain } = told;
    expect(live.length).toBeGreaterThan(3 * times.length);
    for (const again of replayed) expect(again).toEqual(live);
    // Two replays; what one worked on at a stop is asked again.
    expect(askedAgain.affect).toBeGreaterThanOrEqual(2 * asked.affect);
    expect(askedAgain.affect).toBeLessThan(2 * asked.affect + 20);
  });
});

it('a headset that waits for longer than a lost one is waited for keeps its source', async () => {
  const other = { ...eeg, id: 'other', name: 'other', sourceId: 'other', hostname: 'next door' };
  const own = (info: StreamInfo, from: number): readonly Arrival[] =>
    inOrder(opened(from, info), arrivals([{ ...head, info, from }]), closed(END_S + 0.2, info));
  const senders = [
    { sent: own(eeg, 0), waits: true },
    { sent: own(gaze, 0), waits: false },
    { sent: own(other, 15), waits: false },
  ];
  const { codes, of, log, paused_s } = await run(join(folder, 'lost'), 0.25, senders, {
    slow: [0, 0],
    paused: [10, 70],
  });
  expect(paused_s).toBeGreaterThan(40);
  expect(codes('source-rebound', 'stream-stale')).toEqual([]);
  expect(log.flatMap((message) => (message.kind === 'bind' ? [message.stream] : [])).sort()).toEqual([
    'eeg',
    'gaze',
  ]);
  expect(of('de').at(-1)).toBe(END_S);
});
