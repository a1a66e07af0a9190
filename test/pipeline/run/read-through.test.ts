import { tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Gate } from '../../../src/pipeline/run/gate.js';
import { readThrough } from '../../../src/pipeline/run/read-through.js';
import { recording, settle } from '../counted-recording.js';

describe('readThrough', () => {
  it('asks for the next message only while the gate is open', async () => {
    const gate = new Gate();
    const { seen, messages } = recording();
    const got: number[] = [];
    const subscription = readThrough(gate, messages()).subscribe((message) => {
      got.push(message);
      if (message % 3 === 2) gate.hold('slow');
    });
    for (const most of [3, 6, 9]) {
      await settle();
      await settle();
      expect(got.at(-1)).toBe(most - 1);
      expect(seen.read).toBe(most);
      gate.release('slow');
    }
    subscription.unsubscribe();
    await gate.closed();
    expect(seen.closed).toBe(1);
  });

  it('gives one more at most where the gate is shut while it is on its way', async () => {
    const gate = new Gate();
    let answer = (_: IteratorResult<number>): void => {};
    let asked = 0;
    const messages: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          asked++;
          return new Promise((resolve) => {
            answer = resolve;
          });
        },
      }),
    };
    const got: number[] = [];
    const subscription = readThrough(gate, messages).subscribe((message) => got.push(message));
    gate.hold('late');
    answer({ value: 7, done: false });
    await settle();
    expect([got, asked]).toEqual([[7], 1]);
    subscription.unsubscribe();
  });

  it('reads nothing before it is subscribed to, nor while the gate is shut from the start', async () => {
    const gate = new Gate();
    const { seen, messages } = recording();
    const read$ = readThrough(gate, messages());
    gate.hold('taker');
    await settle();
    const subscription = read$.subscribe();
    await settle();
    expect(seen.read).toBe(0);
    subscription.unsubscribe();
    await gate.closed();
  });

  it('of nothing is nothing, of a list the list, and closes nothing that has ended', async () => {
    const told = (values: Iterable<number> | AsyncIterable<number>): Promise<(number | string)[]> =>
      new Promise((resolve, reject) => {
        const seen: (number | string)[] = [];
        readThrough(new Gate(), values).subscribe({
          next: (value) => seen.push(value),
          error: reject,
          complete: () => resolve([...seen, 'complete']),
        });
      });
    expect(await told([])).toEqual(['complete']);
    expect(await told([1, 2])).toEqual([1, 2, 'complete']);
    const { seen, messages } = recording(2);
    expect(await told(messages())).toEqual([0, 1, 'complete']);
    expect(seen).toEqual({ read: 2, closed: 1 });
  });

  it('never ends where its source never says anything, and stops at once all the same', async () => {
    const gate = new Gate();
    let returned = 0;
    const silent: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          returned++;
          return { value: undefined, done: true };
        },
      }),
    };
    const seen: string[] = [];
    const subscription = readThrough(gate, silent).subscribe({ complete: () => seen.push('complete') });
    await settle();
    subscription.unsubscribe();
    await gate.closed();
    expect([seen, returned]).toEqual([[], 1]);
  });

  it('passes an error on, behind what came before it', async () => {
    async function* torn(): AsyncGenerator<number> {
      yield 1;
      throw new RangeError('torn');
    }
    const seen: unknown[] = [];
    const gate = new Gate();
    await new Promise<void>((resolve) => {
      readThrough(gate, torn()).subscribe({
        next: (value) => seen.push(value),
        error: (error) => {
          seen.push(error);
          resolve();
        },
      });
    });
    expect(seen).toEqual([1, new RangeError('torn')]);
    await gate.closed();
  });

  it('stops reading and closes the recording where nobody listens any more, or what is made of it fails', async () => {
    for (const isFault of [false, true]) {
      const gate = new Gate();
      const { seen, messages } = recording();
      const errors: unknown[] = [];
      const subscription = readThrough(gate, messages())
        .pipe(
          tap((message) => {
            if (message < 4) return;
            if (isFault) throw new Error('it is odd');
            subscription.unsubscribe();
          }),
        )
        .subscribe({ error: (error) => errors.push(error) });
      await settle();
      await gate.closed();
      await settle();
      expect(seen).toEqual({ read: 5, closed: 1 });
      expect(errors).toEqual(isFault ? [new Error('it is odd')] : []);
    }
  });
});
