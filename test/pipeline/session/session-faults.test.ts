import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import type { SessionEvent } from '../../../src/core/event.js';
import type { ModelRunner } from '../../../src/core/model.js';
import type { StreamMessage } from '../../../src/core/signal.js';
import type { OutputMessage } from '../../../src/io/sinks/sink.js';
import type { SessionMessage } from '../../../src/io/sources/source.js';
import { checkPipeline } from '../../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../../src/pipeline/file/document.js';
import type { Pipeline, TransformNode } from '../../../src/pipeline/file/pipeline.js';
import type { LoadedPipeline } from '../../../src/pipeline/run/run-session.js';
import { PipelineRuntime } from '../../../src/pipeline/run/runtime.js';
import { SessionFaults } from '../../../src/pipeline/session/session-faults.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';

const text = `
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  held: { type: mask, input: eeg }
  de: { type: extract, input: held, features: [differential-entropy], window_s: 2, hop_s: 1 }
models:
  affect: { type: hi-moe, inputs: { eeg: de }, path: models/demo }
`;

const ODD = 1234.5;

/** The pipeline, one of whose transforms throws at a certain value. */
function fragile(): Pipeline {
  const { pipeline, problems } = checkPipeline(new PipelineDocument('test.yaml', text));
  if (!pipeline) throw new Error(JSON.stringify(problems));
  const node = pipeline.transforms.get('held')!;
  const definition = {
    ...node.definition,
    create: () => ({
      reset: (info: unknown) => info,
      process: (chunk: { data: Float64Array }, emit: (chunk: unknown) => void) => {
        if (chunk.data.includes(ODD)) throw new RangeError('it is odd');
        emit(chunk);
      },
      snapshot: () => null,
      restore: () => {},
    }),
  } as unknown as TransformNode['definition'];
  return { ...pipeline, transforms: new Map(pipeline.transforms).set('held', { ...node, definition }) };
}

const runner: ModelRunner = {
  ...{ name: 'm', id: 'm@sha256:0', type: 'hi-moe', engine: 'none', fuses: false },
  worth: { evidence: 'none', broken: null, reason: null, scope: null },
  inputs: new Map([
    [
      'eeg',
      {
        ...{ name: 'eeg', kind: 'features', upstream: '' },
        features: [{ channel: 'Cz', feature: 'de_alpha', unit: 'nat' }],
      },
    ],
  ]) as unknown as ModelRunner['inputs'],
  validity: { min_present: 1, required: [] },
  predict: async (frames) =>
    frames.map(([{ values }]) => ({
      ...{ valence: Math.tanh(values[0]), arousal: 0, weights: [1], routing: [], interval: null },
    })),
  close: async () => {},
};

