import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../../src/core/event.js';
import type { StreamInfo } from '../../../src/core/signal.js';
import { checkPipeline } from '../../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../../src/pipeline/file/document.js';
import type { SourceNode } from '../../../src/pipeline/file/pipeline.js';
import { decodeState, encodeState } from '../../../src/pipeline/run/state-file.js';
import { Binder, type BinderOptions, type BinderState } from '../../../src/pipeline/session/binder.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';

function sourcesOf(...lines: string[]): SourceNode[] {
  const text = `sources:\n${lines.map((line) => `  ${line}\n`).join('')}`;
  const { pipeline, problems } = checkPipeline(new PipelineDocument('test.yaml', text));
  if (!pipeline) throw new Error(JSON.stringify(problems));
  return [...pipeline.sources.values()];
}

const eegSource = 'eeg: { type: websocket, stream_type: EEG }';

function headset(name: string, changed: Partial<StreamInfo> = {}): StreamInfo {
  const info = streamInfo({ type: 'EEG', sfreq: 100, labels: ['Fp1', 'Fp2'], unit: 'uV' });
  return { ...info, id: name, name, sourceId: `serial-${name}`, hostname: 'lab', ...changed };
}

/** A binder, what it decided as `time source=stream`, and what it told. */
function binding(sources: readonly SourceNode[], options: Partial<BinderOptions> = {}) {
  const events: SessionEvent[] = [];
  let binder = new Binder(sources, { session: 's', events: (event) => events.push(event), ...options });
  const bound: string[] = [];
  const infos = new Map<string, StreamInfo>();
  let now = 0;
  const note = (bindings: ReturnType<Binder['take']>): void => {
    for (const { source, stream } of bindings) bound.push(`${now} ${source}=${stream.id}`);
  };
  const at = (time: number) => {
    now = time;
    return steps;
  };
  const steps = {
    open: (...streams: StreamInfo[]) => {
      for (const info of streams) {
        infos.set(info.id, info);
        note(binder.take({ kind: 'open', info }, now));
      }
      return steps;
    },
    send: (...ids: string[]) => {
      for (const id of ids) {
        const info = infos.get(id)!;
        const rows = info.channels.map(() => [1, 2]);
        note(binder.take({ kind: 'chunk', chunk: chunkOf(info, rows, now) }, now));
      }
      return steps;
    },
    close: (id: string) => {
      note(binder.take({ kind: 'close', id }, now));
      return steps;
    },
    cut: (id: string) => {
      note(binder.take({ kind: 'close', id, cut: true }, now));
      return steps;
    },
    at,
  };
  return {
    at,
    bound,
    events,
    codes: () => events.map(({ code }) => code),
    last: () => events.at(-1)!.message,
    why: (id: string) => binder.whyUnbound(id),
    goOnElsewhere: () => {
      const state = decodeState(encodeState(binder.snapshot())) as BinderState;
      binder = new Binder(sources, { session: 's', events: (event) => events.push(event), ...options });
      binder.restore(state);
    },
    takeOver: (next: readonly SourceNode[]) => {
      const state = binder.snapshot();
      binder = new Binder(next, { session: 's', events: (event) => events.push(event), ...options });
      note(binder.takeOver(state));
    },
  };
}

