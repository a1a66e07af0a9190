import { filter, ignoreElements, map, type Observable, of, Subject, tap } from 'rxjs';
import type { RunHelpers } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { type Clock, VirtualClock } from '../../../src/core/clock.js';
import type { SessionEvent } from '../../../src/core/event.js';
import type { ModelFrame, ModelRunner } from '../../../src/core/model.js';
import type { Chunk, StreamMessage } from '../../../src/core/signal.js';
import { checkPipeline } from '../../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../../src/pipeline/file/document.js';
import { predictInOrder } from '../../../src/pipeline/run/predict-in-order.js';
import { type LiveOutput, type LoadedPipeline, runSession } from '../../../src/pipeline/run/run-session.js';
import { Switch } from '../../../src/pipeline/run/switch.js';
import { Turns } from '../../../src/pipeline/run/turns.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { marbles } from '../../setup/marbles.js';

function loaded(hop_s: number, extra = ''): LoadedPipeline {
  const text = `
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 2, hop_s: ${hop_s} }
  z: { type: normalize, input: de, min_s: 0${extra} }
`;
  const { pipeline, problems } = checkPipeline(new PipelineDocument('test.yaml', text));
  if (!pipeline) throw new Error(JSON.stringify(problems));
  return { pipeline, runners: new Map() };
}

const info = streamInfo({ type: 'EEG', sfreq: 128, labels: ['Cz'], unit: 'uV' });
/** One second of a signal that never repeats. */
function second(t: number): Chunk {
  return chunkOf(
    info,
    [Float64Array.from({ length: 128 }, (_, i) => Math.sin((t * 128 + i) * (0.3 + 0.01 * t)) * 10)],
    t,
  );
}
const chunk = (t: number): StreamMessage => ({ kind: 'chunk', chunk: second(t) });
/** Several seconds in one chunk. */
function seconds(from: number, count: number): Chunk {
  const parts = Array.from({ length: count }, (_, k) => second(from + k));
  return chunkOf(info, [parts.flatMap(({ data }) => [...data])], from);
}
const open: StreamMessage = { kind: 'open', info };

function operator(own = new Switch(loaded(1)), turns?: Turns, clock: Clock = new VirtualClock()) {
  return runSession({
    session: 's',
    loaded: own,
    clock,
    events: () => {},
    ...(turns && { turns }),
  });
}

const closedAt = ({ output }: LiveOutput): string =>
  output.kind === 'closed' ? `closed ${output.time}` : output.kind;

describe('runSession', () => {
  const values = { o: open, a: chunk(0), b: chunk(1), c: chunk(2), d: chunk(3) };

  it('gives a window as soon as its last sample is there', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('oa-b----c---|', values);
      expectObservable(source.pipe(operator(), map(closedAt))).toBe('-z-(fx)-(gy)|', {
        z: 'began',
        f: 'features',
        x: 'closed 2',
        g: 'features',
        y: 'closed 3',
      });
    });
  });

  it('of nothing is nothing, and never never ends', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('|', values).pipe(operator())).toBe('|');
      expectObservable(cold('-', values).pipe(operator())).toBe('-');
    });
  });

  it('passes an error on', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('oa-#', values).pipe(operator(), map(closedAt))).toBe('-z-#', { z: 'began' });
    });
  });

  it('lets go of its source when nobody listens any more', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('oa-b-c-d-|', values);
      expectObservable(source.pipe(operator(), map(closedAt)), '^-!').toBe('-z-', { z: 'began' });
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  it('gives two subscribers the same, each from a state of its own', () => {
    const source = of(open, ...[0, 1, 2, 3, 4].map(chunk)).pipe(operator());
    const results = [0, 1].map(() => {
      const seen: string[] = [];
      source.subscribe(({ output }) => {
        if (output.kind === 'features')
          seen.push(JSON.stringify([output.vector.time, [...output.vector.values]]));
      });
      return seen;
    });
    expect(results[0].length).toBe(4);
    expect(results[1]).toEqual(results[0]);
  });
});

