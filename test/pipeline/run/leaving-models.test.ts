import { Subject } from 'rxjs';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import type { SessionEvent } from '../../../src/core/event.js';
import type { ModelFrame, ModelOutput } from '../../../src/core/model.js';
import type { StreamMessage } from '../../../src/core/signal.js';
import type { SessionMessage } from '../../../src/io/sources/source.js';
import type { LoadedPipeline } from '../../../src/pipeline/run/run-session.js';
import { PipelineRuntime } from '../../../src/pipeline/run/runtime.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { pipelineOf } from '../live-and-replay.js';
import { SlowRunner } from './slow-runner.js';

const info = streamInfo({ type: 'EEG', sfreq: 64, labels: ['Cz'], unit: 'uV' });
const chunk = (t: number): StreamMessage => ({
  kind: 'chunk',
  chunk: chunkOf(info, [Float64Array.from({ length: 64 }, (_, i) => 20 * Math.sin((64 * t + i) * 0.7))], t),
});

/** Answers when it is told to, and like a worker's never again once it is closed. */
class ClosingRunner extends SlowRunner {
  override readonly inputs = new Map([
    [
      'eeg',
      {
        ...{ name: 'eeg', kind: 'features' as const, upstream: '' },
        features: [{ channel: 'Cz', feature: 'de_alpha', unit: 'nat' }],
      },
    ],
  ]);
  override readonly name: string;
  override readonly id: string;
  isClosed = false;

  constructor(name: string) {
    super();
    this.name = name;
    this.id = `${name}@sha256:0`;
  }
  override predict(frames: readonly ModelFrame[]): Promise<ModelOutput[]> {
    return this.isClosed ? Promise.reject(new Error('the model is closed')) : super.predict(frames);
  }
  override async close(): Promise<void> {
    this.isClosed = true;
  }
  answer(): void {
    this.waiting.shift()?.answer(0);
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A session whose models, `one` at first, are told when to answer. */
function start() {
  const clock = new VirtualClock();
  const withModel = (runner: ClosingRunner): LoadedPipeline => ({
    pipeline: pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 2, hop_s: 1 }
models:
  affect: { type: hi-moe, inputs: { eeg: de }, path: models/demo }
`),
    runners: new Map([['affect', runner]]),
  });
  const [one, two] = [new ClosingRunner('one'), new ClosingRunner('two')];
  const events: SessionEvent[] = [];
  const runtime = new PipelineRuntime({
    ...{ loaded: withModel(one), clock, events: (event) => events.push(event) },
  });
  const source = new Subject<SessionMessage>();
  const lines: string[] = [];
  runtime.outputs$.subscribe((output) => {
    // Nobody sends while time passes.
    if (output.stream === 'affect' && output.reason !== 'no-input')
      lines.push(`${output.seq} ${output.model.split('@')[0]} ${output.reason}`);
  });
  runtime.consume({ messages$: source });
  const send = async (...messages: StreamMessage[]): Promise<void> => {
    for (const message of messages) {
      source.next({ session: 's', message });
      await settle();
    }
  };
  const reload = (): void => runtime.prepare(withModel(two))();
  const failures = () => events.flatMap(({ code, message }) => (code === 'model-failed' ? [message] : []));
  return { clock, one, two, runtime, lines, send, reload, failures };
}
const open: StreamMessage = { kind: 'open', info };
const seconds = (from: number, to: number): StreamMessage[] =>
  Array.from({ length: to - from }, (_, k) => chunk(from + k));

it('a replaced model answers all that waits for it, however slowly, and closes then', async () => {
  const { clock, one, two, lines, send, reload, failures } = start();
  await send(open, ...seconds(0, 40));
  reload();
  await send(...seconds(40, 42));
  // Two are of the new model.
  for (let k = 0; k < 39; k++) {
    for (let s = 0; s < 25; s++) clock.advance(1);
    expect([one.isClosed, lines.length]).toEqual([false, k]);
    one.answer();
    await settle();
  }
  expect(lines).toEqual(Array.from({ length: 39 }, (_, k) => `${k} one null`));
  clock.advance(1);
  expect([one.isClosed, two.isClosed]).toEqual([true, false]);
  for (let k = 0; k < 2; k++) {
    two.answer();
    await settle();
  }
  expect(lines.slice(39)).toEqual(['39 two null', '40 two null']);
  expect(failures()).toEqual([]);
});

it('one that hangs is given up: what waits for it is told without, and the session goes on with the new one', async () => {
  const { clock, one, two, lines, send, reload, failures } = start();
  await send(open, ...seconds(0, 6));
  one.answer();
  await settle();
  reload();
  await send(...seconds(6, 7));
  two.answer();
  await settle();
  clock.advance(30);
  expect([one.isClosed, lines.length, failures()]).toEqual([false, 1, []]);
  clock.advance(1);
  expect(one.isClosed).toBe(true);
  expect(failures()).toEqual([
    'the model one, which was replaced: it hangs; 4 windows that it was asked about are told without it',
  ]);
  const told = [1, 2, 3, 4].map((seq) => `${seq} one model-failed`);
  expect(lines).toEqual(['0 one null', ...told, '5 two null']);
  // What it says after all changes nothing.
  one.answer();
  await settle();
  expect(lines).toHaveLength(6);
});

it('a model that the next pipeline has, too, and one that comes back before it is done, stay', async () => {
  const { clock, one, two, runtime, lines, send, reload } = start();
  const first = runtime.loaded;
  runtime.prepare({ ...first })();
  clock.advance(2);
  await send(open, ...seconds(0, 3));
  reload();
  runtime.prepare(first)();
  clock.advance(40);
  expect([one.isClosed, two.isClosed]).toEqual([false, true]);
  for (let k = 0; k < 2; k++) {
    one.answer();
    await settle();
  }
  expect(lines).toEqual(['0 one null', '1 one null']);
  reload();
  await runtime.close();
  expect(one.isClosed).toBe(true);
});
