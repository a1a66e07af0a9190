import { Subject } from 'rxjs';
import { expect, it } from 'vitest';
import type { SessionEvent } from '../../../src/core/event.js';
import { contained, containedObserver } from '../../../src/io/sinks/contained.js';

it('a sink that fails is told of once for each run of faults, and the others miss nothing', () => {
  const log: SessionEvent[] = [];
  const outputs = new Subject<number>();
  const heard: number[] = [];
  const odd = (n: number): void => {
    if (n > 1 && n < 5) throw new Error(`not ${n}`);
    if (n === 6) throw new Error('nor 6');
  };
  outputs.subscribe(contained('odd', odd, (event) => log.push(event)));
  outputs.subscribe((n) => heard.push(n));
  for (const n of [1, 2, 3, 4, 5, 6]) outputs.next(n);
  expect(heard).toEqual([1, 2, 3, 4, 5, 6]);
  expect(log.map(({ code, message }) => `${code}: ${message}`)).toEqual([
    'sink-failed: sink odd: a message could not be given: not 2',
    'sink-failed: sink odd: a message could not be given: nor 6',
  ]);
});

it('a sink is told of a fault that ends what comes, in the log', () => {
  const log: SessionEvent[] = [];
  const outputs = new Subject<number>();
  const heard: number[] = [];
  outputs.subscribe(
    containedObserver(
      'odd',
      (n: number) => heard.push(n),
      (event) => log.push(event),
    ),
  );
  outputs.next(1);
  outputs.error(new Error('no more numbers'));
  expect(heard).toEqual([1]);
  expect(log.map(({ code, message }) => `${code}: ${message}`)).toEqual([
    'sink-failed: sink odd: nothing comes any more: no more numbers',
  ]);
});
