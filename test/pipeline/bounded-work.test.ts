import fc from 'fast-check';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import type { StreamInfo, StreamMessage } from '../../src/core/signal.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import type { SessionMessage } from '../../src/io/sources/source.js';
import { checkPipeline } from '../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../src/pipeline/file/document.js';
import { PipelineRuntime } from '../../src/pipeline/run/runtime.js';
import { Turns } from '../../src/pipeline/run/turns.js';
import type { GraphState } from '../../src/pipeline/session/graph-state.js';
import { SessionGraph } from '../../src/pipeline/session/session-graph.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { live, modelsOf, others, pipelineOf, until } from './every-component.js';
import { bitsOf, ways } from './stop-and-go.js';

const { pipeline } = checkPipeline(
  new PipelineDocument(
    'test.yaml',
    `
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 4, hop_s: 0.5 }
`,
  ),
);

/** A live session; how many windows each message closes is what its work is counted by. */
function start(maxWindowValues?: number) {
  const events: SessionEvent[] = [];
  let windows = 0;
  const graph = new SessionGraph({
    ...{
      session: 's',
      pipeline: pipeline!,
      models: new Map(),
      ordered: false,
      monitor: true,
      ...(maxWindowValues !== undefined && { maxWindowValues }),
    },
    events: (event) => events.push(event),
    emit: ({ kind }) => {
      if (kind === 'closed') windows++;
    },
  });
  const send = (info: StreamInfo, times: readonly number[]): number => {
    const before = windows;
    const row = times.map((t) => Math.sin(t * 7) * 20);
    graph.push({ kind: 'chunk', chunk: chunkOf(info, [row], times) });
    return windows - before;
  };
  const codes = (): string[] => events.map(({ code }) => code);
  return { graph, events, send, codes };
}

const eeg = (sfreq: number, channels = 1): StreamInfo =>
  streamInfo({
    ...{ type: 'EEG', sfreq, unit: 'uV' },
    labels: Array.from({ length: channels }, (_, c) => `ch${c}`),
  });

describe('one message closes no more windows than it can have filled', () => {
  it('20 samples that stand for eleven days each', () => {
    const { send } = start();
    expect(
      send(
        eeg(1e-6),
        Array.from({ length: 20 }, (_, i) => 0.1 * i),
      ),
    ).toBeLessThan(30);
  });

  it('100 stamps, 59.5 s from each other: told in one event', () => {
    const { send, events } = start();
    const info = eeg(0);
    send(info, [0]);
    expect(
      send(
        info,
        Array.from({ length: 100 }, (_, i) => 59.5 * (i + 1)),
      ),
    ).toBeLessThanOrEqual(100);
    const skipped = events.filter(({ code }) => code === 'time-skipped');
    expect(skipped.map(({ details }) => details?.jumps)).toEqual([100]);
  });
});

it('silence that ticks tell of is not skipped', () => {
  const { graph, send, codes } = start();
  const info = eeg(0);
  send(info, [0, 0.1, 0.2]);
  const ticks: StreamInfo = { ...info, id: 'ticks', type: 'Ticks' };
  let closed = 0;
  for (let t = 1; t <= 30; t++) closed += send(ticks, [t]);
  expect(closed).toBe(53);
  send(info, [30.5]);
  expect(graph.head).toBe(30.5);
  expect(codes()).not.toContain('time-skipped');
});

it('a stream whose window would hold more than any sensor gives is left out', () => {
  const { graph, events } = start();
  const info = eeg(1e6, 1024);
  graph.push({ kind: 'open', info });
  const rows = Array.from({ length: 1024 }, () => [0]);
  graph.push({ kind: 'chunk', chunk: chunkOf(info, rows, [0]) });
  const [ignored] = events;
  expect(ignored).toMatchObject({ code: 'stream-ignored', level: 'warn' });
  expect(ignored.message).toContain('1024 channels at 1000000 Hz make');
});

it('samples that share a stamp fill no more than the windows hold: the rest is left out and told', () => {
  const { graph, events, codes } = start(10_000);
  const info = eeg(0, 8);
  graph.push({ kind: 'open', info });
  const n = 1250;
  const rows = Array.from({ length: 8 }, () => new Float64Array(n));
  const chunk = { ...chunkOf(info, rows, Array<number>(n).fill(0)), gapBefore: false };
  for (let k = 0; k < 3; k++) graph.push({ kind: 'chunk', chunk });
  expect(codes()).not.toContain('samples-dropped');
  graph.push({ kind: 'chunk', chunk });
  expect(codes().filter((code) => code === 'samples-dropped')).toHaveLength(1);
  expect(events.at(-1)?.message).toContain('more come at one time than a window holds');
});

it('markers of a time that no window reaches wait up to a number; more are left out and told', () => {
  const text = `
sources:
  gaze: { type: websocket, stream_type: Gaze }
transforms:
  eye: { type: extract, input: gaze, features: [{ name: eye-movement, events: device }], window_s: 4, hop_s: 1 }
`;
  const events: SessionEvent[] = [];
  const graph = new SessionGraph({
    ...{ session: 's', pipeline: pipelineOf(text), models: new Map(), ordered: false },
    ...{ monitor: true, events: (event: SessionEvent) => events.push(event), emit: () => {} },
  });
  const info = streamInfo({ type: 'Gaze', sfreq: 60, labels: ['left_x', 'left_y'], unit: 'deg' });
  graph.push({ kind: 'open', info });
  graph.push({ kind: 'chunk', chunk: chunkOf(info, [new Float64Array(60), new Float64Array(60)], 0) });
  for (let k = 0; k < 4100; k++)
    graph.push({
      kind: 'marker',
      marker: { stream: 'far', time: 1e4 + k, value: 'fixation duration_s=0.3' },
    });
  const dropped = events.filter(({ code }) => code === 'samples-dropped');
  expect(dropped.map(({ time }) => time)).toEqual([14_096, 14_097, 14_098, 14_099]);
});

