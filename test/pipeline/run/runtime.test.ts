import { Subject, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import type { StreamMessage } from '../../../src/core/signal.js';
import type { OutputMessage } from '../../../src/io/sinks/sink.js';
import type { SessionMessage } from '../../../src/io/sources/source.js';
import { checkPipeline } from '../../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../../src/pipeline/file/document.js';
import { PipelineRuntime } from '../../../src/pipeline/run/runtime.js';
import { Turns } from '../../../src/pipeline/run/turns.js';
import { StallWatch } from '../../../src/signal/timebase/stall-watch.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';

const { pipeline } = checkPipeline(
  new PipelineDocument(
    'test.yaml',
    `
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 2, hop_s: 1 }
`,
  ),
);
const info = streamInfo({ type: 'EEG', sfreq: 64, labels: ['Cz', 'Pz'], unit: 'uV' });
const rows = (flat: boolean): Float64Array[] =>
  [0, 1].map((c) =>
    Float64Array.from({ length: 64 }, (_, i) => (flat && c === 1 ? 5 : Math.sin(i * (0.7 + c)) * 20)),
  );
const chunk = (t: number, flat = false): StreamMessage => ({
  kind: 'chunk',
  chunk: chunkOf(info, rows(flat), t),
});
const open: StreamMessage = { kind: 'open', info };
const close: StreamMessage = { kind: 'close', id: info.id };

function start(turns?: Turns) {
  if (!pipeline) throw new Error('bad pipeline');
  const clock = new VirtualClock(0, 1_700_000_000);
  const runtime = new PipelineRuntime({
    ...{ loaded: { pipeline, runners: new Map() }, clock, events: () => {} },
    ...(turns && { turns }),
    stall: new StallWatch(clock, () => {}),
  });
  const source = new Subject<SessionMessage>();
  const outputs: OutputMessage[] = [];
  runtime.outputs$.subscribe((message) => outputs.push(message));
  runtime.consume({ messages$: source });
  const send = (session: string, ...messages: StreamMessage[]): void => {
    for (const message of messages) source.next({ session, message });
  };
  const times = (session: string, stream: string): (number | null)[] =>
    outputs.filter((o) => o.session === session && o.stream === stream).map(({ time }) => time);
  return { runtime, source, clock, send, outputs, times };
}
/** Predictions pass through promises, and what follows them waits. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('sessions', () => {
  it('run side by side, each on its own clock', async () => {
    const { send, times, runtime } = start();
    send('a', open, chunk(100), chunk(101));
    send('b', open, chunk(7));
    send('a', chunk(102));
    send('b', chunk(8));
    await settle();
    expect(times('a', 'features')).toEqual([2, 3]);
    expect(times('b', 'features')).toEqual([2]);
    expect([...runtime.sessions.keys()]).toEqual(['a', 'b']);
  });

  it('end with their last stream; the same name is a new session then', async () => {
    const { send, times, runtime } = start();
    send('a', open, chunk(0), chunk(1), chunk(2), close);
    await settle();
    expect(runtime.sessions.size).toBe(0);
    send('a', open, chunk(0), chunk(1));
    await settle();
    expect(times('a', 'features')).toEqual([2, 3, 2]);
    expect(runtime.sessions.size).toBe(1);
  });

  it('know where their time lies on the clock of this machine', async () => {
    const { send, runtime, clock } = start();
    send('a', open, chunk(50));
    clock.advance(2);
    send('a', chunk(51));
    await settle();
    // The first chunk came at 0 with a sample of 50.984 s: it was measured then at the latest.
    expect(runtime.placeOf('a', 0)).toBeCloseTo(50 - (50 + 63 / 64), 9);
    expect(runtime.placeOf('a', 1)).toBeCloseTo(51 - (50 + 63 / 64), 9);
    expect(runtime.placeOf('b', 0)).toBeNull();
    // Time goes on in sleep, and this clock doesn't.
    clock.sleep(60);
    send('a', chunk(52 + 60));
    await settle();
    expect(runtime.placeOf('a', 62)).toBeCloseTo(52 - (50 + 63 / 64), 9);
  });
});

describe('a session that lags behind what is sent', () => {
  it('asks its senders to wait until half of it is done, and ends when all of it is', async () => {
    const turns: (() => void)[] = [];
    const { send, times, runtime, outputs } = start(new Turns({ nextTurn: (turn) => turns.push(turn) }));
    send('a', open, ...Array.from({ length: 400 }, (_, t) => chunk(t)), close);
    send('b', open, chunk(0), chunk(1));
    let released = 0;
    const busy = runtime.busy('a')!.then(() => released++);
    expect(runtime.busy('b')).toBeUndefined();
    let left = 0;
    for (; turns.length > 0 && runtime.busy('a'); left++) turns.shift()!();
    await busy;
    expect(times('b', 'features')).toEqual([2]);
    expect(left).toBeGreaterThan(2);
    expect(times('a', 'features').length).toBeLessThan(300);
    expect(outputs.map((o) => (o.stream === 'sys' ? o.event.code : ''))).not.toContain('session-closed');
    while (turns.length > 0) turns.shift()!();
    await settle();
    expect(times('a', 'features')).toHaveLength(399);
    expect([...runtime.sessions.keys()]).toEqual(['b']);
  });
});

describe('a source that ends by an error', () => {
  it('is told of, and ends no other', async () => {
    const { runtime, send, times, outputs } = start();
    send('a', open, chunk(0));
    runtime.consume({ messages$: throwError(() => new Error('the cable is out')) });
    send('a', chunk(1), chunk(2));
    await settle();
    expect(times('a', 'features')).toEqual([2, 3]);
    const told = outputs.flatMap((o) => (o.stream === 'sys' ? [o.event] : []));
    expect(told.map(({ code }) => code)).toEqual([...['session-opened', 'stream-matched', 'source-failed']]);
    expect(told.at(-1)?.message).toContain('the cable is out');
  });
});

describe('a runtime that closes', () => {
  it('lets go of its sources, whose streams are still open', async () => {
    const { runtime, send, source } = start();
    send('a', open, chunk(0), chunk(1));
    expect(source.observed).toBe(true);
    await runtime.close();
    expect(source.observed).toBe(false);
  });
});

describe('what is published', () => {
  it('numbers what each node of a session makes from 0, and again when the session begins anew', async () => {
    const { send, outputs } = start();
    send('a', open, chunk(0), chunk(1), chunk(2), close);
    await settle();
    send('a', open, chunk(0), chunk(1));
    await settle();
    const made = outputs.flatMap((o) => (o.stream === 'features' ? [[o.node, o.input, o.seq]] : []));
    expect(made).toEqual([
      ['de', 'eeg', 0],
      ['de', 'eeg', 1],
      ['de', 'eeg', 0],
    ]);
  });

  it('tells the state of every channel', async () => {
    const { send, outputs } = start();
    send('a', open, chunk(0, true), chunk(1, true));
    await settle();
    const quality = outputs.find((o) => o.stream === 'quality');
    expect(quality).toMatchObject({
      inputs: {
        eeg: {
          name: info.name,
          present: true,
          reason: null,
          channels: [
            { label: 'Cz', coverage: 1, state: 'ok' },
            { label: 'Pz', coverage: 1, state: 'flat' },
          ],
        },
      },
    });
  });

  it('writes null for a masked feature, never a number', async () => {
    const { send, outputs } = start();
    send('a', open, chunk(0, true), chunk(1, true));
    await settle();
    const features = outputs.find((o) => o.stream === 'features');
    const zeroPower = features?.stream === 'features' ? features.values.slice(5) : [];
    expect(zeroPower).toHaveLength(5);
    expect(
      JSON.parse(JSON.stringify(features)).values.every((v: unknown) => v === null || typeof v === 'number'),
    ).toBe(true);
  });
});
