import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import { doneWithin } from '../../src/core/done-within.js';

it('work that is done in time is, and leaves no timer', async () => {
  const clock = new VirtualClock();
  let done = (): void => {};
  const work = new Promise<void>((resolve) => {
    done = resolve;
  });
  const waiting = doneWithin(clock, 2, work);
  clock.advance(1.9);
  done();
  expect(await waiting).toBe(true);
  expect(await doneWithin(clock, 2, undefined)).toBe(true);
});

it('work that takes longer is not waited for', async () => {
  const clock = new VirtualClock();
  const waiting = doneWithin(clock, 2, new Promise(() => {}));
  clock.advance(2);
  expect(await waiting).toBe(false);
});

it('what goes wrong in it goes wrong', async () => {
  await expect(doneWithin(new VirtualClock(), 2, Promise.reject(new Error('no')))).rejects.toThrow('no');
});
