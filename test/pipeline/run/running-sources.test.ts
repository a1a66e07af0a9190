import { filter, map, Subject } from 'rxjs';
import { expect, it } from 'vitest';
import { type Clock, VirtualClock } from '../../../src/core/clock.js';
import type { SessionEvent } from '../../../src/core/event.js';
import { SharedSessions } from '../../../src/io/sources/door/shared-sessions.js';
import type { SessionMessage, Source } from '../../../src/io/sources/source.js';
import { checkPipeline } from '../../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../../src/pipeline/file/document.js';
import type { Pipeline } from '../../../src/pipeline/file/pipeline.js';
import { RunningSources } from '../../../src/pipeline/run/running-sources.js';
import { marbles } from '../../setup/marbles.js';

/** Each `source` is a line of parameters. */
function pipelineOf(...sources: readonly string[]): Pipeline {
  const text = ['sources:', ...sources.map((params, i) => `  s${i}: { ${params}, stream_type: EEG }`)].join(
    '\n',
  );
  const { pipeline, problems } = checkPipeline(new PipelineDocument('test.yaml', text));
  if (!pipeline) throw new Error(JSON.stringify(problems));
  return pipeline;
}
const one = 'type: synthetic, only: [eeg], seed: 1';
const other = 'type: synthetic, only: [eeg], seed: 2';

function start(clock: Clock) {
  const events: SessionEvent[] = [];
  const told = new Subject<SessionMessage>();
  const sources = new RunningSources({
    context: { clock, events: (event) => events.push(event), session: 's', sessions: new SharedSessions() },
    consume: ({ messages$ }: Source) => messages$.subscribe((message) => told.next(message)),
  });
  const counts = { chunks: 0 };
  const headsets = new Set<string>();
  const ends$ = told.pipe(
    filter(({ message }) => {
      if (message.kind === 'chunk') counts.chunks++;
      if (message.kind === 'open' && message.info.type === 'EEG') headsets.add(message.info.id);
      return (
        (message.kind === 'open' && headsets.has(message.info.id)) ||
        (message.kind === 'close' && headsets.has(message.id))
      );
    }),
    map(({ message }) => message.kind),
  );
  return { sources, go: (pipeline: Pipeline): void => sources.prepare(pipeline)(), events, ends$, counts };
}
const kinds = { o: 'open', c: 'close' };

it('starts what a pipeline names, and closes its streams when the next one names it no more', () => {
  marbles(({ cold, expectObservable, flush }, clock) => {
    const { go, ends$, counts } = start(clock);
    expectObservable(ends$).toBe('-o 999ms c', kinds);
    cold('-a 999ms b', { a: pipelineOf(one), b: pipelineOf('type: websocket') }).subscribe(go);
    flush();
    // Of a second: nothing asks for more, or this time would never have ended.
    expect(counts.chunks).toBeGreaterThan(20);
    expect(counts.chunks).toBeLessThan(41);
  });
});

it('has one source for nodes that ask for the same, which does not notice another one come and go', () => {
  marbles(({ cold, expectObservable }, clock) => {
    const { go, ends$ } = start(clock);
    const steps = {
      a: pipelineOf(one, one),
      b: pipelineOf(one, other),
      c: pipelineOf(one),
      d: pipelineOf(other),
    };
    expectObservable(ends$, '^ 3s !').toBe('o 499ms o 499ms c 499ms (co) 496ms c', kinds);
    cold('a 499ms b 499ms c 499ms d', steps).subscribe(go);
    cold('2s a', steps).subscribe(() => go(pipelineOf('type: websocket')));
  });
});

it('closes the streams of a source that ends by itself, once', () => {
  const clock = new VirtualClock();
  const { go, ends$, sources } = start(clock);
  const seen: string[] = [];
  ends$.subscribe((kind) => seen.push(kind));
  go(pipelineOf(`${one}, duration_s: 1`));
  clock.advance(2);
  expect(seen).toEqual(['open', 'close']);
  sources.close();
  expect(seen).toEqual(['open', 'close']);
});

it('ends all of them when it closes', () => {
  marbles(({ expectObservable }, clock) => {
    const { go, ends$, sources } = start(clock);
    expectObservable(ends$).toBe('-(oo) 95ms (cc)', kinds);
    clock.after(0.001, () => go(pipelineOf(one, other)));
    clock.after(0.1, () => sources.close());
  });
});

it('tells of a source that fails, and the others go on', async () => {
  const clock = new VirtualClock();
  const { go, events, ends$, counts } = start(clock);
  ends$.subscribe();
  go(pipelineOf(one, 'type: recording, path: no-such.xdf'));
  await expect.poll(() => events.map(({ code }) => code)).toEqual(['source-failed']);
  const before = counts.chunks;
  clock.advance(1);
  expect(counts.chunks).toBeGreaterThan(before + 15);
});