describe('runSession, whose turns are shared', () => {
  const values = { o: open, a: chunk(0), b: { kind: 'chunk', chunk: seconds(1, 5) } as StreamMessage };
  const closed = { z: 'began', 2: '2', 3: '3', 4: '4', 5: '5', 6: '6' };
  const windows = ({ output }: LiveOutput): string =>
    output.kind === 'closed' ? String(output.time) : output.kind;
  /** Turns that come a frame apart, each with so many units. */
  const inFrames = (clock: Clock, units: number): Turns =>
    new Turns({ units, share: units, nextTurn: (turn) => void clock.after(0.001, turn) });
  const run = (units: number, test: (helpers: RunHelpers, turns: Turns) => void): void =>
    marbles((helpers, clock) => test(helpers, inFrames(clock, units)));
  const told = (turns: Turns) => (source: Observable<StreamMessage>) =>
    source.pipe(
      operator(new Switch(loaded(1)), turns),
      map(windows),
      filter((text) => text !== 'features'),
    );

  it('closes a window a turn, and completes when all are closed', () => {
    run(1, ({ cold, expectObservable }, turns) => {
      // A turn each for the message, its stretch of stamps, its samples and every window.
      expectObservable(cold('-o-a---(b|)', values).pipe(told(turns))).toBe('----z-----23456|', closed);
    });
  });

  it('of nothing is nothing, never never ends, and an error ends it at once', () => {
    run(2, ({ cold, expectObservable }, turns) => {
      expectObservable(cold('|', values).pipe(told(turns))).toBe('|');
      expectObservable(cold('-', values).pipe(told(turns))).toBe('-');
      expectObservable(cold('o-a-b#', values).pipe(told(turns))).toBe('--z--#', closed);
    });
  });

  it('closes no more windows for nobody', () => {
    run(2, ({ cold, expectObservable, expectSubscriptions }, turns) => {
      const source = cold('-o-a-b--', values);
      expectObservable(source.pipe(told(turns)), '^-----!').toBe('---z--', closed);
      expectSubscriptions(source.subscriptions).toBe('^-----!');
    });
  });
});

describe('runSession, whose sensor goes silent', () => {
  const values = { o: open, a: chunk(0), b: chunk(1), c: chunk(20) };
  /** Session time, and the frame in which each window closed. */
  const closings = (diagram: string, unsubscription: string): [number, number][] => {
    const closed: [number, number][] = [];
    marbles(({ cold, expectObservable, flush }, clock) => {
      const windows$ = cold(diagram, values).pipe(
        operator(new Switch(loaded(1)), undefined, clock),
        filter(({ output }) => output.kind === 'closed'),
        tap(({ output }) => {
          if (output.kind === 'closed') closed.push([output.time, clock.now()]);
        }),
        ignoreElements(),
      );
      expectObservable(windows$, unsubscription).toBe('-');
      flush();
    });
    return closed;
  };

  it('closes windows by the clock, in real time, until it is heard again or nobody listens', () => {
    const closed = closings('o 999ms a 999ms b', '^ 12s !');
    expect(closed.length).toBeGreaterThan(8);
    for (const [i, [time]] of closed.entries()) expect(time).toBe(i + 2);
    // Of chunks of 1 s the next is awaited for 1.5 s: by then a window is due.
    const silent = closed.slice(2);
    for (const [i, [, at]] of silent.entries()) expect(at - silent[0][1]).toBeCloseTo(i, 9);
    // Nobody asks for time after that: it would not have come to its end.
  });

  it('never had a sample: says nothing, and its ticks end with the subscription', () => {
    expect(closings('o', '^ 12s !')).toEqual([]);
  });

  it('passes an error on in the middle of it, and its ticks end', () => {
    marbles(({ cold, expectObservable }, clock) => {
      const source = cold('o 999ms a 999ms b 6s #', values);
      const seen = operator(new Switch(loaded(1)), undefined, clock)(source).pipe(ignoreElements());
      expectObservable(seen).toBe('8001ms #');
    });
  });

  it('ends where its source does: what closes then closes at once', () => {
    marbles(({ cold, expectObservable }, clock) => {
      const source = cold('o 999ms a 999ms b 6s |', values);
      const seen = operator(new Switch(loaded(1)), undefined, clock)(source).pipe(ignoreElements());
      expectObservable(seen).toBe('8001ms |');
    });
  });
});