describe('work that is cut into turns', () => {
  it('gives the same to the last bit, wherever it is cut, and stopped and stored in the middle of a message', () => {
    const pipeline = pipelineOf(others);
    const messages = joined(live(until(14)));
    const setup = {
      ...{
        session: 's',
        pipeline,
        models: modelsOf(pipeline),
        ordered: false,
        monitor: true,
      },
    };
    const run = (units: () => number, way: ((state: GraphState) => GraphState) | null): string[] => {
      const told: string[] = [];
      const make = (): SessionGraph => {
        const tell = (what: object): void => void told.push(bitsOf(what));
        return new SessionGraph({ ...setup, events: tell, emit: tell });
      };
      let graph = make();
      const finish = (): void => {
        while (!graph.isIdle) {
          const most = units();
          graph.work(most);
          if (!way || most > 3 || graph.isIdle) continue;
          const state = way(graph.snapshot());
          graph = make();
          graph.restore(state);
        }
      };
      for (const message of messages) {
        graph.begin(message);
        finish();
      }
      graph.beginEnd();
      finish();
      return told;
    };
    const whole = run(() => Number.POSITIVE_INFINITY, null);
    expect(whole.length).toBeGreaterThan(100);
    fc.assert(
      fc.property(
        fc.infiniteStream(fc.integer({ min: 1, max: 20 })),
        fc.constantFrom(null, ...ways),
        (units, way) => {
          expect(run(() => units.next().value as number, way)).toEqual(whole);
        },
      ),
      { numRuns: 2, seed: 7 },
    );
  });

  it('closes at most as many windows a turn as it has units, and a session beside it loses nothing', () => {
    const run = (isHostile: boolean) => {
      const turns: (() => void)[] = [];
      const clock = new VirtualClock();
      const shared = new Turns({ nextTurn: (turn) => turns.push(turn) });
      const runtime = new PipelineRuntime({
        ...{ loaded: { pipeline: pipeline!, runners: new Map() }, clock, events: () => {}, turns: shared },
      });
      const outputs: OutputMessage[] = [];
      runtime.outputs$.subscribe((output) => outputs.push(output));
      const source = new Subject<SessionMessage>();
      runtime.consume({ messages$: source });
      const windowsOf = (session: string): OutputMessage[] =>
        outputs.filter((output) => output.session === session && output.stream === 'features');
      const send = (session: string, times: readonly number[], info: StreamInfo): void => {
        const row = times.map((t) => Math.sin(t * 7) * 20);
        source.next({ session, message: { kind: 'chunk', chunk: chunkOf(info, [row], times) } });
      };
      const most: number[] = [];
      const turn = (): void => {
        const before = outputs.filter(({ stream }) => stream === 'features').length;
        turns.shift()?.();
        most.push(outputs.filter(({ stream }) => stream === 'features').length - before);
      };
      const info = eeg(64);
      source.next({ session: 'healthy', message: { kind: 'open', info } });
      if (isHostile) {
        source.next({ session: 'hostile', message: { kind: 'open', info: eeg(0) } });
        const stamps = Array.from({ length: 400 }, (_, k) => 7.9 * k);
        send('hostile', stamps, eeg(0));
      }
      const late: number[] = [];
      for (let t = 0; t < 40; t++) {
        send(
          'healthy',
          Array.from({ length: 32 }, (_, i) => t / 2 + i / 64),
          info,
        );
        let waited = 0;
        for (; windowsOf('healthy').length < t - 6; waited++) turn();
        late.push(waited);
        turn();
      }
      while (turns.length > 0) turn();
      return { windowsOf, most: Math.max(...most), late: Math.max(...late), runtime };
    };
    const [plain, beside] = [run(false), run(true)];
    expect(beside.windowsOf('hostile').length).toBeGreaterThan(6_000);
    expect(beside.most).toBeLessThanOrEqual(64);
    expect(JSON.stringify(beside.windowsOf('healthy'))).toBe(JSON.stringify(plain.windowsOf('healthy')));
    expect(beside.windowsOf('healthy').length).toBe(33);
    expect(beside.late).toBeLessThanOrEqual(1);
  });
});

/** The same with chunks of one stream that come in a row joined, so that a message closes many windows. */
function joined(messages: readonly StreamMessage[]): StreamMessage[] {
  const all: StreamMessage[] = [];
  for (const message of messages) {
    const before = all.at(-1);
    if (message.kind !== 'chunk' || before?.kind !== 'chunk' || before.chunk.info !== message.chunk.info)
      all.push(message);
    else if (message.chunk.gapBefore) all.push(message);
    else {
      const { info } = message.chunk;
      const [a, b] = [before.chunk, message.chunk];
      const rows = info.channels.map((_, c) => [
        ...a.data.subarray(c * a.times.length, (c + 1) * a.times.length),
        ...b.data.subarray(c * b.times.length, (c + 1) * b.times.length),
      ]);
      const times = [...a.times, ...b.times];
      all[all.length - 1] = {
        kind: 'chunk',
        chunk: { ...chunkOf(info, rows, times), gapBefore: a.gapBefore },
      };
    }
  }
  return all;
}
