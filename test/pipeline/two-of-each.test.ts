import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { StreamMessage } from '../../src/core/signal.js';
import type { NodeMessage, OutputLines } from '../../src/io/protocol/output.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import type { SessionMessage } from '../../src/io/sources/source.js';
import { outputMessage } from '../../src/pipeline/run/output-messages.js';
import { replay } from '../../src/pipeline/run/replay.js';
import type { LoadedPipeline } from '../../src/pipeline/run/run-session.js';
import { RunningSinks } from '../../src/pipeline/run/running-sinks.js';
import { PipelineRuntime } from '../../src/pipeline/run/runtime.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { pipelineOf } from './live-and-replay.js';
import { Ranker } from './ranker.js';

/** Two of each: extract nodes on one source, models that rank, indices against rest, sinks. */
const text = `
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  fast: { type: extract, input: eeg, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
  slow: { type: extract, input: eeg, features: [differential-entropy], window_s: 4, hop_s: 1 }
  fast_z: { type: normalize, input: fast, half_life_s: 10, min_s: 2 }
  fast_rest: { type: rest-index, input: fast, span_s: 6 }
  slow_rest: { type: rest-index, input: slow, span_s: 8 }
models:
  first: { type: prnet, inputs: { eeg: fast }, path: models/none }
  second: { type: prnet, inputs: { eeg: slow }, path: models/none }
sinks:
  one: { type: console, input: [first, slow] }
  other: { type: console, input: [second, fast_rest, fast_z] }
`;
type FromNode = OutputLines[NodeMessage['stream']];
const isFromNode = (message: OutputMessage | null): message is FromNode =>
  message !== null && 'node' in message;

function loaded(changed: (text: string) => string = (same) => same): LoadedPipeline {
  const runners = new Map([
    ['first', new Ranker('up@sha256:1', 1)],
    ['second', new Ranker('down@sha256:2', -1)],
  ]);
  return { pipeline: pipelineOf(changed(text)), runners };
}

