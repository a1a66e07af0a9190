import { map, of, Subject } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { Chunk, StreamMessage } from '../../src/core/signal.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { checkPipeline } from '../../src/topology/check.js';
import { PipelineDocument } from '../../src/topology/document.js';
import { type LiveOutput, type LoadedPipeline, runSession } from '../../src/topology/run-session.js';
import { Switch } from '../../src/topology/switch.js';

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
const open: StreamMessage = { kind: 'open', info };

function operator(own = new Switch(loaded(1))) {
  return runSession({
    session: 's',
    loaded: own,
    clock: new VirtualClock(),
    events: () => {},
  });
}

const closedAt = ({ output }: LiveOutput): string =>
  output.kind === 'closed' ? `closed ${output.time}` : output.kind;

const marbles = (test: Parameters<TestScheduler['run']>[0]): unknown =>
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(test);

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

  it('may go over to another hop', () => {
    expect(run(4, loaded(0.5)).closed).toEqual([2, 3, 4, 5, 5.5, 6, 6.5, 7, 7.5, 8]);
  });
});