const info = streamInfo({ type: 'EEG', sfreq: 64, labels: ['Cz'], unit: 'uV' });
const open: StreamMessage = { kind: 'open', info };
const close: StreamMessage = { kind: 'close', id: info.id };
function second(t: number, odd = false): StreamMessage {
  const row = Float64Array.from({ length: 64 }, (_, i) => Math.sin((64 * t + i) * 0.7) * 20);
  if (odd) row[7] = ODD;
  return { kind: 'chunk', chunk: chunkOf(info, [row], t) };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function start() {
  const clock = new VirtualClock(0, 1_700_000_000);
  const loaded = (): LoadedPipeline => ({ pipeline: fragile(), runners: new Map([['affect', runner]]) });
  const log: SessionEvent[] = [];
  const runtime = new PipelineRuntime({ loaded: loaded(), clock, events: (event) => log.push(event) });
  const source = new Subject<SessionMessage>();
  const outputs: OutputMessage[] = [];
  runtime.outputs$.subscribe((message) => outputs.push(message));
  runtime.consume({ messages$: source });
  const send = async (session: string, ...messages: StreamMessage[]): Promise<void> => {
    for (const message of messages) source.next({ session, message });
    await settle();
  };
  const lines = (session: string) =>
    outputs.flatMap((o) => (o.stream === 'affect' && o.session === session ? [o] : []));
  const told = (code: string) => log.filter((event) => event.code === code);
  return { runtime, clock, send, lines, told, outputs, reload: () => runtime.prepare(loaded())() };
}

describe('a throw inside a session’s graph', () => {
  it('begins its graph anew, on the same clock and count; another session’s bytes do not change', async () => {
    const run = async (isOdd: boolean) => {
      const { send, lines, told, outputs } = start();
      await send('healthy', open);
      await send('other', open);
      for (let t = 0; t < 12; t++) {
        await send('other', second(t, isOdd && t === 5));
        await send('healthy', second(t));
      }
      const healthy = outputs.filter((o) => o.session === 'healthy');
      return { healthy: JSON.stringify(healthy), lines: lines('other'), faults: told('session-failed') };
    };
    const [plain, odd] = [await run(false), await run(true)];
    expect(odd.healthy).toBe(plain.healthy);
    expect(odd.faults.map(({ session, message }) => [session, message])).toEqual([
      ['other', 'session other: it is odd; its graph begins anew'],
    ]);
    expect(odd.lines.map(({ seq, time }) => [seq, time])).toEqual(odd.lines.map((_, k) => [k, 2 + k]));
    expect(odd.lines.at(-1)?.time).toBe(12);
    expect(odd.lines.filter(({ valid }) => valid).map(({ time }) => time)).toEqual([
      2, 3, 4, 5, 8, 9, 10, 11, 12,
    ]);
    const tail = (lines: typeof odd.lines): string => JSON.stringify(lines.filter(({ time }) => time > 8));
    expect(tail(odd.lines)).toBe(tail(plain.lines));
  });

  it('comes of a chunk that no door may give, too', async () => {
    const { send, told } = start();
    await send('s', open);
    const { chunk } = second(0) as Extract<StreamMessage, { kind: 'chunk' }>;
    chunk.times[9] = Number.NaN;
    await send('s', { kind: 'chunk', chunk });
    expect(told('session-failed').map(({ message }) => message)).toEqual([
      expect.stringMatching(/^session s: a stamp of .* is NaN, behind 0.125; its graph begins anew$/),
    ]);
  });

  it('keeps the session down the third time within a minute; a reload ends it', async () => {
    const { send, lines, told, clock, reload, runtime } = start();
    await send('s', open);
    for (let t = 0; t < 12; t++) {
      await send('s', second(t, [3, 5, 7].includes(t)));
      clock.advance(1);
    }
    expect(told('session-failed').map(({ message }) => message)).toEqual([
      'session s: it is odd; its graph begins anew',
      'session s: it is odd; its graph begins anew',
      'session s: it is odd; it stays down after faults in a row: reload the pipeline, or open it again',
    ]);
    const down = lines('s').filter(({ reason }) => reason === 'failed');
    expect(down.map(({ time, valid, valence }) => [time, valid, valence])).toEqual(
      [8, 9, 10, 11, 12].map((time) => [time, false, null]),
    );
    expect(down[0].modalities).toMatchObject({ eeg: { present: false, reason: 'failed' } });
    // Later than a minute it is down still.
    clock.advance(100);
    await send('s', second(112));
    // What the ticks of that time close takes its turns.
    for (let k = 0; k < 50; k++) await send('s');
    expect(lines('s').at(-1)?.reason).toBe('failed');
    reload();
    await send('s', ...[113, 114, 115].map((t) => second(t)));
    for (let k = 0; k < 50; k++) await send('s');
    expect(lines('s').at(-1)).toMatchObject({ time: 116, valid: true });
    expect(lines('s').map(({ seq }) => seq)).toEqual(lines('s').map((_, k) => k));
    expect([...runtime.sessions.keys()]).toEqual(['s']);
  });

  it('ends with the session, whose name is another’s then', async () => {
    const { send, lines, clock } = start();
    await send('s', open, ...[0, 1, 2, 3, 4].map((t) => second(t, t > 0)), close);
    expect(lines('s').at(-1)).toMatchObject({ reason: 'failed' });
    clock.advance(1);
    await send('s', open, ...[0, 1, 2].map((t) => second(t)));
    expect(lines('s').at(-1)).toMatchObject({ time: 3, valid: true });
  });
});

it('what a stream cannot be used for, whatever is thrown, leaves that stream out and no other', async () => {
  const { send, told, lines } = start();
  const absurd = streamInfo({ type: 'EEG', sfreq: 1e300, labels: ['Cz'], unit: 'uV' });
  const odd: StreamMessage = { kind: 'open', info: { ...absurd, id: 'odd', name: 'odd' } };
  const sent: StreamMessage = {
    kind: 'chunk',
    chunk: chunkOf({ ...absurd, id: 'odd', name: 'odd' }, [[1]], [0]),
  };
  await send('s', odd, open, sent, ...[0, 1, 2].map((t) => second(t)));
  expect(told('stream-ignored').map(({ stream }) => stream)).toEqual(['odd']);
  expect(lines('s').at(-1)).toMatchObject({ time: 3, valid: true });
});

it('a session that is down keeps to the zero that was told', async () => {
  const { send, lines } = start();
  await send('s', open, { kind: 'zero', time: -0.5 }, ...[0, 1, 2, 3, 4].map((t) => second(t, t < 3)));
  expect(lines('s').map(({ time, reason }) => [time, reason])).toEqual([
    [3, 'failed'],
    [4, 'failed'],
    [5, 'failed'],
  ]);
});

it('faults a minute apart are counted by themselves', () => {
  const faults = new SessionFaults();
  expect([0, 30, 61, 90.5].map((time) => faults.take(time))).toEqual(['anew', 'anew', 'anew', 'anew']);
  expect(faults.take(120)).toBe('down');
  expect(faults.take(1000)).toBe('down');
  faults.forget();
  expect(faults.take(1001)).toBe('anew');
});
