import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { StreamMessage } from '../../src/core/signal.js';
import { loadPipeline } from '../../src/pipeline/file/load.js';
import type { Pipeline } from '../../src/pipeline/file/pipeline.js';
import { findPipeline, shippedPipelines } from '../../src/pipeline/file/shipped-pipelines.js';
import { InlineHost, type SessionHost } from '../../src/pipeline/run/session-host.js';
import { ThreadHost } from '../../src/pipeline/run/thread-host.js';
import { modelsOf, others, pipelineOf, session } from './every-component.js';
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
