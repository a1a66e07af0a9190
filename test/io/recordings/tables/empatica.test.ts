import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/core/errors.js';
import { openRecording } from '../../../../src/io/recordings/open.js';
import { temporaryFolder } from '../../../setup/temporary-folder.js';
import { readRecording, samplesOf } from '../read-recording.js';

const folder = temporaryFolder();
let session: string;
const write = (name: string, text: string) => writeFileSync(join(session, name), text);

beforeAll(() => {
  session = join(folder, 'S07.v2');
  mkdirSync(session);
  write('ACC.csv', '1600000000.0, 1600000000.0, 1600000000.0\n32.0, 32.0, 32.0\n-64,32,0\n64,16,\n1,2,3\n');
  write('S07_EDA.csv', '1600000001\r\n4\r\n0.5\r\n\r\n0.7\r\n');
  write('HR.csv', '1600000010\n1\n80\n81\n');
  write('IBI.csv', '1600000000.0, IBI\n5.25,0.75\n6.00,0.75\n');
  write('tags_S07.csv', '1600000003.5\n1600000009\n');
  write('info.txt', 'anything');
  write('TEMP.csv', '');
  write('notes.csv', 'a,b\n');
});

describe('empatica', () => {
  it('reads a folder: units, starts, beats and tags', async () => {
    const recording = await openRecording(session);
    expect([recording.format, recording.stem, recording.zero_unix_s]).toEqual(['Empatica E4', 'S07.v2', 0]);
    expect(
      recording.streams.map(({ info, samples, first }) => [info.type, info.sfreq, samples, first]),
    ).toEqual([
      ['ACC', 32, 3, 1600000000],
      ['HR', 1, 2, 1600000010],
      ['IBI', 0, 2, 1600000005.25],
      ['EDA', 4, 3, 1600000001],
      ['TEMP', 0, 0, null],
      ['Markers', 0, 2, 1600000003.5],
    ]);
    expect(recording.problems).toEqual([
      expect.stringMatching(/^ACC\.csv: 1 lines without a number/),
      expect.stringMatching(/^S07_EDA\.csv: 1 lines without a number/),
    ]);
    const { streams, markers } = await readRecording(recording);
    const [acc, , ibi, eda] = [...streams.values()];
    expect(acc.data).toEqual([
      [-1, 1, 1 / 64],
      [0.5, 0.25, 2 / 64],
      [0, Number.NaN, 3 / 64],
    ]);
    expect(acc.times[2]).toBe(1600000000 + 2 / 32);
    expect(ibi).toMatchObject({ times: [1600000005.25, 1600000006], data: [[0.75, 0.75]] });
    expect(eda.data).toEqual([[0.5, Number.NaN, 0.7]]);
    expect(markers.map(({ time, value }) => [time, value])).toEqual([
      [1600000003.5, 'tag'],
      [1600000009, 'tag'],
    ]);
    await recording.close();
  });

  it('reads one of its files, whose name holds the sensor', async () => {
    const recording = await openRecording(join(session, 'tags_S07.csv'));
    expect((await samplesOf(recording)).markers).toHaveLength(2);
    await recording.close();
  });

  it('leaves out a last line that was cut, and says so', async () => {
    const path = join(folder, 'BVP.csv');
    writeFileSync(path, '1600000000\n64\n1.25\n-3.5\n-12');
    const recording = await openRecording(path);
    expect((await samplesOf(recording)).streams[0].data).toEqual([[1.25, -3.5]]);
    expect(recording.problems).toEqual([expect.stringContaining('cut')]);
    await recording.close();
  });

  it('gives the same samples whatever the chunks', async () => {
    const recording = await openRecording(session);
    const natural = await samplesOf(recording);
    for (const chunk of [1, 2, 4096]) expect(await samplesOf(recording, { chunk })).toEqual(natural);
    await recording.close();
  });

  it('refuses folders and files without samples', async () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    await expect(openRecording(empty)).rejects.toThrow(InputError);
    writeFileSync(join(empty, 'EDA.csv'), '1600000000\n4\n');
    await expect(openRecording(empty)).rejects.toThrow(/no readable sample/);
  });
});
