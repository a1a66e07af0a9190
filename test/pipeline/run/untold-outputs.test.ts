import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LoadedPipeline } from '../../../src/pipeline/run/run-session.js';
import {
  type UntoldOptions,
  type UntoldOutput,
  UntoldOutputs,
} from '../../../src/pipeline/run/untold-outputs.js';

const untold = (kind: 'frame' | 'closed', waits = false): UntoldOutput => ({
  output: { kind } as UntoldOutput['output'],
  ...{ loaded: {} as LoadedPipeline, since: 0, waits, answer: null },
});

function heldBy(options: Omit<UntoldOptions, 'held'>) {
  const said: boolean[] = [];
  const outputs = new UntoldOutputs({ ...options, held: (isHeld) => said.push(isHeld) });
  const add = (kind: 'frame' | 'closed', count: number): void => {
    for (let i = 0; i < count; i++) {
      outputs.add(untold(kind));
      outputs.look();
    }
  };
  const take = (count: number): void => {
    for (let i = 0; i < count; i++) {
      outputs.take();
      outputs.look();
    }
  };
  return { outputs, said, add, take };
}

describe('what is not told yet', () => {
  it('is given in the order in which it came', () => {
    const outputs = new UntoldOutputs({});
    const [first, second, third] = [untold('frame', true), untold('closed'), untold('frame')];
    for (const output of [first, second]) outputs.add(output);
    expect(outputs.all).toEqual([first, second]);
    expect(outputs.take()).toBe(first);
    outputs.add(third);
    expect([outputs.take(), outputs.take()]).toEqual([second, third]);
    expect(outputs.all).toEqual([]);
  });

  it('is too much above a number of outputs, until half of them are told', () => {
    const { outputs, said, add, take } = heldBy({ mostOutputs: 6 });
    add('closed', 6);
    expect([outputs.isHeld, said]).toEqual([false, []]);
    add('closed', 2);
    expect([outputs.isHeld, said]).toEqual([true, [true]]);
    take(4);
    expect(said).toEqual([true]);
    take(1);
    expect([outputs.isHeld, said]).toEqual([false, [true, false]]);
    add('closed', 4);
    expect(said).toEqual([true, false, true]);
  });

  it('is too much from a number of frames, until one of them is told, whatever else waits', () => {
    const { said, add, take } = heldBy({ mostOutputs: 100, mostFrames: 2 });
    add('closed', 5);
    add('frame', 1);
    expect(said).toEqual([]);
    add('frame', 1);
    add('closed', 5);
    expect(said).toEqual([true]);
    take(5);
    expect(said).toEqual([true]);
    take(1);
    expect(said).toEqual([true, false]);
  });

  it('is too much while either is', () => {
    const { said, add, take } = heldBy({ mostOutputs: 4, mostFrames: 2 });
    add('frame', 2);
    add('closed', 4);
    expect(said).toEqual([true]);
    take(2);
    expect(said).toEqual([true]);
    take(2);
    expect(said).toEqual([true, false]);
  });

  it('is never too much by its frames alone, and by 32,768 outputs, where nothing else is said', () => {
    const { said, add } = heldBy({});
    add('frame', 32_768);
    expect(said).toEqual([]);
    add('closed', 1);
    expect(said).toEqual([true]);
  });

  it('says so once each time, and not before it is looked at', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('frame', 'closed', 'take', 'look'), { maxLength: 80 }),
        (steps) => {
          const { outputs, said } = heldBy({ mostOutputs: 6, mostFrames: 3 });
          for (const step of steps) {
            const before = said.length;
            if (step === 'look') outputs.look();
            else if (step !== 'take') outputs.add(untold(step));
            else if (outputs.all.length > 0) outputs.take();
            expect(said.length - before).toBeLessThanOrEqual(step === 'look' ? 1 : 0);
            const frames = outputs.all.filter(({ output }) => output.kind === 'frame').length;
            if (step !== 'look') continue;
            if (outputs.all.length > 6 || frames >= 3) expect(outputs.isHeld).toBe(true);
            if (outputs.all.length <= 3 && frames < 3) expect(outputs.isHeld).toBe(false);
          }
          expect(said).toEqual(said.map((_, k) => k % 2 === 0));
        },
      ),
    );
  });
});
