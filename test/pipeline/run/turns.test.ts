import { describe, expect, it } from 'vitest';
import { Turns, type Worker } from '../../../src/pipeline/run/turns.js';

/** A worker that notes what it did, by name, one letter a unit. */
class Letters implements Worker {
  left = 0;
  constructor(
    readonly name: string,
    readonly done: string[],
  ) {}
  get isIdle(): boolean {
    return this.left === 0;
  }
  work(units: number): number {
    const n = Math.min(units, this.left);
    this.left -= n;
    this.done.push(this.name.repeat(n));
    return n;
  }
}

function start(units: number, share: number) {
  const turns: (() => void)[] = [];
  const done: string[] = [];
  const own = new Turns({ units, share, nextTurn: (turn) => turns.push(turn) });
  const workers = new Map<string, Letters>();
  const give = (name: string, work: number): void => {
    const worker = workers.get(name) ?? new Letters(name, done);
    workers.set(name, worker);
    worker.left += work;
    own.take(worker);
  };
  /** Goes through all turns; what each did. */
  const run = (): string[] => {
    const did = [done.splice(0).join('')];
    for (let turn = turns.shift(); turn; turn = turns.shift()) {
      turn();
      did.push(done.splice(0).join(''));
    }
    return did;
  };
  return { give, run, own, workers };
}

describe('Turns', () => {
  it('does little work at once', () => {
    const { give, run } = start(10, 4);
    give('a', 3);
    give('b', 4);
    expect(run()).toEqual(['aaabbbb', '']);
  });

  it('does much work in later turns, of each worker a share at a time, and no more in a turn than its units', () => {
    const { give, run } = start(6, 2);
    give('a', 9);
    give('b', 5);
    give('c', 1);
    expect(run()).toEqual(['aabbc', 'aabbaa', 'baaa', '']);
  });

  it('serves whoever comes when a turn’s units are used up in the next one', () => {
    const { give, run } = start(4, 4);
    give('a', 20);
    give('b', 1);
    give('b', 1);
    expect(run()).toEqual(['aaaa', 'aaaa', 'bbaa', 'aaaa', 'aaaa', 'aa', '']);
  });

  it('counts what comes in small pieces as well', () => {
    const { give, run } = start(4, 4);
    for (let k = 0; k < 6; k++) give('a', 1);
    give('b', 1);
    expect(run()).toEqual(['aaaa', 'aab', '']);
  });

  it('leaves what a worker that was dropped had', () => {
    const { give, run, own, workers } = start(2, 2);
    give('a', 9);
    give('b', 3);
    own.drop(workers.get('a')!);
    expect(run()).toEqual(['aa', 'bb', 'b', '']);
  });

  it('asks for no turn where there is nothing to do', () => {
    const { give, run } = start(2, 2);
    give('a', 0);
    expect(run()).toEqual(['']);
  });
});