describe('which stream feeds a source', () => {
  it('is the first that delivers, however early another one opened', () => {
    const { at, bound } = binding(sourcesOf(eegSource));
    at(0).open(headset('silent')).at(1).open(headset('A')).at(2).send('A').at(3).send('silent', 'A');
    expect(bound).toEqual(['2 eeg=A']);
  });

  it('is one that has what the source asks for', () => {
    const sources = sourcesOf(
      'byName: { type: websocket, stream_type: EEG, stream_name: A }',
      'bySource: { type: websocket, stream_type: EEG, source_id: two }',
      'byHost: { type: websocket, stream_type: EEG, hostname: attic }',
      'byLabels: { type: websocket, stream_type: EEG, has_labels: [O1, T3] }',
    );
    const { at, bound } = binding(sources);
    const labels = (...names: string[]) => ({
      channels: names.map((label) => ({ label, unit: 'uV', type: 'EEG' })),
    });
    at(0)
      .open(headset('A'), headset('B', { sourceId: 'two' }), headset('C', { hostname: 'attic' }))
      .open(headset('D', labels('O1')), headset('E', labels('O1', 'T3', 'O2')))
      .send('E', 'D', 'C', 'B', 'A');
    expect(bound).toEqual(['0 byLabels=E', '0 byHost=C', '0 bySource=B', '0 byName=A']);
  });

  it('is chosen first by the source that asks for most, and feeds no other that asks for something else', () => {
    const sources = sourcesOf(
      'any: { type: websocket, stream_type: EEG }',
      'left: { type: websocket, stream_type: EEG, source_id: L }',
      'exact: { type: websocket, stream_type: EEG, source_id: L, name: X }',
    );
    const { at, bound } = binding(sources);
    at(0).open(headset('X', { sourceId: 'L' }), headset('Y', { sourceId: 'L' }), headset('Z'));
    at(1).send('X').at(2).send('Z', 'Y');
    expect(bound).toEqual(['1 exact=X', '2 any=Z', '2 left=Y']);
  });

  it('feeds all sources that ask for the same', () => {
    const { at, bound } = binding(sourcesOf(eegSource, 'again: { type: lsl, stream_type: EEG }'));
    at(0).open(headset('A')).send('A');
    expect(bound).toEqual(['0 eeg=A', '0 again=A']);
  });

  it("is another one where a source can't use it", () => {
    const { at, bound, events } = binding(sourcesOf(eegSource), {
      unusable: (_, { name }) => (name === 'A' ? 'it has no rate' : null),
    });
    at(0).open(headset('A'), headset('B')).send('A', 'A', 'B');
    expect(bound).toEqual(['0 eeg=B']);
    expect(events.map(({ code, message }) => [code, message])[0]).toEqual([
      'stream-ignored',
      "eeg: stream A can't be used: it has no rate",
    ]);
    expect(events).toHaveLength(2);
  });

  it('is told: what feeds, what waits for a source that is taken, what no source asks for', () => {
    const { at, events } = binding(sourcesOf(eegSource));
    at(0)
      .open(headset('A'), headset('B'), headset('wrist', { type: 'ACC' }))
      .send('A', 'B', 'wrist', 'B');
    expect(events.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'stream-unmatched: stream wrist (ACC) feeds no source of the pipeline',
      'stream-matched: stream A (EEG, 2 channels, 100 Hz) feeds eeg',
      'stream-unmatched: stream B (EEG) waits: eeg is taken by A',
    ]);
  });
});

