import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { DiskError } from '../../src/recorder/disk/disk.js';
import { SessionRecorder, type SessionRecorderOptions } from '../../src/recorder/session-recorder.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { FaultyDisk } from './faulty-disk.js';

const folder = temporaryFolder();
const eeg = streamInfo({ type: 'EEG', sfreq: 10, labels: ['Cz'], unit: 'uV' });

function start(name: string, options: Partial<SessionRecorderOptions> = {}) {
  const clock = new VirtualClock(0, 1e9);
  const disk = new FaultyDisk();
  const events: SessionEvent[] = [];
  const path = join(folder, name);
  const recorder = new SessionRecorder(path, {
    ...{ clock, disk, events: (event) => events.push(event) },
    ...options,
  });
  let sent = 0;
  const push = (session = 'lab', id = eeg.id): Promise<string> => {
    const chunk = chunkOf({ ...eeg, id }, [[sent, sent + 0.5]], sent / 5);
    sent++;
    recorder.take({ session, message: { kind: 'chunk', chunk } });
    return recorder.safe(session, [id]).then(
      () => 'safe',
      (error: unknown) =>
        error instanceof DiskError ? `${error.code} ${error.isHeld ? 'held' : 'lost'}` : 'odd',
    );
  };
  const open = (session = 'lab', id = eeg.id): void =>
    recorder.take({ session, message: { kind: 'open', info: { ...eeg, id } } });
  return {
    ...{ recorder, clock, disk, events, path, push, open },
    codes: () => events.map(({ code }) => code),
    files: () => readdirSync(path).sort(),
    /** Values of all files' samples, file by file. */
    values: async () => {
      const values: number[] = [];
      for (const file of readdirSync(path).sort()) {
        const recording = await openRecording(join(path, file));
        for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} }))
          if (message.kind === 'chunk') for (const value of message.chunk.data) values.push(value);
        await recording.close();
      }
      return values;
    },
  };
}

const upTo = (n: number): number[] => Array.from({ length: 2 * n }, (_, i) => i / 2);

describe('a disk that fails', () => {
  it.each([
    ['write', 'ENOSPC', 'disk-full'],
    ['datasync', 'EIO', 'disk-failed'],
    ['write', 'EROFS', 'disk-read-only'],
    ['create', 'EMFILE', 'no-descriptors'],
    ['folder', 'EIO', 'disk-failed'],
  ] as const)(
    '%s: %s is told as %s; what came meanwhile is held, and is in another part',
    async (on, code, told) => {
      const { recorder, clock, disk, push, open, codes, files, values } = start(`${on}-${code}`);
      const isNoFile = on === 'create' || on === 'folder';
      if (isNoFile) disk.fault = { on, code };
      open();
      if (!isNoFile) {
        expect([await push(), await push()]).toEqual(['safe', 'safe']);
        disk.fault = { on, code };
      }
      expect(await push()).toBe(`${told} held`);
      expect(await push()).toBe(`${told} held`);
      expect([...recorder.failures].map(([session, { code: reason }]) => [session, reason])).toEqual([
        ['lab', told],
      ]);
      for (let k = 0; k < 5; k++) {
        clock.advance(10);
        await expect.poll(() => disk.open).toBe(0);
        expect(await push()).toBe(`${told} held`);
      }
      expect(files()).toHaveLength(isNoFile ? 0 : 1);
      disk.fault = null;
      clock.advance(10);
      await expect.poll(() => recorder.failures.size).toBe(0);
      expect(await push()).toBe('safe');
      expect(recorder.failures.size).toBe(0);
      await recorder.close();
      expect(disk.open).toBe(0);
      expect(codes().filter((event) => event === 'recording-failed')).toHaveLength(1);
      expect(files().map((file) => file.replace(/^.*-40/, ''))).toEqual(
        isNoFile ? ['.xdf'] : ['.xdf', '_part2.xdf'],
      );
      expect(new Set(await values())).toEqual(new Set(upTo(isNoFile ? 8 : 10)));
    },
  );
});

