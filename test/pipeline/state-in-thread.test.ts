import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import { Random } from '../../src/core/random.js';
import type { StreamMessage } from '../../src/core/signal.js';
import { loadPipeline } from '../../src/pipeline/file/load.js';
import type { Pipeline } from '../../src/pipeline/file/pipeline.js';
import { findPipeline, shippedPipelines } from '../../src/pipeline/file/shipped-pipelines.js';
import { type ReplayOptions, replay } from '../../src/pipeline/run/replay.js';
import { type LoadedPipeline, runSession } from '../../src/pipeline/run/run-session.js';
import { InlineHost, type SessionHost } from '../../src/pipeline/run/session-host.js';
import { Switch } from '../../src/pipeline/run/switch.js';
import { ThreadHost } from '../../src/pipeline/run/thread-host.js';
import { live, modelsOf, others, pipelineOf, session } from './every-component.js';
import { Scribe } from './scribe.js';
import { bitsOf } from './stop-and-go.js';

/** Messages that the thread takes, and those behind it. */
const AWAY = 150;
const BEHIND = 100;
const isBuilt = existsSync(join(import.meta.dirname, '../../dist/pipeline/run/graph-worker.js'));

const pipelines: readonly (readonly [name: string, load: () => Promise<Pipeline>])[] = [
  ...shippedPipelines().map((name) => [name, () => loadPipeline(findPipeline(name))] as const),
  ['others', async () => pipelineOf(others)],
];

/** Tells a host messages, and notes what it gives, to the last bit. */
async function tell(host: SessionHost, messages: readonly StreamMessage[], told: string[]): Promise<void> {
  for (const message of messages) {
    const { outputs, events } = await host.push(message);
    for (const what of [...outputs, ...events]) told.push(bitsOf(what));
  }
}

describe.skipIf(!isBuilt)('a session that goes on in a thread for a while', () => {
  it.each(pipelines)('of %s gives what it would have given', async (name, load) => {
    const pipeline = await load();
    const models = modelsOf(pipeline);
    const setup = { session: 's', pipeline, models, ordered: true, monitor: true, features: true };
    const random = new Random('threads', name);
    const from = Math.floor((0.3 + 0.4 * random.uniform()) * session.length);
    const away = session.slice(from, from + AWAY);
    const behind = session.slice(from + AWAY, from + AWAY + BEHIND);

    const stays = new InlineHost(setup, null);
    await tell(stays, session.slice(0, from), []);
    const thread = new ThreadHost(setup, stays.snapshot());
    const [whole, parts]: [string[], string[]] = [[], []];
    await tell(stays, [...away, ...behind], whole);
    await tell(thread, away, parts);
    const back = new InlineHost(setup, await thread.snapshot());
    await thread.close();
    await tell(back, behind, parts);
    expect(whole.length).toBeGreaterThan(10);
    expect(parts).toEqual(whole);
    expect(bitsOf(back.snapshot()) === bitsOf(stays.snapshot())).toBe(true);
  });
});

/** Stops are so far apart, s: the last is behind a minute. */
const STOP_EVERY_S = 12.3;

/** The log of a live session that is told all of `messages`, and falls silent. */
function logOf(pipeline: Pipeline, messages: readonly StreamMessage[]): StreamMessage[] {
  const clock = new VirtualClock();
  const source = new Subject<StreamMessage>();
  const log: StreamMessage[] = [];
  const loaded = new Switch<LoadedPipeline>({ pipeline, runners: new Map() });
  const events = (): void => {};
  source
    .pipe(runSession({ session: 's', loaded, clock, events, log: (message) => log.push(message) }))
    .subscribe();
  for (const message of messages) {
    if (message.kind === 'chunk') clock.advance(Math.max(0, message.chunk.times.at(-1)! - clock.now()));
    source.next(message);
  }
  clock.advance(5);
  source.complete();
  return log;
}

const asking = (
  await Promise.all(pipelines.map(async ([name, load]) => [name, await load()] as const))
).filter(([, pipeline]) => pipeline.models.size > 0);

describe.skipIf(!isBuilt)('a live session that is stopped, with predictions in flight, and goes on', () => {
  it.each(asking)(
    'of %s, in a thread and in this one by turns, gives what it would have given',
    async (_, pipeline) => {
      const inputs = modelsOf(pipeline);
      const isTick = (message: StreamMessage) =>
        message.kind === 'chunk' && message.chunk.info.type === 'Ticks';
      const log = logOf(
        pipeline,
        live(session).filter((message) => !isTick(message)),
      );
      const stops: number[] = [];
      const run = async (more: Partial<ReplayOptions>) => {
        const runners = new Map([...inputs].map(([name, own]) => [name, new Scribe(own)]));
        const [outputs, events]: [string[], string[]] = [[], []];
        const options: ReplayOptions = {
          ...{ session: 's', loaded: { pipeline, runners }, monitor: true, features: true, batch: 5 },
          ...{ inArrivalOrder: true, logged: new Set(pipeline.sources.keys()) },
          events: (event) => events.push(bitsOf(event)),
        };
        for await (const output of replay(log, { ...options, ...more })) outputs.push(bitsOf(output));
        return { outputs, events, asked: [...runners.values()].reduce((sum, { asked }) => sum + asked, 0) };
      };
      const whole = await run({});
      const host: ReplayOptions['host'] = (setup, state) => {
        if (state) stops.push(state.graph.closedUntil ?? 0);
        return stops.length % 2 === 1 ? new ThreadHost(setup, state) : new InlineHost(setup, state);
      };
      const parts = await run({ restoreEvery_s: STOP_EVERY_S, host });
      expect(parts.outputs).toEqual(whole.outputs);
      expect(parts.events).toEqual(whole.events);
      expect(stops.at(-1)).toBeGreaterThanOrEqual(60);
      expect(whole.outputs.length).toBeGreaterThan(60);
      // A model that is asked often still works at some stop: what was in flight is asked for again.
      if (whole.asked > 20) expect(parts.asked).toBeGreaterThan(whole.asked);
    },
  );
});