describe('a source whose stream is lost', () => {
  const second = 'eeg2: { type: websocket, stream_type: EEG, failover: true }';

  it('is fed at once by the next of the same client where it was closed on purpose', () => {
    const { at, bound, events } = binding(sourcesOf(eegSource));
    const phone = { client: 'phone', hostname: '10.0.0.7' };
    at(0).open(headset('A', phone)).send('A').at(5).send('A').at(6).close('A');
    at(7)
      .open(headset('B', { ...phone, hostname: '10.0.0.9' }))
      .at(7.5)
      .send('B');
    expect(bound).toEqual(['0 eeg=A', '7.5 eeg=B']);
    expect(events.find(({ code }) => code === 'source-rebound')?.details).toEqual({
      ...{ source: 'eeg', from: 'A', to: 'B' },
    });
  });

  it('is kept for 30 s where it was cut', () => {
    const { at, bound, last } = binding(sourcesOf(eegSource));
    at(0).open(headset('A')).send('A').at(5).send('A').at(5.1).cut('A').at(6).open(headset('B'));
    for (let t = 6; t <= 40; t += 0.1) at(Math.round(t * 10) / 10).send('B');
    expect(bound).toEqual(['0 eeg=A', '35.1 eeg=B']);
    expect(last()).toContain('feeds eeg');
  });

  it('is kept for 30 s from where it went stale, too', () => {
    const { at, bound } = binding(sourcesOf(eegSource));
    at(0).open(headset('A')).send('A').at(6).open(headset('B'));
    for (let t = 6; t <= 40; t += 0.1) at(Math.round(t * 10) / 10).send('B');
    expect(bound).toEqual(['0 eeg=A', '30.6 eeg=B']);
  });

  it('is taken back by the same stream at any time', () => {
    const { at, bound } = binding(sourcesOf(eegSource));
    at(0).open(headset('A')).send('A').at(5).cut('A').at(6).open(headset('B')).at(40).send('B');
    at(50).open(headset('A')).at(51).send('B', 'A').at(52).send('A', 'B').at(60).send('B');
    expect(bound).toEqual(['0 eeg=A', '40 eeg=B', '51 eeg=A']);
  });

  it('is taken back under another id of the session', () => {
    const { at, bound, codes } = binding(sourcesOf(eegSource));
    at(0).open(headset('A')).send('A').at(5).cut('A').at(6).open(headset('B')).at(40).send('B');
    at(50)
      .open(headset('A', { id: 'A-again' }))
      .send('A-again');
    expect(bound.at(-1)).toBe('50 eeg=A-again');
    expect(codes()).not.toContain('stream-duplicate');
  });

  it('is not given to one that was there all along', () => {
    const { at, bound, last } = binding(sourcesOf(eegSource));
    at(0).open(headset('A'), headset('B')).send('A', 'B').at(1).send('A', 'B');
    for (let t = 1.5; t < 3; t += 0.5) at(t).send('B');
    at(3).send('A', 'B').at(4).cut('A');
    for (let t = 4; t < 100; t += 0.5) at(t).send('B');
    expect(bound).toEqual(['0 eeg=A']);
    expect(last()).toContain('failover: true');
  });

  it('is given to any after 30 s where it has failover', () => {
    const { at, bound } = binding(sourcesOf(second));
    at(0)
      .open(headset('A'), headset('B', { hostname: 'next door' }))
      .send('A', 'B')
      .at(4)
      .cut('A');
    for (let t = 4; t < 40; t += 0.5) at(t).send('B');
    expect(bound).toEqual(['0 eeg2=A', '31 eeg2=B']);
  });

  it('is not given to a neighbour that opens later, however it was lost', () => {
    for (const how of ['close', 'cut'] as const) {
      const { at, bound } = binding(sourcesOf(eegSource));
      at(0).open(headset('A')).send('A').at(4)[how]('A');
      at(5)
        .open(headset('B', { hostname: 'next door', client: 'their phone' }))
        .send('B');
      at(100).send('B');
      expect(bound).toEqual(['0 eeg=A']);
    }
  });
});

