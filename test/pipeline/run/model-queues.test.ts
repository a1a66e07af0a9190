import { describe, expect, it } from 'vitest';
import { ModelQueues, type ModelQueuesOptions } from '../../../src/pipeline/run/model-queues.js';
import type { LoadedPipeline } from '../../../src/pipeline/run/run-session.js';
import type { UntoldFrame } from '../../../src/pipeline/run/untold-outputs.js';
import { SlowRunner } from './slow-runner.js';

const loaded = {} as LoadedPipeline;
function frame(seq: number, present = true): UntoldFrame {
  const modality = { values: Float32Array.of(seq), mask: Uint8Array.of(1), present };
  return {
    output: {
      ...{ kind: 'frame', model: 'affect', seq, time: seq, window: [seq - 4, seq] },
      ...{ frame: [modality], modalities: new Map(), simulated: false, streams: [] },
    },
    ...{ loaded, since: 0, waits: false, answer: null },
  };
}
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function queuesOf(options: ModelQueuesOptions = {}) {
  const told: string[] = [];
  const subscriber = { closed: false, error: (error: Error) => told.push(error.message) };
  const queues = new ModelQueues(options, subscriber, () => told.push('answered'));
  const ask = (isLast = false): void => queues.askWhoIsIdle(() => isLast);
  return { queues, subscriber, told, ask };
}
/** How many frames a model was asked about, each time. */
const asked = ({ waiting }: SlowRunner): readonly number[] => waiting.map(({ frames }) => frames.length);
const thinned = (frames: readonly UntoldFrame[]): readonly boolean[] =>
  frames.map(({ output }) => output.overloaded === true);

describe('frames that wait for models', () => {
  it('wait until their own model has answered, which is asked about nothing else meanwhile', async () => {
    const { queues, told, ask } = queuesOf();
    const [slow, fast] = [new SlowRunner(), new SlowRunner()];
    const [first, second, other] = [frame(1), frame(2), frame(3)];
    for (const own of [first, second]) queues.add(slow, own);
    queues.add(fast, other);
    expect([asked(slow), asked(fast), queues.works.length]).toEqual([[], [], 0]);
    ask();
    ask();
    expect([asked(slow), asked(fast), queues.works.length]).toEqual([[1], [1], 2]);
    fast.waiting[0].answer(0.5);
    await settle();
    expect(told).toEqual(['answered']);
    expect([first, second, other].map(({ waits }) => waits)).toEqual([true, true, false]);
    expect(other.answer).toMatchObject({ output: { valence: 0.5 } });
    slow.waiting[0].answer(0.1);
    await settle();
    expect([first, second].map(({ waits }) => waits)).toEqual([false, true]);
    expect([asked(slow), queues.works.length]).toEqual([[1], 0]);
    ask();
    slow.waiting[1].answer(0.2);
    await settle();
    expect(second.answer).toMatchObject({ output: { valence: 0.2 } });
    ask(true);
    expect([asked(slow), asked(fast)]).toEqual([[1, 1], [1]]);
  });

  it('are asked about together, get the answers in their order, and what the model fails at as such', async () => {
    const { queues, ask } = queuesOf({ batch: 3 });
    const runner = new SlowRunner();
    const frames = [1, 2, 3, 4].map((seq) => frame(seq));
    for (const own of frames) {
      ask();
      queues.add(runner, own);
    }
    expect(asked(runner)).toEqual([3]);
    runner.waiting[0].answer(0.1, 0.2, 0.3);
    await settle();
    ask(true);
    runner.waiting[1].fail();
    await settle();
    const answers = frames.map(({ answer }) => (answer === 'failed' ? answer : answer?.output.valence));
    expect(answers).toEqual([0.1, 0.2, 0.3, 'failed']);
  });

  it('are no frames without any sensor: those wait for nothing', () => {
    const { queues, ask } = queuesOf();
    const [runner, none] = [new SlowRunner(), frame(1, false)];
    queues.add(runner, none);
    ask(true);
    expect([none.waits, none.output.overloaded, asked(runner)]).toEqual([false, undefined, []]);
  });

  it('are thinned beyond a number, each model its own, the oldest first; what is worked on does not count', async () => {
    const said: string[] = [];
    const { queues, ask } = queuesOf({
      shed: { frames: 2, wait_s: 0, most: 2 },
      thinned: ({ seq, overloaded }, runner) => said.push(`${seq} ${overloaded} ${runner === slow}`),
    });
    const [slow, fast] = [new SlowRunner(), new SlowRunner()];
    const frames = [1, 2, 3, 4, 5].map((seq) => frame(seq));
    queues.add(slow, frames[0]);
    ask();
    for (const own of frames.slice(1)) queues.add(slow, own);
    for (const own of [6, 7]) queues.add(fast, frame(own));
    expect(said).toEqual(['2 true true', '3 true true']);
    expect(thinned(frames)).toEqual([false, true, true, false, false]);
    expect(frames.map(({ waits }) => waits)).toEqual([true, false, false, true, true]);
    for (const k of [0, 1, 2]) {
      slow.waiting[k].answer(k);
      await settle();
      ask();
    }
    expect(slow.waiting.map(({ frames: [[modality]] }) => modality.values[0])).toEqual([1, 4, 5]);
    expect(frames.map(({ answer }) => answer === null)).toEqual([false, true, true, false, false]);
  });

  it('are thinned as they were when they were recorded, which nobody is told of', () => {
    const said: number[] = [];
    const [one, two] = [new SlowRunner(), new SlowRunner()];
    const { queues, ask } = queuesOf({
      isThinned: ({ seq }, runner) => seq === 1 && runner === one,
      thinned: ({ seq }) => said.push(seq),
    });
    const frames = [frame(1), frame(2), frame(1)];
    for (const [k, own] of frames.entries()) queues.add(k < 2 ? one : two, own);
    ask();
    expect(thinned(frames)).toEqual([true, false, false]);
    expect(frames.map(({ waits }) => waits)).toEqual([false, true, true]);
    expect([asked(one), asked(two), said]).toEqual([[1], [1], []]);
  });

  it('may wait for a while beyond that number, up to another one', () => {
    const said: number[] = [];
    const { queues } = queuesOf({
      shed: { frames: 2, wait_s: 10, most: 4 },
      thinned: ({ seq }) => said.push(seq),
    });
    const slow = new SlowRunner();
    const at = (seq: number, since: number): void => queues.add(slow, { ...frame(seq), since });
    for (const seq of [1, 2, 3]) at(seq, seq);
    at(4, 11);
    expect(said).toEqual([]);
    at(5, 11.5);
    expect(said).toEqual([1]);
    at(6, 13.5);
    expect(said).toEqual([1, 2, 3]);
    for (const seq of [7, 8]) at(seq, 13.5);
    expect(said).toEqual([1, 2, 3, 4]);
    // Two are left alone, for however long.
    at(9, 100);
    expect(said).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('are not shown to a model when nobody listens any more; what it works on is known', () => {
    const { queues, subscriber, ask } = queuesOf();
    const [one, two] = [new SlowRunner(), new SlowRunner()];
    queues.add(one, frame(1));
    ask();
    queues.add(two, frame(2));
    subscriber.closed = true;
    ask(true);
    expect([asked(one), asked(two), queues.works.length]).toEqual([[1], [], 1]);
  });

  it('end all with what goes wrong in asking: no model failed', async () => {
    const { queues, told, ask } = queuesOf({
      explain: () => {
        throw new Error('nobody to ask');
      },
    });
    queues.add(new SlowRunner(), frame(1));
    ask();
    await settle();
    expect(told).toEqual(['nobody to ask']);
  });
});
