import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExampleFolder } from '../../../src/learn/examples/example-folder.js';
import { temporaryFolder } from '../../setup/temporary-folder.js';

describe('ExampleFolder', () => {
  it('has one file for a key, the same basis and the same data', async () => {
    const [cache, data] = [temporaryFolder(), temporaryFolder()];
    writeFileSync(join(data, 'a.dat'), 'one');
    const pathOf = async (basis: unknown) => (await ExampleFolder.cache(cache, basis, data)).path('a');
    const first = await pathOf({ step_s: 2 });
    expect(dirname(first)).toBe(cache);
    expect(await pathOf({ step_s: 2 })).toBe(first);
    expect(await pathOf({ step_s: 1 })).not.toBe(first);
    expect((await ExampleFolder.cache(cache, { step_s: 2 }, data)).path('b')).not.toBe(first);
    writeFileSync(join(data, 'a.dat'), 'other');
    expect(await pathOf({ step_s: 2 })).not.toBe(first);
  });

  it('finds what it kept, unless that is damaged', async () => {
    const cache = temporaryFolder();
    const value = new Map([['eeg', Float32Array.of(1, Number.NaN)]]);
    const own = await ExampleFolder.cache(cache, null, null);
    await own.keep(value, 'a');
    expect(await (await ExampleFolder.cache(cache, null, null)).find('a')).toEqual(value);
    expect(await own.find('b')).toBeNull();
    writeFileSync(own.path('a'), 'half');
    expect(await own.find('a')).toBeNull();
  });

  it('removes what a process that is gone left unfinished, and nothing of one that runs', async () => {
    const cache = temporaryFolder();
    // The highest process id of any system is below this.
    for (const process_id of [process.pid, 2 ** 30]) writeFileSync(join(cache, `x.${process_id}.part`), '');
    await ExampleFolder.cache(cache, null, null);
    expect(readdirSync(cache)).toEqual([`x.${process.pid}.part`]);
  });

  it('is there until it is removed, where it is temporary, and keeps nothing', async () => {
    const own = await ExampleFolder.temporary();
    const place = dirname(own.path('a'));
    expect(statSync(place).isDirectory()).toBe(true);
    await own.keep(1, 'a');
    expect(await own.find('a')).toBeNull();
    const listeners = process.listenerCount('exit');
    await own.remove();
    expect(existsSync(place)).toBe(false);
    expect(process.listenerCount('exit')).toBe(listeners - 1);
    await own.remove();
  });

  it('tells in one line where it cannot be', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await expect(ExampleFolder.cache(join(file, 'cache'), null, null)).rejects.toMatchObject({
      code: 'examples-unwritable',
      exitCode: 3,
    });
  });
});
