import { map, type Observable, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../../src/core/event.js';
import type { StreamMessage } from '../../../src/core/signal.js';
import { checkPipeline } from '../../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../../src/pipeline/file/document.js';
import { Gate } from '../../../src/pipeline/run/gate.js';
import { runHosted } from '../../../src/pipeline/run/run-hosted.js';
import { type Given, InlineHost, type SessionHost } from '../../../src/pipeline/run/session-host.js';
import type { GraphOutput } from '../../../src/pipeline/session/graph-output.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { marbles } from '../../setup/marbles.js';
import { settle } from '../counted-recording.js';

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
const info = streamInfo({ type: 'EEG', sfreq: 128, labels: ['Cz'], unit: 'uV' });
const second = (t: number): StreamMessage => ({
  kind: 'chunk',
  chunk: chunkOf(info, [Float64Array.from({ length: 128 }, (_, i) => Math.sin(t + i))], t),
});
const values = { o: { kind: 'open', info } as StreamMessage, a: second(0), b: second(1), c: second(2) };
const told = map((output: GraphOutput): string =>
  output.kind === 'closed' ? String(output.time) : output.kind,
);
const lines = { z: 'began', f: 'features', 2: '2', 3: '3' };

/** A graph in this thread, in the order of a recording's stamps: what ends with a window closes when more comes, or the end. */
class CountedHost extends InlineHost {
  closed = 0;
  constructor() {
    super({ session: 's', pipeline: pipeline!, models: new Map(), ordered: true, monitor: false }, null);
  }
  override close(): void {
    this.closed++;
  }
}

function start(host: SessionHost = new CountedHost()) {
  const gate = new Gate();
  const events: SessionEvent[] = [];
  const run = (messages$: Observable<StreamMessage>): Observable<string> =>
    messages$.pipe(runHosted({ host, gate, events: (event) => events.push(event) }), told);
  return { gate, events, run };
}

describe('runHosted', () => {
  it('gives a window when what comes lies behind it, and the last ones at the end', () => {
    marbles(({ cold, expectObservable }) => {
      const diagram = 'o-a-b---c---|';
      expectObservable(start().run(cold(diagram, values))).toBe('--z-----(f2)(f3|)', lines);
    });
  });

  it('of nothing is nothing, and never never ends', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(start().run(cold('--|', values))).toBe('--|');
      expectObservable(start().run(cold('-', values))).toBe('-');
      expectObservable(start().run(cold('o-', values))).toBe('-');
    });
  });

  it('passes an error on, and closes no window for it', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(start().run(cold('oa-b#', values))).toBe('-z--#', lines);
    });
  });

  it('lets go of its source when nobody listens any more', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('oa-b-c-|', values);
      expectObservable(start().run(source), '^-!').toBe('-z-', lines);
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  it('ends with what is thrown in the graph', () => {
    const host: SessionHost = {
      ...{
        isElsewhere: false,
        end: () => ({ outputs: [], events: [] }),
        snapshot: () => expect.unreachable(),
        close: () => {},
      },
      push: () => {
        throw new RangeError('it is odd');
      },
    };
    marbles(({ cold, expectObservable }) => {
      expectObservable(start(host).run(cold('-oa', values))).toBe('-#', {}, new RangeError('it is odd'));
    });
  });

  it('closes its graph once, whichever way it ends', () => {
    for (const diagram of ['oa-|', 'oa-#', 'oa--']) {
      const host = new CountedHost();
      marbles(({ cold, expectObservable }) => {
        expectObservable(start(host).run(cold(diagram, values)), '^---!');
      });
      expect(host.closed).toBe(1);
    }
  });
});

it('has a graph elsewhere work on one message after the other, the gate shut meanwhile, its events before its outputs', async () => {
  const answers: ((given: Given) => void)[] = [];
  const asked: string[] = [];
  const later = (name: string): Promise<Given> => {
    asked.push(name);
    return new Promise((resolve) => answers.push(resolve));
  };
  const host: SessionHost = {
    isElsewhere: true,
    push: ({ kind }) => later(kind),
    end: () => later('end'),
    snapshot: () => expect.unreachable(),
    close: () => {},
  };
  const { gate, events, run } = start(host);
  const seen: string[] = [];
  const source = of(values.o, values.a);
  run(source).subscribe({
    next: (text) => seen.push(`${text} after ${events.length} events, ${gate.isOpen ? 'open' : 'shut'}`),
    complete: () => seen.push('complete'),
  });
  expect(asked).toEqual(['open']);
  expect(gate.isOpen).toBe(false);
  const event: SessionEvent = { code: 'gap-found', level: 'info', message: '' };
  answers[0]({ outputs: [], events: [event] });
  await settle();
  expect(asked).toEqual(['open', 'chunk']);
  answers[1]({ outputs: [{ kind: 'began', zero: 0 }], events: [event] });
  await settle();
  expect(seen).toEqual(['began after 2 events, shut']);
  answers[2]({ outputs: [{ kind: 'closed', time: 2, zero: 0, inputs: new Map() }], events: [] });
  await settle();
  expect(asked).toEqual(['open', 'chunk', 'end']);
  expect(seen.slice(1)).toEqual(['2 after 2 events, shut', 'complete']);
  expect(gate.isOpen).toBe(true);
});