describe('streams that are equal in everything', () => {
  it('are two; the second feeds nothing while the first delivers, and is told', () => {
    const twins = sourcesOf(eegSource, 'other: { type: websocket, stream_type: EEG, name: A }');
    const { at, bound, events } = binding(twins);
    at(0)
      .open(headset('A'), headset('A', { id: 'A#2' }))
      .send('A', 'A#2')
      .at(0.5)
      .send('A#2', 'A');
    expect(bound).toEqual(['0 other=A']);
    expect(events[0]).toMatchObject({ code: 'stream-duplicate', level: 'warn' });
    expect(events[0].message).toContain('A#2');
  });

  it("don't let a silent one hold the source", () => {
    const { at, bound } = binding(sourcesOf(eegSource));
    at(0)
      .open(headset('A'), headset('A', { id: 'A#2' }))
      .at(1)
      .send('A#2')
      .at(2)
      .send('A');
    expect(bound).toEqual(['1 eeg=A#2']);
  });

  it('follow each other as others do, once the first has fallen silent', () => {
    const twin = headset('A', { id: 'A#2' });
    const run = (source: string, twinOpensAt: number) => {
      const { at, bound, last } = binding(sourcesOf(source));
      at(0).open(headset('A'));
      if (twinOpensAt === 0) at(0).open(twin);
      at(0).send('A').at(1).send('A');
      if (twinOpensAt > 0) at(twinOpensAt).open(twin);
      for (let k = 20; k <= 1000; k++) at(k / 10).send('A#2');
      return { at, bound, last };
    };
    // It has limit and hold of any stream: 0.6 s and 30 s.
    const restarted = run(eegSource, 1.5);
    expect(restarted.bound).toEqual(['0 eeg=A', '31.6 eeg=A#2']);
    restarted.at(101).send('A', 'A#2').at(101.5).send('A#2');
    expect(restarted.bound.slice(2)).toEqual(['101 eeg=A']);
    expect(restarted.last()).toContain('eeg is not for a repeat of A');
    const beside = run(eegSource, 0);
    expect(beside.bound).toEqual(['0 eeg=A']);
    expect(beside.last()).toContain('failover: true');
    expect(run('eeg: { type: lsl, stream_type: EEG, failover: true }', 0).bound).toEqual([
      ...['0 eeg=A', '31.6 eeg=A#2'],
    ]);
  });

  it('leave to the second what the first could feed, only while that is silent', () => {
    const { at, bound } = binding(
      sourcesOf(eegSource, 'own: { type: websocket, stream_type: EEG, name: A }'),
    );
    at(0)
      .open(headset('A'), headset('A', { id: 'A#2' }))
      .send('A', 'A#2');
    at(0.6).send('A#2').at(0.7).send('A#2');
    expect(bound).toEqual(['0 own=A', '0.7 eeg=A#2']);
  });
});

describe('streams of a recording', () => {
  const start = Number.NEGATIVE_INFINITY;
  const span = (first: number, last: number) => ({ samples: Math.round(100 * (last - first)), first, last });

  it('give way to the one with most samples, among those that are there at once', () => {
    const spans = new Map([
      ['short', span(0, 5)],
      ['long', span(3, 20)],
    ]);
    const { at, bound, last } = binding(sourcesOf(eegSource), { spans });
    at(start).open(headset('short'), headset('long')).at(0).send('short');
    expect(last()).toContain('eeg is for long, which has more samples (1700)');
    at(3).send('long');
    expect(bound).toEqual(['3 eeg=long']);
  });

  it('follow each other where one opens after the other', () => {
    const spans = new Map([
      ['first', span(0, 5)],
      ['second', span(6, 60)],
    ]);
    const { at, bound } = binding(sourcesOf(eegSource), { spans });
    at(start).open(headset('first'), headset('second')).at(0).send('first').at(5).send('first');
    at(6).send('second').at(40).send('second');
    expect(bound).toEqual(['0 eeg=first', '40 eeg=second']);
  });

  it('are one where the recorder began a stream again', () => {
    const spans = new Map([
      ['1', span(0, 5)],
      ['2', span(6, 60)],
    ]);
    const { at, bound } = binding(sourcesOf(eegSource), { spans });
    at(start)
      .open(headset('A', { id: '1' }), headset('A', { id: '2' }))
      .at(0)
      .send('1')
      .at(6)
      .send('2');
    expect(bound).toEqual(['0 eeg=1', '6 eeg=2']);
  });
});

describe('a pipeline that is reloaded', () => {
  it('keeps what feeds its sources, and gives what is free to those that are new', () => {
    const { at, bound, takeOver } = binding(sourcesOf(eegSource));
    at(0).open(headset('A'), headset('B')).send('A', 'B');
    takeOver(sourcesOf(eegSource, 'b: { type: websocket, stream_type: EEG, name: B }'));
    at(1).send('A', 'B');
    takeOver(sourcesOf('same: { type: websocket, stream_type: EEG }'));
    expect(bound).toEqual(['0 eeg=A', '1 b=B', '1 same=A']);
  });
});

