import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import type { ModelFrame, ModelRunner } from '../../src/core/model.js';
import type { StreamInfo } from '../../src/core/signal.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import type { SessionMessage } from '../../src/io/sources/source.js';
import { PipelineRuntime } from '../../src/pipeline/run/runtime.js';
import { streamInfo } from '../../src/testing/stream-fixtures.js';
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
const head = { from: 0, to: END_S, chunk_s: 0.1, delay_s: 0.02 };

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Sender {
  readonly sent: readonly Arrival[];
  /** Whether it can be asked to wait: what it sends meanwhile lies in its socket. */
  readonly waits: boolean;
}

/** A live session with a model that takes `TOO_SLOW` hops a window for a while, and nearly no time else. */
async function run(hop_s: number, senders: readonly Sender[], slow = SLOW) {
  const clock = new VirtualClock();
  let mostQueued = 0;
  const feature = { channel: 'Cz', feature: 'de_alpha', unit: 'nat' };
  const runner = {
    ...{ name: 'affect', id: 'affect@sha256:0', type: 'hi-moe', engine: 'none', fuses: false },
    worth: { evidence: 'none', broken: null, reason: null, scope: null },
    inputs: new Map([['eeg', { name: 'eeg', kind: 'features', upstream: '', features: [feature] }]]),
    validity: { min_present: 1, required: [] },
    predict: (frames: readonly ModelFrame[]) =>
      new Promise((resolve) => {
        const isSlow = clock.now() >= slow[0] && clock.now() < slow[1];
        const one = { valence: 0, arousal: 0, weights: [1], routing: [], interval: null };
        const answer = (): void => resolve(frames.map(() => one));
        if (isSlow) clock.after(TOO_SLOW * hop_s, answer);
        else answer();
      }),
    close: async () => {},
  } as unknown as ModelRunner;
  const pipeline = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG, failover: true }
  gaze: { type: websocket, stream_type: Gaze }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: ${hop_s} }
  look: { type: extract, input: gaze, features: [gaze-statistics], window_s: 1, hop_s: 0.25 }
models:
  affect: { type: hi-moe, inputs: { eeg: de }, path: models/demo }
`);
  const source = new Subject<SessionMessage>();
  const told: SessionEvent[] = [];
  const outputs: OutputMessage[] = [];
  const log: SessionMessage['message'][] = [];
  const runtime = new PipelineRuntime({
    loaded: { pipeline, runners: new Map([['affect', runner]]) },
    ...{ clock, events: (event) => told.push(event), log: ({ message }) => log.push(message) },
  });
  let windows = 0;
  let predicted = 0;
  let dropped = 0;
  runtime.outputs$.subscribe((output) => {
    outputs.push(output);
    if (output.stream === 'features' && output.node === 'de') windows++;
    if (output.stream === 'affect') predicted++;
    dropped = runtime.sessions.get('s')?.droppedWindows ?? dropped;
    mostQueued = Math.max(mostQueued, windows - predicted - dropped);
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
  const lines = outputs.flatMap((o) => (o.stream === 'affect' ? [o] : []));
  const codes = (...asked: string[]) => told.filter(({ code }) => asked.includes(code));
  const ticks = log.filter((message) => message.kind === 'chunk' && message.chunk.info.type === 'Ticks');
  return { codes, log, ticks, of, lines, mostQueued, paused_s, dropped };
}

describe('a model that is 20 times too slow for 30 s', () => {
  const early = ({ time }: SessionEvent): boolean => (time ?? 0) < 8;

  it('has its senders wait: nobody is silent meanwhile, nothing ticks, and all is told afterwards', async () => {
    const sent = inOrder(
      opened(0, eeg, gaze),
      // An eye tracker that sends each 1.5 s: what was learnt of that holds over the pause.
      arrivals([
        { ...head, info: eeg },
        { ...head, info: gaze, chunk_s: 1.5 },
      ]),
      closed(END_S + 0.2, eeg, gaze),
    );
    const hop_s = 0.25;
    const { codes, ticks, of, lines, mostQueued, paused_s } = await run(hop_s, [{ sent, waits: true }]);
    expect(paused_s).toBeGreaterThan(15);
    expect(mostQueued).toBeLessThan(50);
    const wrong = codes('stream-stale', 'stream-returned', 'samples-late', 'samples-dropped');
    expect(wrong.filter((event) => !early(event))).toEqual([]);
    expect(codes('windows-dropped')).toEqual([]);
    expect(ticks).toEqual([]);
    const times = of('de');
    expect(times).toEqual(times.map((_, k) => 1 + hop_s * k));
    expect(times.at(-1)).toBe(END_S);
    expect(lines.map(({ time }) => time)).toEqual(times);
    expect(lines.filter(({ valid }) => !valid)).toEqual([]);
  });

  it('leaves out windows where a sender can’t wait, counts them, and takes no sender for silent', async () => {
    const own = (info: StreamInfo, chunk_s: number): readonly Arrival[] =>
      inOrder(opened(0, info), arrivals([{ ...head, info, chunk_s }]), closed(END_S + 0.2, info));
    const { codes, ticks, of, lines, mostQueued, paused_s, dropped } = await run(1 / 64, [
      { sent: own(gaze, 1.5), waits: true },
      { sent: own(eeg, 0.1), waits: false },
    ]);
    expect(paused_s).toBeGreaterThan(25);
    expect(mostQueued).toBeLessThanOrEqual(1026);
    expect(codes('stream-stale', 'stream-returned').filter((event) => !early(event))).toEqual([]);
    expect(ticks).toEqual([]);
    const left = codes('windows-dropped').reduce((sum, { count = 1 }) => sum + count, 0);
    expect(left).toBeGreaterThan(300);
    expect(left).toBe(dropped);
    expect(codes('windows-dropped').length).toBeLessThan(40);
    const times = of('de');
    expect(lines.map(({ time }) => time)).toEqual(times);
    expect(lines.map(({ seq }) => seq)).toEqual(times.map((_, k) => k));
    const thinned = lines.filter(({ reason }) => reason === 'overloaded');
    expect(thinned).toHaveLength(dropped);
    expect(thinned.filter(({ time, valid }) => valid || (time as number) > SLOW[1])).toEqual([]);
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
  const { codes, of, log, paused_s } = await run(0.25, senders, [10, 70]);
  expect(paused_s).toBeGreaterThan(40);
  expect(codes('source-rebound', 'stream-stale')).toEqual([]);
  expect(log.flatMap((message) => (message.kind === 'bind' ? [message.stream] : [])).sort()).toEqual([
    'eeg',
    'gaze',
  ]);
  expect(of('de').at(-1)).toBe(END_S);
});
