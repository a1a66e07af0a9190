import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ModelFrame, ModelOutput, ModelRunner } from '../../../src/core/model.js';
import type { StreamMessage } from '../../../src/core/signal.js';
import { type ReplayOptions, replay } from '../../../src/pipeline/run/replay.js';
import { InlineHost } from '../../../src/pipeline/run/session-host.js';
import { decodeState, encodeState } from '../../../src/pipeline/run/state-file.js';
import { ThreadHost } from '../../../src/pipeline/run/thread-host.js';
import type { RecordedGraphState } from '../../../src/pipeline/session/recorded-graph.js';
import type { SessionOutput } from '../../../src/pipeline/session/session-output.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';
import { settle } from '../counted-recording.js';
import { modelsOf, others, pipelineOf, until } from '../every-component.js';
import { Scribe } from '../scribe.js';
import { bitsOf } from '../stop-and-go.js';

const folder = temporaryFolder();
const isBuilt = existsSync(join(import.meta.dirname, '../../../dist/pipeline/run/graph-worker.js'));
const pipeline = pipelineOf(others);
const models = modelsOf(pipeline);

const scribe = (): Scribe => new Scribe(models.get('all')!);

interface Told {
  readonly outputs: readonly string[];
  readonly events: readonly string[];
  /** Windows that the model was asked for. */
  readonly asked: number;
}

async function run(options: Partial<ReplayOptions>): Promise<Told> {
  const runner = scribe();
  const [outputs, events]: [string[], string[]] = [[], []];
  const own: ReplayOptions = {
    session: 's',
    loaded: { pipeline, runners: new Map([['all', runner]]) },
    events: (event) => events.push(bitsOf(event)),
    monitor: true,
    features: true,
  };
  for await (const output of replay(until(28), { ...own, ...options })) outputs.push(bitsOf(output));
  return { outputs, events, asked: runner.asked };
}

it('gives the same whatever the number of windows that go to the model together', async () => {
  const one = await run({ batch: 1 });
  for (const batch of [2, 16]) expect((await run({ batch })).outputs).toEqual(one.outputs);
});

it('ends with what is thrown in the graph: a recording has no session beside it to protect', async () => {
  const node = pipeline.transforms.get('eeg_live')!;
  const create = (): unknown => ({
    reset: (info: unknown) => info,
    process: () => {
      throw new RangeError('it is odd');
    },
  });
  const broken = { ...node, definition: { ...node.definition, create } } as typeof node;
  const transforms = new Map(pipeline.transforms).set('eeg_live', broken);
  const loaded = { pipeline: { ...pipeline, transforms }, runners: new Map([['all', scribe()]]) };
  await expect(run({ loaded })).rejects.toThrow('it is odd');
});

/** Seconds of the recording that were read. */
function* counted(read: { s: number; closed: number }): Generator<StreamMessage> {
  try {
    for (const message of until(28)) {
      if (message.kind === 'chunk') read.s = Math.max(read.s, message.chunk.times[0]);
      yield message;
    }
  } finally {
    read.closed++;
  }
}

/** Answers when it is told to, as often as it was asked. */
class PatientScribe extends Scribe {
  isOpen = false;
  working = 0;
  override async predict(frames: readonly ModelFrame[]): Promise<ModelOutput[]> {
    this.working++;
    while (!this.isOpen) await settle();
    const made = await super.predict(frames);
    this.working--;
    return made;
  }
}

describe('a replay reads no further', () => {
  const options = (runner: ModelRunner, batch: number): ReplayOptions => ({
    ...{ session: 's', loaded: { pipeline, runners: new Map([['all', runner]]) }, events: () => {}, batch },
  });

  it.each([1, 4])('than the model lets wait, %i windows at a time', async (batch) => {
    const read = { s: 0, closed: 0 };
    const runner = new PatientScribe(models.get('all')!);
    const outputs = replay(counted(read), options(runner, batch));
    const predictions: SessionOutput[] = [];
    const all = (async () => {
      for await (const output of outputs) if (output.kind === 'prediction') predictions.push(output);
    })();
    for (let turn = 0; turn < 200; turn++) await settle();
    const stood = read.s;
    for (let turn = 0; turn < 200; turn++) await settle();
    expect(read.s).toBe(stood);
    expect(stood).toBeLessThan(20);
    expect(predictions).toEqual([]);
    expect(runner.working).toBe(1);
    runner.isOpen = true;
    await all;
    expect(predictions.length).toBeGreaterThan(2 * batch);
    expect(read.s).toBeGreaterThan(27);
    expect(read.closed).toBe(1);
  });

  it('where nobody takes more, and ends behind what the model still works on', async () => {
    const read = { s: 0, closed: 0 };
    const runner = new PatientScribe(models.get('all')!);
    const outputs = replay(counted(read), options(runner, 1));
    for (;;) {
      const next = outputs.next();
      for (let turn = 0; turn < 20; turn++) await settle();
      if (runner.working > 0) break;
      await next;
    }
    const stood = read.s;
    let hasEnded = false;
    const ended = outputs.return(undefined).then(() => (hasEnded = true));
    runner.isOpen = true;
    await ended;
    expect(hasEnded).toBe(true);
    expect(runner.working).toBe(0);
    expect(read).toEqual({ s: stood, closed: 1 });
  });
});

describe('a replay that stops, stores everything and goes on', () => {
  it.each([
    ['one window at a time', { batch: 1 }],
    ['windows that go to the model together, which still works on some of them', { batch: 5 }],
    ['as it came', { batch: 3, inArrivalOrder: true }],
  ])('gives the same: %s', async (_, how) => {
    const whole = await run(how);
    expect(whole.outputs.length).toBeGreaterThan(500);
    const parts = await run({ ...how, restoreEvery_s: 4.7 });
    expect(parts.outputs).toEqual(whole.outputs);
    expect(parts.events).toEqual(whole.events);
    // A prediction in flight is asked for again.
    if (how.batch > 1) expect(parts.asked).toBeGreaterThan(whole.asked);
    else expect(parts.asked).toBe(whole.asked);
  });

  it.skipIf(!isBuilt)('goes on in a thread from a file, and in this one again', async () => {
    const whole = await run({ batch: 5 });
    const file = join(folder, 'state');
    let hosts = 0;
    const host: ReplayOptions['host'] = (setup, state) => {
      if (!state) return new InlineHost(setup, null);
      writeFileSync(file, encodeState(state));
      const read = decodeState(readFileSync(file)) as RecordedGraphState;
      return hosts++ % 2 === 0 ? new ThreadHost(setup, read) : new InlineHost(setup, read);
    };
    const parts = await run({ batch: 5, restoreEvery_s: 9.1, host });
    expect(hosts).toBe(3);
    expect(parts.outputs).toEqual(whole.outputs);
    expect(parts.events).toEqual(whole.events);
  });

  it.skipIf(!isBuilt)('goes on in threads', async () => {
    const whole = await run({ batch: 5 });
    const host: ReplayOptions['host'] = (setup, state) => new ThreadHost(setup, state);
    const parts = await run({ batch: 5, restoreEvery_s: 12, host });
    expect(parts.outputs).toEqual(whole.outputs);
    expect(parts.events).toEqual(whole.events);
  });
});
