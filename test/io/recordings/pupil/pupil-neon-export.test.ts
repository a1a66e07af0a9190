import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openRecording } from '../../../../src/io/recordings/open.js';
import { temporaryFolder } from '../../../setup/temporary-folder.js';
import { expectChunkInvariant } from '../opened-text.js';
import { readRecording } from '../read-recording.js';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const at = (ms: number) => String(1_700_000_000_000_000_000n + BigInt(ms) * 1_000_000n);
const write = (name: string, lines: readonly string[]) =>
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
const gazeMs = [0, 5, 10, 15, 20, 120, 125, 130];

function writeAll(): void {
  write('gaze.csv', [
    'section id,recording id,timestamp [ns],gaze x [px],gaze y [px],worn,fixation id,blink id,azimuth [deg],elevation [deg]',
    ...gazeMs.map((ms) => `s,r,${at(ms)},${800 + ms},600.5,${ms === 10 ? '0.0' : '1.0'},,,-1.5,2.5`),
  ]);
  write('3d_eye_states.csv', [
    'section id,recording id,timestamp [ns],pupil diameter left [mm],pupil diameter right [mm]',
    ...gazeMs.filter((ms) => ms !== 5).map((ms) => `s,r,${at(ms)},${3 + ms / 8},4`),
  ]);
  write('imu.csv', [
    'section id,recording id,timestamp [ns],gyro x [deg/s],gyro y [deg/s],gyro z [deg/s],acceleration x [g],acceleration y [g],acceleration z [g],roll [deg]',
    ...[0, 10, 20, 30].map((ms) => `s,r,${at(ms)},1,2,3,0,0,${1 + ms},9`),
  ]);
  write('blinks.csv', [
    'section id,recording id,blink id,start timestamp [ns],end timestamp [ns],duration [ms]',
  ]);
  write('fixations.csv', [
    'section id,recording id,fixation id,start timestamp [ns],end timestamp [ns],duration [ms]',
    `s,r,1,${at(0)},${at(15)},15`,
  ]);
  write('events.csv', ['recording id,timestamp [ns],name,type', `r,${at(0)},recording.begin,recording`]);
}

describe('pupil neon export', () => {
  it('joins gaze and pupils, and reads the tables beside them', async () => {
    writeAll();
    const recording = await openRecording(folder);
    expect(recording.format).toBe('Pupil Labs Neon export');
    expect(recording.problems).toEqual([]);
    expect(recording.path).toBe(folder);
    expect(
      recording.streams.map(({ info, samples, gaps }) => [
        info.id.split('/').at(-1),
        info.type,
        info.sfreq,
        samples,
        gaps.length,
      ]),
    ).toEqual([
      ['gaze', 'Gaze', 200, 8, 1],
      ['acc', 'ACC', 100, 4, 0],
      ['gyro', 'GYRO', 100, 4, 0],
      ['fixations', 'Markers', 0, 1, 0],
      ['markers', 'Markers', 0, 1, 0],
    ]);
    expect(recording.streams[0].info.channels.map(({ label, unit }) => `${label} ${unit}`)).toEqual([
      'x px',
      'y px',
      'azimuth deg',
      'elevation deg',
      'left_pupil mm',
      'right_pupil mm',
    ]);
    const { streams, markers, order } = await readRecording(recording);
    const [gaze, acc] = [...streams.values()];
    const nan = Number.NaN;
    expect(gaze.data[0]).toEqual([800, 805, nan, 815, 820, 920, 925, 930]);
    expect(gaze.data[4]).toEqual([3, nan, nan, 4.875, 5.5, 18, 18.625, 19.25]);
    expect(gaze.gaps).toEqual([5]);
    expect(acc.data[2]).toEqual([1, 11, 21, 31]);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(markers.map(({ value }) => value)).toEqual([
      'recording.begin',
      'fixation onset_s=1700000000 duration_s=0.015',
    ]);
    await expectChunkInvariant(recording);
    await recording.close();
  });

  it('reads gaze.csv alone, and says so where there is no row', async () => {
    writeAll();
    const recording = await openRecording(join(folder, 'gaze.csv'));
    expect(recording.streams).toMatchObject([{ samples: 8, info: { type: 'Gaze', sfreq: 200 } }]);
    write('gaze.csv', ['timestamp [ns],gaze x [px],gaze y [px]']);
    await expect(openRecording(join(folder, 'gaze.csv'))).rejects.toThrow(/no readable sample/);
  });
});
