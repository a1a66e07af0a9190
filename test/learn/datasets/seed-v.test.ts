import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { channelOf } from '../../../src/core/signal.js';
import { fixtureCopy, fixtures, truncate } from './fixture-copy.js';
import { featuresOf, openDataset, rowOf, signalsOf } from './read-dataset.js';

const path = join(fixtures, 'seed-v');
const people = ['16'];

describe('SEED-V', () => {
  it('gives released features of EEG and eyes', async () => {
    const dataset = await openDataset('seed-v', { path, people });
    expect(dataset.classes).toEqual(['disgust', 'fear', 'sad', 'neutral', 'happy']);
    const trials = await featuresOf(dataset, '16');
    expect(trials).toHaveLength(45);
    expect(trials.slice(15, 22).map(({ trial }) => trial.label!.class)).toEqual([2, 1, 3, 0, 4, 4, 0]);
    expect(trials[16]).toMatchObject({
      session: '2',
      trial: { trial: '2/2', stimulus: 'clip-2-2', position: 1 },
      windows: { window_s: 4, hop_s: 4, count: 1 },
    });
    expect(trials[1].windows.count).toBe(2);
    expect(rowOf(trials[1], 'eeg', 1).slice(0, 2)).toEqual([1000.25, 1001.25]);
    expect(trials[1].windows.modalities.get('eeg')!.features[309]).toMatchObject({
      channel: 'CB2',
      feature: 'de_seed_gamma',
    });
    const { features } = trials[1].windows.modalities.get('eye')!;
    expect(features).toHaveLength(33);
    expect(features[18]).toEqual({ channel: 'blink', feature: 'duration_mean', unit: 'ms' });
    expect(rowOf(trials[0], 'eye', 0).slice(3, 6)).toEqual([3, Number.NaN, 5]);
  });

  it('names what is missing, cut or another’s', async () => {
    await expect(openDataset('seed-v', { path })).rejects.toMatchObject({
      code: 'dataset-missing',
      message: expect.stringContaining('1_123.npz (nor for 14 others)'),
    });
    const copy = fixtureCopy('seed-v');
    const eyes = join(copy, 'Eye_movement_features', '16_123.npz');
    copyFileSync(join(copy, 'EEG_DE_features', '16_123.npz'), eyes);
    const swapped = await openDataset('seed-v', { path: copy, people });
    await expect(featuresOf(swapped, '16')).rejects.toMatchObject({
      code: 'dataset-layout',
      message: `${eyes}: trial 0 is 1 x 310, not windows x 33; point \`path\` at an original copy`,
    });
    truncate(eyes);
    await expect(featuresOf(swapped, '16')).rejects.toMatchObject({
      code: 'dataset-damaged',
      message: `${eyes}: the archive was cut short; get the file again`,
    });
    rmSync(eyes);
    await expect(openDataset('seed-v', { path: copy, people })).rejects.toThrow(
      'copy it, or set `eye: false`',
    );
    const [trial] = await featuresOf(await openDataset('seed-v', { path: copy, people, eye: false }), '16');
    expect([...trial.windows.modalities.keys()]).toEqual(['eeg']);
  });
});

const ROW_BYTES = 2 * 66;
const HEADER_BYTES = 900 + 75 * 66;

/** Makes the fixture's 40 samples a recording of `seconds`, zeros but for these 40, which then start at 30 s. */
function lengthen(file: string, seconds: number): void {
  const short = readFileSync(file);
  const header = Buffer.from(short.subarray(0, HEADER_BYTES));
  const end = HEADER_BYTES + 1000 * seconds * ROW_BYTES;
  header.writeInt32LE(1000 * seconds, 864);
  header.writeUInt32LE(end, 886);
  writeFileSync(file, header);
  const fd = openSync(file, 'r+');
  writeSync(fd, short, HEADER_BYTES, 40 * ROW_BYTES, HEADER_BYTES + 30_000 * ROW_BYTES);
  // A hole: it takes no room on the disk.
  ftruncateSync(fd, end);
  writeSync(fd, short, short.length - 9, 9, end);
  closeSync(fd);
}

