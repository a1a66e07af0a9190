import { map, type Observable, of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import { lineSchemas } from '../../../src/io/protocol/output.js';
import type { Pipeline } from '../../../src/pipeline/file/pipeline.js';
import {
  type PredictInOrderOptions,
  type PredictionsState,
  predictInOrder,
} from '../../../src/pipeline/run/predict-in-order.js';
import type { LiveOutput } from '../../../src/pipeline/run/run-session.js';
import { decodeState, encodeState } from '../../../src/pipeline/run/state-file.js';
import type { SessionOutput } from '../../../src/pipeline/session/session-output.js';
import { marbles } from '../../setup/marbles.js';
import { SlowRunner } from './slow-runner.js';

const frame = (seq: number, present = true): LiveOutput['output'] => ({
  kind: 'frame',
  model: 'affect',
  seq,
  time: seq,
  window: [seq - 4, seq],
  frame: [{ values: Float32Array.of(seq), mask: Uint8Array.of(present ? 1 : 0), present }],
  modalities: new Map([['eeg', { present, coverage: present ? 1 : 0, reason: present ? null : 'stale' }]]),
  simulated: false,
  streams: [],
});
const closed = (time: number): LiveOutput['output'] => ({
  kind: 'closed',
  time,
  zero: 0,
  inputs: new Map(),
});
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Nothing is thinned but beyond a number. */
const beyond = (most: number) => ({ frames: most, wait_s: 0, most });

function start(limit = 100, explain: () => boolean = () => false, state: PredictionsState | null = null) {
  const runner = new SlowRunner();
  let snapshot: () => PredictionsState = () => expect.unreachable();
  const loaded = { pipeline: { digest: 'sha256:p' } as Pipeline, runners: new Map([['affect', runner]]) };
  const outputs = new Subject<LiveOutput>();
  const seen: SessionOutput[] = [];
  const drops: number[] = [];
  const faults: unknown[] = [];
  const latencies: number[] = [];
  const clock = new VirtualClock();
  let ended = false;
  const subscription = outputs
    .pipe(
      predictInOrder({
        session: 's',
        clock,
        explain,
        shed: beyond(limit),
        ...(state && { from: { state, loaded } }),
        snapshots: (take) => {
          snapshot = take;
        },
        thinned: ({ time }) => drops.push(time),
        ignored: () => {},
        failed: (fault) => faults.push(fault),
        predicted: (_, latency_s) => latencies.push(latency_s),
      }),
    )
    .subscribe({ next: (output) => seen.push(output), complete: () => (ended = true) });
  const push = (output: LiveOutput['output']): void => outputs.next({ output, loaded });
  const tell = (): string[] =>
    seen.map((output) =>
      output.kind === 'prediction' ? `p${output.prediction.seq}=${output.prediction.valence}` : output.kind,
    );
  return {
    runner,
    outputs,
    push,
    tell,
    seen,
    drops,
    faults,
    loaded,
    latencies,
    clock,
    subscription,
    snapshot: () => snapshot(),
    isEnded: () => ended,
  };
}

describe('predictInOrder', () => {
  it('keeps the order of predictions and of what comes between them', async () => {
    const { push, runner, tell, clock, latencies } = start();
    push(frame(1));
    push(closed(1));
    push(frame(2));
    push(closed(2));
    await settle();
    expect(tell()).toEqual([]);
    clock.advance(0.25);
    runner.waiting[0].answer(0.5);
    await settle();
    expect(tell()).toEqual(['p1=0.5', 'closed']);
    runner.waiting[1].answer(-0.25);
    await settle();
    expect(tell()).toEqual(['p1=0.5', 'closed', 'p2=-0.25', 'closed']);
    expect(latencies).toEqual([0.25, 0.25]);
  });

  it('has a window explained while somebody wants it, and no other', async () => {
    let wanted = false;
    const { push, runner } = start(100, () => wanted);
    for (const asked of [false, true, false]) {
      wanted = asked;
      push(frame(1));
      await settle();
      runner.waiting.at(-1)!.answer(0);
      await settle();
    }
    expect(runner.explained).toEqual([false, true, false]);
  });

  describe('with a model that is too slow', () => {
    const reasons = (seen: readonly SessionOutput[]): unknown[] =>
      seen.flatMap((output) => (output.kind === 'prediction' ? [output.prediction.reason] : []));

    it('does not ask it about the oldest waiting window, and tells each in its place', async () => {
      const { push, runner, tell, drops, seen, latencies } = start(2);
      for (let seq = 0; seq < 6; seq++) push(frame(seq));
      push(closed(6));
      expect(drops).toEqual([1, 2, 3]);
      expect(tell()).toEqual([]);
      for (let i = 0; i < 3; i++) {
        await settle();
        runner.waiting[i].answer(0);
      }
      await settle();
      expect(tell()).toEqual(['p0=0', 'p1=null', 'p2=null', 'p3=null', 'p4=0', 'p5=0', 'closed']);
      expect(reasons(seen)).toEqual([null, 'overloaded', 'overloaded', 'overloaded', null, null]);
      expect(runner.waiting.flatMap(({ frames }) => frames.map(([{ values }]) => values[0]))).toEqual([
        0, 4, 5,
      ]);
      expect(latencies).toHaveLength(6);
      const [, line] = seen.flatMap((output) => (output.kind === 'prediction' ? [output.prediction] : []));
      expect(lineSchemas.affect.parse(line)).toMatchObject({
        ...{
          seq: 1,
          time: 1,
          valid: false,
          reason: 'overloaded',
          valence: null,
          arousal: null,
          interval: null,
        },
        modalities: { eeg: { present: true, coverage: 1, weight: 0 } },
      });
    });

    it('leaves windows without any sensor their own reason: they take no time of it', async () => {
      const { push, runner, drops, seen } = start(2);
      for (let seq = 0; seq < 8; seq++) push(frame(seq, seq % 2 === 0));
      expect(drops).toEqual([2]);
      for (let i = 0; i < 3; i++) {
        await settle();
        runner.waiting[i].answer(0);
      }
      await settle();
      const [none, many] = ['no-input', 'overloaded'];
      expect(reasons(seen)).toEqual([null, none, many, none, null, none, null, none]);
    });

    it('keeps what was thinned through a stop, and asks about nothing else', async () => {
      const { push, runner, snapshot, subscription } = start(2);
      for (let seq = 0; seq < 5; seq++) push(frame(seq));
      const state = decodeState(encodeState(snapshot())) as PredictionsState;
      subscription.unsubscribe();
      expect(runner.waiting).toHaveLength(1);
      const other = start(2, () => false, state);
      for (let i = 0; i < 3; i++) {
        await settle();
        other.runner.waiting[i].answer(i);
      }
      await settle();
      expect(other.drops).toEqual([]);
      expect(other.tell()).toEqual(['p0=0', 'p1=null', 'p2=null', 'p3=1', 'p4=1']);
      expect(reasons(other.seen)).toEqual([null, 'overloaded', 'overloaded', null, null]);
    });

    it('asks and thins another model as if it were alone; all is told in order', async () => {
      const [slow, fast] = [new SlowRunner(), new SlowRunner()];
      const runners = new Map([
        ['affect', slow],
        ['other', fast],
      ]);
      const loaded = { pipeline: { digest: 'sha256:p' } as Pipeline, runners };
      const outputs = new Subject<LiveOutput>();
      const told: string[] = [];
      const drops: string[] = [];
      outputs
        .pipe(
          predictInOrder({
            ...{ session: 's', clock: new VirtualClock(), shed: beyond(2), ignored: () => {} },
            thinned: ({ model, seq }, runner) => drops.push(`${model} ${seq} ${runner === slow}`),
          }),
        )
        .subscribe((output) => {
          if (output.kind !== 'prediction') return;
          const { node, seq, reason, valence } = output.prediction;
          told.push(`${node} ${seq} ${reason ?? valence}`);
        });
      for (let seq = 0; seq < 5; seq++) {
        for (const model of runners.keys())
          outputs.next({ output: { ...frame(seq), model } as LiveOutput['output'], loaded });
        await settle();
        fast.waiting[seq].answer(seq / 10);
        await settle();
      }
      expect(drops).toEqual(['affect 1 true', 'affect 2 true']);
      expect(told).toEqual([]);
      for (let i = 0; i < 3; i++) {
        slow.waiting[i].answer(0.5);
        await settle();
      }
      expect(told).toEqual([
        ...['affect 0 0.5', 'other 0 0', 'affect 1 overloaded', 'other 1 0.1', 'affect 2 overloaded'],
        ...['other 2 0.2', 'affect 3 0.5', 'other 3 0.3', 'affect 4 0.5', 'other 4 0.4'],
      ]);
    });

    it('makes no window an anchor that it was not asked about', async () => {
      const { push, runner, seen } = start(1);
      const ranks = (s: number) => ({ arousal: { first: [s, 0, -s], second: [-s, 0, s] } });
      const marker = {
        kind: 'marker',
        marker: { stream: 'm', time: 1, value: 'anchor:calm' },
        source: 'cues',
      } as const;
      for (const output of [frame(0), marker, frame(1), frame(2)]) push(output);
      for (let i = 0; i < 2; i++) {
        await settle();
        runner.waiting[i].rank(ranks(i + 1));
      }
      await settle();
      const rankings = seen.flatMap((output) =>
        output.kind === 'prediction' ? [Object.keys(output.prediction.ranking?.arousal ?? {})] : [],
      );
      expect(reasons(seen)).toEqual([null, 'overloaded', null]);
      expect(rankings).toEqual([['start'], [], ['start', 'calm']]);
    });
  });

  it('says when too much waits behind the model, of whatever kind, and when half of it is told', async () => {
    const held: boolean[] = [];
    const runner = new SlowRunner();
    const loaded = { pipeline: { digest: 'sha256:p' } as Pipeline, runners: new Map([['affect', runner]]) };
    const outputs = new Subject<LiveOutput>();
    outputs
      .pipe(
        predictInOrder({
          ...{ session: 's', clock: new VirtualClock(), shed: beyond(100), thinned: () => {} },
          ...{ ignored: () => {}, failed: () => {}, predicted: () => {}, mostOutputs: 6 },
          held: (isHeld) => held.push(isHeld),
        }),
      )
      .subscribe();
    for (let seq = 0; seq < 5; seq++)
      for (const output of [frame(seq), closed(seq)]) outputs.next({ output, loaded });
    expect(held).toEqual([true]);
    for (let k = 0; k < 5; k++) {
      await settle();
      expect(held).toEqual(k < 4 ? [true] : [true, false]);
      runner.waiting[k].answer(0);
    }
  });

  it('completes after the last prediction, not before', async () => {
    const { push, outputs, runner, isEnded } = start();
    push(frame(0));
    outputs.complete();
    await settle();
    expect(isEnded()).toBe(false);
    runner.waiting[0].answer(0);
    await settle();
    expect(isEnded()).toBe(true);
  });

  it('a model that fails gives an invalid prediction, and goes on', async () => {
    const { push, runner, seen } = start();
    push(frame(0));
    push(frame(1));
    await settle();
    runner.waiting[0].fail();
    await settle();
    runner.waiting[1].answer(0.1);
    await settle();
    const [first, second] = seen.flatMap((output) =>
      output.kind === 'prediction' ? [output.prediction] : [],
    );
    expect(first).toMatchObject({ valid: false, reason: 'model-failed', valence: null, arousal: null });
    expect(second).toMatchObject({ valid: true, reason: null, valence: 0.1 });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'has no value to tell where the model gives %s',
    async (given) => {
      const { push, runner, seen } = start();
      push(frame(0));
      await settle();
      runner.waiting[0].answer(given);
      await settle();
      expect(seen[0]).toMatchObject({ prediction: { valid: false, reason: 'model-failed', valence: null } });
    },
  );

  it('does not ask the model about a window without any sensor', async () => {
    const { push, runner, seen } = start();
    push(frame(0, false));
    await settle();
    expect(runner.waiting).toEqual([]);
    expect(seen[0]).toMatchObject({
      prediction: {
        valence: null,
        arousal: null,
        valid: false,
        reason: 'no-input',
        modalities: { eeg: { present: false, coverage: 0, weight: 0, reason: 'stale' } },
      },
    });
  });

  it('clips to -1..1 and rounds to six decimals', async () => {
    const { push, runner, seen } = start();
    push(frame(0));
    push(frame(1));
    await settle();
    runner.waiting[0].answer(1.7);
    await settle();
    runner.waiting[1].answer(0.123456789);
    await settle();
    expect(seen.map((output) => output.kind === 'prediction' && output.prediction.valence)).toEqual([
      1, 0.123457,
    ]);
  });

  it('goes on where another one was stopped, with what it was asked for and what waited, through a file', async () => {
    const whole = start();
    for (const at of [0, 1, 2, 3]) {
      const { push, runner, tell, snapshot, subscription } = start();
      for (let seq = 0; seq < 3; seq++) {
        push(frame(seq));
        push(closed(seq));
      }
      for (let k = 0; k < at; k++) {
        await settle();
        runner.waiting[k].answer(k / 10);
      }
      await settle();
      const told = tell();
      const state = decodeState(encodeState(snapshot())) as PredictionsState;
      subscription.unsubscribe();
      const other = start(100, () => false, state);
      other.push(closed(9));
      for (let k = at; k < 3; k++) {
        await settle();
        other.runner.waiting[k - at].answer(k / 10);
      }
      await settle();
      expect([...told, ...other.tell()]).toEqual([
        ...['p0=0', 'closed', 'p1=0.1', 'closed', 'p2=0.2', 'closed', 'closed'],
      ]);
    }
    whole.subscription.unsubscribe();
  });

  describe('with frames that go to the model together', () => {
    function together(own: Partial<PredictInOrderOptions>) {
      const runner = new SlowRunner();
      const loaded = { pipeline: { digest: 'sha256:p' } as Pipeline, runners: new Map([['affect', runner]]) };
      const outputs = new Subject<LiveOutput>();
      const held: boolean[] = [];
      const told: string[] = [];
      const options = { session: 's', clock: new VirtualClock(), ignored: () => {} };
      const subscription = outputs
        .pipe(predictInOrder({ ...options, held: (isHeld) => held.push(isHeld), ...own }))
        .subscribe({
          next: (output) =>
            told.push(output.kind === 'prediction' ? `p${output.prediction.seq}` : output.kind),
          error: (error: Error) => told.push(error.message),
          complete: () => told.push('complete'),
        });
      const push = (...made: LiveOutput['output'][]): void => {
        for (const output of made) outputs.next({ output, loaded });
      };
      return { runner, loaded, outputs, push, held, told, subscription };
    }
    const asked = ({ waiting }: SlowRunner): number[] => waiting.map(({ frames }) => frames.length);

    it('waits for as many, and for fewer only at the end; what comes before the first is told at once', async () => {
      const { runner, push, told, outputs } = together({ batch: 2 });
      push(closed(0), frame(1), closed(1));
      expect(told).toEqual(['closed']);
      expect(asked(runner)).toEqual([]);
      push(frame(2), closed(2), frame(3));
      expect(asked(runner)).toEqual([2]);
      runner.waiting[0].answer(0.1, 0.2);
      await settle();
      expect(told).toEqual(['closed', 'p1', 'closed', 'p2', 'closed']);
      expect(asked(runner)).toEqual([2]);
      outputs.complete();
      expect(asked(runner)).toEqual([2, 1]);
      expect(told).not.toContain('complete');
      runner.waiting[1].answer(0.3);
      await settle();
      expect(told.slice(5)).toEqual(['p3', 'complete']);
    });

    it('says so where the next ones wait too, and when the model has answered', async () => {
      const { runner, push, held } = together({ batch: 2, mostFrames: 4 });
      push(frame(1), frame(2), frame(3));
      expect(held).toEqual([]);
      push(frame(4));
      expect(held).toEqual([true]);
      runner.waiting[0].answer(0, 0);
      await settle();
      expect(held).toEqual([true, false]);
      expect(asked(runner)).toEqual([2, 2]);
      push(frame(5), frame(6));
      expect(held).toEqual([true, false, true]);
    });

    it('does not wait for more where it says that no more should come: a model that is seldom asked beside much else', async () => {
      const { runner, push, held, told } = together({ batch: 4, mostOutputs: 6 });
      push(frame(1), ...[1, 2, 3, 4, 5].map(closed));
      expect(asked(runner)).toEqual([]);
      push(closed(6));
      expect(held).toEqual([true]);
      expect(asked(runner)).toEqual([1]);
      runner.waiting[0].answer(0);
      await settle();
      expect(told).toEqual(['p1', ...Array(6).fill('closed')]);
      expect(held).toEqual([true, false]);
    });

    it('asks each pipeline for its own', async () => {
      const { runner, push, outputs } = together({ batch: 2 });
      const next = { pipeline: { digest: 'sha256:q' } as Pipeline, runners: new Map([['affect', runner]]) };
      push(frame(1));
      outputs.next({ output: frame(2), loaded: next });
      expect(asked(runner)).toEqual([1]);
      outputs.next({ output: frame(3), loaded: next });
      runner.waiting[0].answer(0);
      await settle();
      expect(asked(runner)).toEqual([1, 2]);
    });

    it('ends with what it cannot work with where nobody else is told', async () => {
      const { push, told } = together({ batch: 1 });
      push({ ...frame(1, false), modalities: null } as unknown as LiveOutput['output'], closed(1));
      await settle();
      expect(told).toEqual(['output.modalities is not iterable']);
    });

    it('says what the model still works on when nobody listens any more', async () => {
      const works: Promise<void>[] = [];
      const { runner, push, told, subscription } = together({
        batch: 2,
        closing: (work) => works.push(work),
      });
      push(frame(1), frame(2));
      subscription.unsubscribe();
      expect(works).toHaveLength(1);
      let isDone = false;
      works[0].then(() => (isDone = true));
      await settle();
      expect(isDone).toBe(false);
      runner.waiting[0].answer(0, 0);
      await settle();
      expect(isDone).toBe(true);
      expect(told).toEqual([]);
    });
  });

  describe('as marbles', () => {
    const own = (source: Observable<LiveOutput>) =>
      source.pipe(
        predictInOrder({
          ...{ session: 's', clock: new VirtualClock(), shed: beyond(1), thinned: () => {} },
          ...{ ignored: () => {}, failed: () => {}, predicted: () => {} },
        }),
        map(({ kind }) => kind),
      );
    const loaded = { pipeline: { digest: 'sha256:p' } as Pipeline, runners: new Map() };
    const values = { a: { output: closed(1), loaded }, f: { output: frame(1), loaded } };

    it('passes on what is no frame at once, and of a model that is gone nothing', () => {
      marbles(({ cold, expectObservable }) => {
        expectObservable(own(cold('-a-a-|', values))).toBe('-a-a-|', { a: 'closed' });
        expectObservable(own(cold('-|', values))).toBe('-|');
        expectObservable(own(cold('--', values))).toBe('--');
        expectObservable(own(cold('-a#', values))).toBe('-a#', { a: 'closed' });
      });
    });

    it('lets go of its source when nobody listens any more', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('-a-a-a-', values);
        expectObservable(own(source), '^--!').toBe('-a-', { a: 'closed' });
        expectSubscriptions(source.subscriptions).toBe('^--!');
      });
    });
  });

  it('says nothing more once unsubscribed', async () => {
    const { push, runner, tell, subscription } = start();
    push(frame(0));
    await settle();
    subscription.unsubscribe();
    runner.waiting[0].answer(0);
    await settle();
    expect(tell()).toEqual([]);
  });

  it('tells of an output that cannot be worked with, and goes on with the others', async () => {
    const { outputs, loaded, seen, faults } = start();
    const broken = { ...frame(0, false), modalities: null } as unknown as LiveOutput['output'];
    outputs.next({ output: broken, loaded });
    outputs.next({ output: frame(1, false), loaded });
    outputs.next({ output: closed(1), loaded });
    await settle();
    expect(faults).toEqual([expect.any(TypeError)]);
    expect(seen.map(({ kind }) => kind)).toEqual(['prediction', 'closed']);
  });

  it('of nothing is nothing', () => {
    const seen: string[] = [];
    of<LiveOutput>()
      .pipe(
        predictInOrder({
          session: 's',
          clock: new VirtualClock(),
          shed: beyond(1),
          thinned: () => {},
          ignored: () => {},
          failed: () => {},
          predicted: () => {},
        }),
      )
      .subscribe({ complete: () => seen.push('complete') });
    expect(seen).toEqual(['complete']);
  });
});
