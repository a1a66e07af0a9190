import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { AffectdError, ConfigurationError, InputError } from '../../../src/core/errors.js';
import { type PoolOptions, runTasks } from '../../../src/learn/examples/thread-pool.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

/** A worker that answers what its own thread would, without the compiled program. */
const folder = temporaryFolder();
writeFileSync(
  join(folder, 'double.js'),
  `const { parentPort, workerData, threadId } = require('node:worker_threads');
   parentPort.on('message', (task) => {
     if (task === 'leave') process.exit(0);
     if (task === 'hang') return;
     const failed = (code, message, exitCode) => parentPort.postMessage({ kind: 'failed', code, message, exitCode });
     if (task === 'configuration') return failed('c', 'mend it', 2);
     if (task === 'input') return failed('i', 'no such file', 3);
     if (task === 'bug') return failed(null, 'undefined is not a function', 1);
     parentPort.postMessage({ kind: 'result', result: { value: workerData.factor * task, thread: threadId } });
   });`,
);

type Task = number | string;
interface Result {
  readonly value: number;
  readonly thread: number;
}

function run(tasks: readonly Task[], more: Partial<PoolOptions<Task, Result>> = {}) {
  const found: Result[] = [];
  const ended = runTasks<Task, Result>(tasks, {
    workers: 2,
    signal: new AbortController().signal,
    inline: async (task) => ({ value: 2 * Number(task), thread: 0 }),
    worker: {
      name: 'double',
      beside: pathToFileURL(join(folder, 'pool.js')).href,
      data: () => ({ factor: 2 }),
    },
    failure: (message) => new AffectdError('pool-failed', message),
    done: (index, result) => {
      found[index] = result;
    },
    ...more,
  });
  return { found, ended };
}

describe('runTasks', () => {
  it('gives the same over threads as in one', async () => {
    const tasks = Array.from({ length: 40 }, (_, i) => i);
    const [alone, shared] = [run(tasks, { workers: 1 }), run(tasks)];
    await Promise.all([alone.ended, shared.ended]);
    expect(shared.found.map(({ value }) => value)).toEqual(alone.found.map(({ value }) => value));
    expect(new Set(alone.found.map(({ thread }) => thread))).toEqual(new Set([0]));
    expect(new Set(shared.found.map(({ thread }) => thread)).size).toBe(2);
  });

  it('needs no thread for one task', async () => {
    const { found, ended } = run([4], { workers: 8 });
    await ended;
    expect(found).toEqual([{ value: 8, thread: 0 }]);
  });

  it('throws a worker’s errors as they were', async () => {
    const told = (task: string) => run([1, task, 2]).ended;
    await expect(told('configuration')).rejects.toThrow(new ConfigurationError('c', 'mend it'));
    await expect(told('configuration')).rejects.toBeInstanceOf(ConfigurationError);
    await expect(told('input')).rejects.toBeInstanceOf(InputError);
    await expect(told('input')).rejects.toMatchObject({ code: 'i', exitCode: 3, message: 'no such file' });
    await expect(told('bug')).rejects.toMatchObject({ code: 'pool-failed', exitCode: 1 });
    await expect(told('leave')).rejects.toMatchObject({ code: 'pool-failed' });
  });

  it('ends when it is told to, in threads and without', async () => {
    const stop = new AbortController();
    const shared = run([1, 'hang', 'hang', 2], { signal: stop.signal });
    const reason = new Error('stopped');
    setImmediate(() => stop.abort(reason));
    await expect(shared.ended).rejects.toBe(reason);
    const alone = run([1, 2], { workers: 1, signal: stop.signal });
    await expect(alone.ended).rejects.toBe(reason);
    expect(alone.found).toEqual([]);
  });
});