describe('SEED-V as it was recorded', () => {
  const settings = { people: ['10'], data: 'signals' };

  it('gives each session whole, with its clips', async () => {
    const copy = fixtureCopy('seed-v');
    const folder = join(copy, 'EEG_raw');
    for (const file of readdirSync(folder)) lengthen(join(folder, file), 3360);
    const dataset = await openDataset('seed-v', { path: copy, ...settings });
    const sessions = await signalsOf(dataset, '10');
    expect(sessions.map(({ session, trials }) => [session, trials.length])).toEqual([
      ['1', 15],
      ['2', 15],
      ['3', 15],
    ]);
    for (const { trials } of sessions)
      for (const [i, { start, end }] of trials.entries()) {
        expect(end - start).toBeGreaterThan(45);
        if (i > 0) expect(start).toBeGreaterThanOrEqual(trials[i - 1].end + 29);
      }
    // The classes are those of the released features.
    const released = await featuresOf(await openDataset('seed-v', { path, people }), '16');
    expect(sessions.flatMap(({ trials }) => trials.map(({ label }) => label!.class))).toEqual(
      released.map(({ trial }) => trial.label!.class),
    );
    expect(sessions[1].trials[1]).toMatchObject({
      trial: '2/2',
      stimulus: 'clip-2-2',
      position: 1,
      start: 299,
      end: 488,
    });

    let seen = 0;
    for (const message of sessions[0].messages) {
      if (message.kind === 'open') {
        const labels = message.info.channels.map(({ label }) => label);
        expect([labels.length, labels[0], labels[31], labels[32], labels[61]]).toEqual([
          62,
          'Fp1',
          'T8',
          'TP7',
          'CB2',
        ]);
        expect(message.info).toMatchObject({ type: 'EEG', sfreq: 1000 });
      }
      if (message.kind !== 'chunk' || message.chunk.times.at(-1)! < 30) continue;
      const { chunk } = message;
      const at = chunk.times.indexOf(30.003);
      // Half a microvolt a bit; behind M1 (TP7) and behind M2 (the last) the file's channels are one and two further on.
      expect([0, 31, 32, 61].map((c) => channelOf(chunk, c)[at])).toEqual(
        [0, 31, 33, 63].map((c) => expect.closeTo(0.5 * (10 * c + 3), 3)),
      );
      seen++;
      break;
    }
    expect(seen).toBe(1);
  });

  it('names what is missing, cut or another’s', async () => {
    await expect(openDataset('seed-v', { path, data: 'signals' })).rejects.toMatchObject({
      code: 'dataset-missing',
      message: expect.stringContaining('1_1_<date>.cnt (nor for 14 others)'),
    });
    const copy = fixtureCopy('seed-v');
    const folder = join(copy, 'EEG_raw');
    const [first, second] = readdirSync(folder).sort();
    const open = () => openDataset('seed-v', { path: copy, ...settings });
    lengthen(join(folder, first), 3000);
    await expect(signalsOf(await open(), '10')).rejects.toMatchObject({
      code: 'dataset-damaged',
      message: `${join(folder, first)}: it ends at 3000 s, before its clip 15 at 3204 s; get the file again`,
    });
    const other = readFileSync(join(folder, first)).subarray(0, HEADER_BYTES + 1000);
    other.write('T77', 900 + 75 * 23);
    writeFileSync(join(folder, first), other);
    await expect(signalsOf(await open(), '10')).rejects.toThrow(
      `${join(folder, first)}: has no electrode T7;`,
    );
    other.writeUInt16LE(200, 376);
    writeFileSync(join(folder, first), other);
    await expect(signalsOf(await open(), '10')).rejects.toThrow(
      `${join(folder, first)}: is at 200 Hz, not 1000`,
    );
    rmSync(join(folder, second));
    await expect(open()).rejects.toThrow('10_2_<date>.cnt');
    // Three files, but one session twice.
    writeFileSync(join(folder, '10_1_20990101.cnt'), other);
    await expect(open()).rejects.toMatchObject({
      code: 'dataset-layout',
      message: `${join(folder, '10_1_20990101.cnt')}: is session 1 of person 10, as ${join(folder, first)} is; keep one of them`,
    });
  });
});