interface Step {
  readonly wait_s: number;
  readonly what: 'open' | 'send' | 'close' | 'cut';
  readonly who: string;
}

/** Streams that open, deliver, fall silent, close and are cut, at random. */
const worlds = fc.array(
  fc.record<Step>({
    wait_s: fc.constantFrom(0, 0.1, 0.4, 2, 20, 31),
    what: fc.constantFrom('open', 'send', 'send', 'send', 'close', 'cut'),
    who: fc.constantFrom('A', 'A#2', 'B', 'C', 'D'),
  }),
  { maxLength: 60 },
);
const cast = new Map([
  ['A', headset('A')],
  ['A#2', headset('A', { id: 'A#2' })],
  ['B', headset('B', { hostname: 'next door' })],
  ['C', headset('C', { client: 'phone' })],
  ['D', headset('D')],
]);

describe('the decisions', () => {
  const sources = sourcesOf(eegSource, 'c: { type: websocket, stream_type: EEG, name: C, failover: true }');

  function run(world: readonly Step[], stops: boolean) {
    const { at, bound, events, goOnElsewhere } = binding(sources);
    const open = new Set<string>();
    let now = 0;
    for (const { wait_s, what, who } of world) {
      now += wait_s;
      if (stops) goOnElsewhere();
      if (what === 'open' ? open.has(who) : !open.has(who)) continue;
      if (what === 'open') at(now).open(cast.get(who)!);
      else if (what === 'send') at(now).send(who);
      else at(now)[what](who);
      if (what === 'open') open.add(who);
      else if (what !== 'send') open.delete(who);
    }
    return { bound, events };
  }

  it('are the same in an object that goes on from its state, after any message', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        expect(run(world, true)).toEqual(run(world, false));
      }),
    );
  });

  it('never feed one stream to sources that ask for different things, nor take a source from one that delivers', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { bound } = run(world, false);
        const fed = new Map<string, string>();
        for (const line of bound) {
          const [source, stream] = line.slice(line.indexOf(' ') + 1).split('=');
          for (const [other, its] of fed) if (other !== source && its === stream) fed.delete(other);
          fed.set(source, stream);
        }
        expect(new Set(fed.values()).size).toBe(fed.size);
      }),
    );
  });
});

describe('why a stream feeds no source', () => {
  const sources = sourcesOf(
    eegSource,
    'left: { type: websocket, stream_type: ACC, name: left, optional: true }',
  );
  const shaken = (name: string): StreamInfo => headset(name, { type: 'ACC' });

  it('is that none takes its type, or asks for such a one', () => {
    const run = binding(sources);
    run
      .at(0)
      .open(headset('belt', { type: 'ECG' }), shaken('right'))
      .send('belt', 'right');
    expect(run.why('belt')).toBe('no source takes type ECG');
    expect(run.why('right')).toBe('left asks for another name, source id, host or channels');
    expect(run.why('nobody')).toBeNull();
  });

  it('is that it has sent nothing, or that another one is in its place, for as long as that is so', () => {
    const run = binding(sources);
    run.at(0).open(headset('A'), headset('B')).send('A');
    expect([run.why('A'), run.why('B')]).toEqual([null, 'it has sent no sample yet']);
    run.at(0.1).send('A', 'B');
    expect(run.why('B')).toBe('eeg is taken by A');
    run.goOnElsewhere();
    expect(run.why('B')).toBe('eeg is taken by A');
    run.takeOver(sourcesOf('eeg: { type: websocket, stream_type: EEG, name: A }'));
    expect([run.why('A'), run.why('B')]).toEqual([
      null,
      'eeg asks for another name, source id, host or channels',
    ]);
  });

  it('is that none can use it', () => {
    const run = binding(sources, { unusable: (_, { name }) => (name === 'odd' ? 'too wide' : null) });
    run.at(0).open(headset('odd')).send('odd');
    expect(run.why('odd')).toBe("eeg can't use it: too wide");
  });
});