describe('more than can be held', () => {
  it('is lost, and told once a stream; what was held is kept, and the gap is in the recording', async () => {
    const { recorder, clock, disk, push, open, codes, path } = start('lost', { heldBytes: 3000 });
    open();
    await push();
    disk.fault = { on: 'write', code: 'ENOSPC' };
    const answers = [];
    for (let k = 0; k < 20; k++) answers.push(await push());
    const held = answers.indexOf('disk-full lost');
    expect(held).toBeGreaterThan(3);
    expect(answers).toEqual([
      ...Array(held).fill('disk-full held'),
      ...Array(20 - held).fill('disk-full lost'),
    ]);
    expect(codes().filter((code) => code === 'samples-lost')).toHaveLength(1);
    disk.fault = null;
    clock.advance(10);
    await expect.poll(() => recorder.failures.size).toBe(0);
    // Its last samples are still those that were lost.
    expect(await recorder.safe('lab', [eeg.id]).catch((error: DiskError) => error.isHeld)).toBe(false);
    expect(await push()).toBe('safe');
    await recorder.close();
    const values: number[] = [];
    const gaps: number[] = [];
    for (const file of readdirSync(path).sort()) {
      const recording = await openRecording(join(path, file));
      for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} })) {
        if (message.kind !== 'chunk') continue;
        if (message.chunk.gapBefore) gaps.push(message.chunk.data[0]);
        values.push(...message.chunk.data);
      }
      await recording.close();
    }
    expect([...new Set(values)]).toEqual([...upTo(1 + held), 21, 21.5]);
    expect(gaps).toContain(21);
  });

  it('than may wait for a disk that is too slow is written all the same, once the disk is well', async () => {
    const { recorder, clock, disk, push, open, values } = start('long');
    open();
    disk.fault = { on: 'write', code: 'ENOSPC' };
    await push();
    const many = Array.from({ length: 200_000 }, (_, i) => i);
    for (let k = 0; k < 8; k++)
      recorder.take({
        session: 'lab',
        message: { kind: 'chunk', chunk: chunkOf(eeg, [many], 10 + k * 20_000) },
      });
    disk.fault = null;
    clock.advance(10);
    await expect.poll(() => recorder.failures.size).toBe(0);
    await recorder.close();
    expect(await values()).toHaveLength(2 + 8 * many.length);
  });

  it('fits into a turn and a write is written bit by bit, each time that the disk is tried and in the end', async () => {
    const { recorder, clock, disk, push, open, values } = start('bits', { heldBytes: 8e6 });
    open();
    await push();
    disk.fault = { on: 'write', code: 'ENOSPC' };
    expect(await push()).toBe('disk-full held');
    const many = Array.from({ length: 5000 }, (_, i) => i);
    for (let k = 0; k < 50; k++)
      recorder.take({
        session: 'lab',
        message: { kind: 'chunk', chunk: chunkOf(eeg, [many], 10 + k * 500) },
      });
    for (let k = 0; k < 3; k++) {
      disk.largest = 0;
      clock.advance(10);
      await expect.poll(() => disk.largest).toBeGreaterThan(100_000);
      await expect.poll(() => disk.open).toBe(0);
    }
    expect(disk.largest).toBeLessThan(1.5e6);
    disk.fault = null;
    clock.advance(10);
    await expect.poll(() => recorder.failures.size).toBe(0);
    await expect
      .poll(() => {
        clock.advance(0.1);
        return recorder.safe('lab', [eeg.id]).then(() => 'safe');
      })
      .toBe('safe');
    expect(await push()).toBe('safe');
    expect(disk.largest).toBeLessThan(1.5e6);
    await recorder.close();
    // Either part gives all of the recording.
    const kept = await values();
    expect(kept.slice(kept.length / 2)).toEqual([
      ...upTo(2),
      ...Array.from({ length: 50 }, () => many).flat(),
      ...[2, 2.5],
    ]);
  });

  it('comes while what was held is written takes no more room than before', async () => {
    const { recorder, clock, disk, push, open, codes } = start('behind', { heldBytes: 8e6 });
    open();
    await push();
    disk.fault = { on: 'write', code: 'ENOSPC' };
    expect(await push()).toBe('disk-full held');
    const many = Array.from({ length: 50_000 }, (_, i) => i);
    const take = (k: number): void =>
      recorder.take({
        session: 'lab',
        message: { kind: 'chunk', chunk: chunkOf(eeg, [many], 10 + k * 5000) },
      });
    for (let k = 0; k < 8; k++) take(k);
    disk.fault = null;
    let release = (): void => {};
    let writes = 0;
    disk.slow = () => (++writes < 2 ? Promise.resolve() : new Promise((resolve) => (release = resolve)));
    clock.advance(10);
    await expect.poll(() => recorder.failures.size).toBe(0);
    for (let k = 8; k < 20; k++) take(k);
    expect(codes()).toContain('samples-lost');
    disk.slow = () => Promise.resolve();
    release();
    await recorder.close();
  });

  it('of one session takes nothing of another, whose disk is well', async () => {
    const sick = start('sick', { heldBytes: 1000 });
    sick.open();
    sick.open('well');
    await sick.push();
    await sick.push('well');
    // The disk takes nothing of files that are new: the other one was there before.
    sick.disk.fault = { on: 'create', code: 'EMFILE' };
    sick.open('new', 'new');
    for (let k = 0; k < 10; k++) {
      expect(await sick.push('new', 'new')).toMatch(/no-descriptors (held|lost)/);
      expect(await sick.push('well')).toBe('safe');
    }
    await sick.recorder.close();
    expect(sick.files()).toHaveLength(2);
  });
});

