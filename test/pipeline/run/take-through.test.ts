import { concat, concatMap, finalize, map, mergeMap, type Observable, of, tap, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Gate } from '../../../src/pipeline/run/gate.js';
import { readThrough } from '../../../src/pipeline/run/read-through.js';
import { takeThrough } from '../../../src/pipeline/run/take-through.js';
import { recording, settle } from '../counted-recording.js';

describe('takeThrough', () => {
  interface Taking {
    /** What is made of a message. */
    readonly made?: (messages$: Observable<number>, gate: Gate) => Observable<string>;
    /** Turns of the event loop that the consumer needs for each. */
    readonly turns: number;
    readonly reader?: Gate;
  }
  /** What a consumer takes, and the most that was read ahead of it. */
  async function take({ made = (messages$) => messages$.pipe(map(String)), turns, reader }: Taking) {
    const gate = new Gate();
    const { seen, messages } = recording(100);
    const taken: string[] = [];
    let ahead = 0;
    for await (const value of takeThrough(gate, made(readThrough(reader ?? gate, messages()), gate))) {
      taken.push(value);
      for (let turn = 0; turn < turns; turn++) await settle();
      ahead = Math.max(ahead, seen.read - 1 - Number.parseInt(value, 10));
    }
    return { taken, ahead };
  }
  const numbers = Array.from({ length: 100 }, (_, i) => String(i));

  it.each([0, 1, 3])('reads nothing ahead of a consumer that needs %i turns', async (turns) => {
    expect(await take({ turns })).toEqual({ taken: numbers, ahead: 0 });
    const parts = ['a', 'b', 'c'];
    const made: Taking['made'] = mergeMap((i: number) => parts.map((part) => i + part));
    expect(await take({ turns, made })).toEqual({
      taken: numbers.flatMap((i) => parts.map((part) => i + part)),
      ahead: 0,
    });
  });

  it('is what holds it: a reader of another gate is through before the consumer has its second', async () => {
    const { taken, ahead } = await take({ turns: 200, reader: new Gate() });
    expect(taken).toEqual(numbers);
    expect(ahead).toBe(99);
  });

  it('reads on for a step that answers late up to what that lets wait', async () => {
    const most = 3;
    let waiting = 0;
    let largest = 0;
    const made: Taking['made'] = (messages$, gate) =>
      messages$.pipe(
        tap(() => {
          largest = Math.max(largest, ++waiting);
          if (waiting >= most) gate.hold('step');
        }),
        concatMap(async (i) => {
          await settle();
          await settle();
          if (--waiting < most) gate.release('step');
          return String(i);
        }),
      );
    expect(await take({ turns: 0, made })).toEqual({ taken: numbers, ahead: most });
    expect(largest).toBe(most);
  });

  it('closes the recording, and waits for that, where the consumer takes no more', async () => {
    const gate = new Gate();
    const { seen, messages } = recording();
    for await (const value of takeThrough(gate, readThrough(gate, messages()))) if (value === 5) break;
    expect(seen).toEqual({ read: 6, closed: 1 });
  });

  it('ends with an error behind what came before it, and with what goes wrong in closing', async () => {
    const taken: number[] = [];
    const all = async (gate: Gate, values$: Observable<number>): Promise<void> => {
      for await (const value of takeThrough(gate, values$)) taken.push(value);
    };
    const torn$ = concat(
      of(1, 2),
      throwError(() => new RangeError('torn')),
    );
    await expect(all(new Gate(), torn$)).rejects.toThrow('torn');
    expect(taken).toEqual([1, 2]);
    const gate = new Gate();
    const full$ = of(3).pipe(finalize(() => gate.closing(Promise.reject(new Error('disk full')))));
    await expect(all(gate, full$)).rejects.toThrow('disk full');
    expect(taken).toEqual([1, 2, 3]);
  });

  it('does nothing before the first is asked for', async () => {
    const gate = new Gate();
    const { seen, messages } = recording();
    const values = takeThrough(gate, readThrough(gate, messages()));
    await settle();
    expect(seen.read).toBe(0);
    expect(await values.next()).toEqual({ value: 0, done: false });
    await values.return(undefined);
    expect(seen).toEqual({ read: 1, closed: 1 });
  });
});