const info = streamInfo({ type: 'EEG', sfreq: 64, labels: ['Cz', 'Pz'], unit: 'uV' });
/** Half-second chunks whose loudness goes up and down; a marker in between. */
function messages(): StreamMessage[] {
  const chunks = Array.from({ length: 40 }, (_, k): StreamMessage => {
    const rows = [0.7, 1.3].map((w) =>
      Float64Array.from(
        { length: 32 },
        (_, i) => 20 * (1.5 + Math.sin(k / 4)) * Math.sin((32 * k + i) * w) * ((k % 3) + 1),
      ),
    );
    return { kind: 'chunk', chunk: chunkOf(info, rows, k / 2) };
  });
  const marker: StreamMessage = {
    kind: 'marker',
    marker: { stream: 'marks', time: 9.2, value: 'anchor:calm' },
  };
  return [{ kind: 'open', info }, ...chunks.slice(0, 18), marker, ...chunks.slice(18)];
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function live(given: LoadedPipeline, next?: { readonly at: number; readonly loaded: LoadedPipeline }) {
  const runtime = new PipelineRuntime({ loaded: given, clock: new VirtualClock(), events: () => {} });
  const made: FromNode[] = [];
  const heard = new Map<string, OutputMessage[]>();
  runtime.outputs$.subscribe((message) => {
    if (isFromNode(message)) made.push(message);
  });
  const sinks = new RunningSinks(
    runtime.outputs$,
    new Map([
      [
        'console',
        ({ name }) => {
          const own: OutputMessage[] = [];
          heard.set(name, own);
          return { publish: (message: OutputMessage) => own.push(message), close: async () => {} };
        },
      ],
    ]),
    () => {},
  );
  sinks.prepare(given.pipeline).goOver();
  const source = new Subject<SessionMessage>();
  runtime.consume({ messages$: source });
  for (const [i, message] of messages().entries()) {
    if (next?.at === i) runtime.prepare(next.loaded)();
    source.next({ session: 's', message });
    await settle();
  }
  await sinks.close();
  return { made, heard };
}

async function replayed({ pipeline, runners }: LoadedPipeline): Promise<FromNode[]> {
  const made: FromNode[] = [];
  const options = {
    session: 's',
    loaded: { pipeline, runners },
    events: () => {},
    inArrivalOrder: true,
    features: true,
  };
  for await (const output of replay(messages(), options)) {
    const message = outputMessage('s', output);
    if (isFromNode(message)) made.push(message);
  }
  return made;
}

const of = (made: readonly FromNode[], node: string): FromNode[] =>
  made.filter((message) => message.node === node);
const nodes = ['fast', 'slow', 'fast_z', 'fast_rest', 'slow_rest', 'first', 'second'];

describe('two of each in one pipeline', () => {
  it('are the same live as in replay, byte for byte, each under its node and numbered by itself', async () => {
    const [{ made }, again] = [await live(loaded()), await replayed(loaded())];
    const lines = (messages: readonly FromNode[]): string[] => messages.map((m) => JSON.stringify(m));
    expect(lines(made)).toEqual(lines(again));
    expect(new Set(made.map(({ node }) => node))).toEqual(new Set(nodes));
    for (const node of nodes) {
      const own = of(made, node);
      expect(
        own.map(({ seq }) => seq),
        node,
      ).toEqual(own.map((_, i) => i));
      expect(own.length, node).toBeGreaterThan(10);
      expect(new Set(own.map(({ stream }) => stream)).size).toBe(1);
    }
    expect(of(made, 'fast').length).toBeGreaterThan(1.8 * of(made, 'slow').length);
    for (const message of made) if (message.stream === 'features') expect(message.input).toBe('eeg');
  });

  it('rank against anchors of their own, set at their own windows', async () => {
    const { made } = await live(loaded());
    const calmOf = (node: string) =>
      of(made, node).flatMap((message) =>
        message.stream === 'affect' && message.ranking?.arousal.calm
          ? [[message.time, message.ranking.arousal.calm.is]]
          : [],
      );
    const [first, second] = [calmOf('first'), calmOf('second')];
    // The moment against itself.
    expect(first[0]).toEqual([9.5, 'similar']);
    expect(second[0]).toEqual([10, 'similar']);
    // What is higher to the one is lower to the other.
    expect(new Set(first.map(([, is]) => is))).toContain('higher');
    expect(new Set(second.map(([, is]) => is))).toContain('lower');
    const starts = ['first', 'second'].map((node) =>
      of(made, node).map((message) =>
        message.stream === 'affect' ? message.ranking?.arousal.start.is : null,
      ),
    );
    expect(starts[0][0]).toBe('similar');
    expect(starts[1][0]).toBe('similar');
    expect(starts[0]).not.toEqual(starts[1]);
  });

  it('go to the sinks whose input names them, and to no other', async () => {
    const { made, heard } = await live(loaded());
    const expected = { one: ['first', 'slow'], other: ['second', 'fast_rest', 'fast_z'] };
    for (const [sink, inputs] of Object.entries(expected))
      expect(heard.get(sink), sink).toEqual(made.filter(({ node }) => inputs.includes(node)));
  });

  it('are published without a sink too, but for the nodes that only serve others', async () => {
    const made = await replayed(loaded((file) => file.slice(0, file.indexOf('sinks:'))));
    expect(new Set(made.map(({ node }) => node))).toEqual(new Set(nodes.filter((n) => n !== 'fast_z')));
  });

  it('go on counting over a reload, and begin at 0 where a node is new', async () => {
    const renamed = (file: string) => file.replace('second: {', 'third: {').replace('[second,', '[third,');
    const next = loaded(renamed);
    const runners = new Map([...next.runners].map(([n, r]) => [n === 'second' ? 'third' : n, r]));
    const { made } = await live(loaded(), { at: 24, loaded: { ...next, runners } });
    for (const node of [...nodes, 'third']) {
      const own = of(made, node);
      expect(
        own.map(({ seq }) => seq),
        node,
      ).toEqual(own.map((_, i) => i));
      expect(own.length, node).toBeGreaterThan(3);
    }
    expect(of(made, 'second').at(-1)!.time).toBeLessThan(of(made, 'third')[0].time);
  });
});