describe('a pipeline that is replaced while it runs', () => {
  function run(switchAfter: number | null, next: LoadedPipeline) {
    const current = new Switch(loaded(1));
    const messages = new Subject<StreamMessage>();
    const closed: number[] = [];
    const values: [number, number[]][] = [];
    messages.pipe(operator(current)).subscribe(({ output }) => {
      if (output.kind === 'closed') closed.push(output.time);
      if (output.kind === 'features') values.push([output.vector.time, [...output.vector.values]]);
    });
    messages.next(open);
    for (let t = 0; t < 8; t++) {
      messages.next(chunk(t));
      if (t === switchAfter) current.prepare(next)();
    }
    return { closed, values };
  }

  it('loses no window and gives none twice', () => {
    const { closed, values } = run(4, loaded(1, ', half_life_s: 50'));
    expect(closed).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect(values).toEqual(run(null, loaded(1)).values);
  });

  it('twice while predictions are in flight: each ends on the model that it was asked of', async () => {
    const answers: (() => void)[] = [];
    const withModel = (id: string): LoadedPipeline => {
      const text = `
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 2, hop_s: 1 }
models:
  affect: { type: hi-moe, inputs: { eeg: de }, path: models/demo }
`;
      const { pipeline } = checkPipeline(new PipelineDocument('test.yaml', text));
      const feature = { channel: 'Cz', feature: 'de_alpha', unit: 'nat' };
      const runner = {
        ...{ name: id, id, type: 'hi-moe', engine: 'none', fuses: false },
        worth: { evidence: 'none', broken: null, reason: null, scope: null },
        inputs: new Map([['eeg', { name: 'eeg', kind: 'features', upstream: '', features: [feature] }]]),
        validity: { min_present: 1, required: [] },
        predict: (frames: readonly ModelFrame[]) =>
          new Promise((resolve) =>
            answers.push(() =>
              resolve(
                frames.map(() => ({ valence: 0, arousal: 0, weights: [1], routing: [], interval: null })),
              ),
            ),
          ),
        close: async () => {},
      } as unknown as ModelRunner;
      return { pipeline: pipeline!, runners: new Map([['affect', runner]]) };
    };
    const current = new Switch(withModel('one'));
    const messages = new Subject<StreamMessage>();
    const lines: string[] = [];
    messages
      .pipe(
        operator(current),
        predictInOrder({
          ...{
            session: 's',
            clock: new VirtualClock(),
            shed: { frames: 100, wait_s: 0, most: 100 },
            thinned: () => {},
          },
          ...{ ignored: () => {}, failed: (fault) => expect.unreachable(String(fault)), predicted: () => {} },
        }),
      )
      .subscribe((output) => {
        if (output.kind === 'prediction')
          lines.push(`${output.prediction.seq} ${output.prediction.time} ${output.prediction.model}`);
      });
    messages.next(open);
    for (let t = 0; t < 6; t++) {
      messages.next(chunk(t));
      if (t === 2) current.prepare(withModel('two'))();
      if (t === 3) current.prepare(withModel('three'))();
    }
    expect(lines).toEqual([]);
    for (let k = 0; k < 5; k++) {
      answers.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(lines).toEqual(['0 2 one', '1 3 one', '2 4 two', '3 5 three', '4 6 three']);
  });

  it('may go over to another hop', () => {
    expect(run(4, loaded(0.5)).closed).toEqual([2, 3, 4, 5, 5.5, 6, 6.5, 7, 7.5, 8]);
  });
});

it('closes no window while it is held, goes on where it was, and ends then', () => {
  const messages = new Subject<StreamMessage>();
  const held$ = new Subject<boolean>();
  const told: string[] = [];
  const options = {
    session: 's',
    loaded: new Switch(loaded(1)),
    clock: new VirtualClock(),
    events: () => {},
  };
  messages.pipe(runSession({ ...options, held$ }), map(closedAt)).subscribe({
    next: (text) => {
      if (!text.startsWith('closed')) return;
      told.push(text);
      if (text === 'closed 3') held$.next(true);
    },
    complete: () => told.push('complete'),
  });
  messages.next(open);
  for (let t = 0; t < 5; t++) messages.next(chunk(t));
  messages.complete();
  expect(told).toEqual(['closed 2', 'closed 3']);
  held$.next(false);
  expect(told).toEqual(['closed 2', 'closed 3', 'closed 4', 'closed 5', 'complete']);
});

it('closes no window twice where a fault is told of one in the middle of a message that closes several', () => {
  const messages = new Subject<StreamMessage>();
  const faults$ = new Subject<unknown>();
  const closed: number[] = [];
  const options = {
    session: 's',
    loaded: new Switch(loaded(1)),
    clock: new VirtualClock(),
    events: () => {},
  };
  messages.pipe(runSession({ ...options, faults$ })).subscribe(({ output }) => {
    if (output.kind !== 'closed') return;
    closed.push(output.time);
    if (output.time === 3) faults$.next(new Error('it is odd'));
  });
  for (const message of [
    open,
    chunk(0),
    { kind: 'chunk', chunk: seconds(1, 5) } as const,
    chunk(6),
    chunk(7),
  ])
    messages.next(message);
  // What was left of the message went with the graph that had the fault.
  expect(closed).toEqual([2, 3, 6, 7, 8]);
});

it('leaves out, and tells, what comes while more waits than is kept; never what opens or closes a stream', () => {
  const turns: (() => void)[] = [];
  const events: SessionEvent[] = [];
  const kinds: string[] = [];
  const messages = new Subject<StreamMessage>();
  const options = { session: 's', loaded: new Switch(loaded(1)), clock: new VirtualClock() };
  messages
    .pipe(
      runSession({
        ...options,
        events: (event) => events.push(event),
        turns: new Turns({ nextTurn: (turn) => turns.push(turn) }),
      }),
    )
    .subscribe({ next: ({ output }) => kinds.push(output.kind), complete: () => kinds.push('complete') });
  messages.next(open);
  const one = (i: number): StreamMessage => ({ kind: 'chunk', chunk: chunkOf(info, [[1]], i / 128) });
  for (let i = 0; i < 65_700; i++) messages.next(one(i));
  messages.next({ kind: 'close', id: info.id });
  messages.complete();
  const dropped = events.filter(({ code }) => code === 'samples-dropped');
  expect(dropped.length).toBeGreaterThan(50);
  expect(dropped.length).toBeLessThan(164);
  expect(dropped[0]).toMatchObject({ session: 's', stream: info.name });
  expect(kinds).not.toContain('complete');
  while (turns.length > 0) turns.shift()!();
  expect(kinds.at(-1)).toBe('complete');
});