describe('when samples are safe', () => {
  it('after a sync of the data, and of the folder that holds the name', async () => {
    const { recorder, disk, push, open } = start('order');
    open();
    await push();
    expect(disk.done).toEqual(['create', 'folder', 'write', 'datasync']);
    await push();
    expect(disk.done.slice(4)).toEqual(['write', 'datasync']);
    await recorder.close();
  });

  it.each([
    ['always', 3],
    ['group', 3],
    ['none', 0],
  ] as const)('%s: 12 pushes at once take at most %d syncs', async (sync, most) => {
    const { recorder, disk, push, open } = start(`mode-${sync}`, { sync });
    open();
    const before = performance.now();
    expect(await Promise.all(Array.from({ length: 12 }, () => push()))).toEqual(Array(12).fill('safe'));
    expect(performance.now() - before).toBeLessThan(5000);
    expect(disk.syncs).toBeLessThanOrEqual(most);
    await recorder.close();
  });

  it('a write that takes long keeps nobody who is not recorded on it, and close waits for it', async () => {
    const { recorder, disk, push, open, values } = start('slow');
    open();
    let release = (): void => {};
    disk.slow = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const told: string[] = [];
    const pushed = push().then((answer) => told.push(answer));
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([]);
    const closed = recorder.close().then(() => told.push('closed'));
    disk.slow = () => Promise.resolve();
    await expect.poll(() => disk.done.includes('folder')).toBe(true);
    release();
    await Promise.all([pushed, closed]);
    expect(told).toEqual(['safe', 'closed']);
    expect(await values()).toEqual(upTo(1));
  });

  it('one that takes nothing for long, with 16 MB waiting, has failed', async () => {
    const { recorder, disk, open, events } = start('stuck');
    open();
    let release = (): void => {};
    disk.slow = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const many = Array.from({ length: 200_000 }, (_, i) => i);
    for (let k = 0; k < 12; k++)
      recorder.take({ session: 'lab', message: { kind: 'chunk', chunk: chunkOf(eeg, [many], k * 20_000) } });
    expect(events.find(({ code }) => code === 'recording-failed')).toMatchObject({
      details: { reason: 'disk-failed' },
      message: expect.stringContaining('too slow'),
    });
    disk.slow = () => Promise.resolve();
    release();
    await recorder.close();
  });
});

describe('before anything is lost', () => {
  it.each([
    ['create', 'EROFS'],
    ['write', 'ENOSPC'],
    ['datasync', 'EIO'],
  ] as const)(
    '%s: a folder that takes nothing (%s) is told at the start, and leaves nothing',
    async (on, code) => {
      const { recorder, disk, files } = start(`start-${on}`);
      disk.fault = { on, code };
      await expect(recorder.check()).rejects.toThrow(`can't be written (${code})`);
      expect(files()).toEqual([]);
      expect(disk.open).toBe(0);
      await recorder.close();
    },
  );

  it('a disk that will be full is told, once each time', async () => {
    const { recorder, clock, disk, codes } = start('low');
    const looked = async (room: number): Promise<void> => {
      disk.room = room;
      clock.advance(10);
      await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await recorder.check();
    expect(codes()).toEqual([]);
    for (const room of [5e8, 4e8, 2e9, 3e8]) await looked(room);
    expect(codes()).toEqual(['disk-low', 'disk-low']);
    await recorder.close();
  });

  it('files are for their owner alone', async () => {
    const { recorder, path, push, open, files } = start('private/below');
    open();
    await push();
    await recorder.close();
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, files()[0])).mode & 0o777).toBe(0o600);
  });
});
