import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/core/errors.js';
import { openRecording } from '../../../../src/io/recordings/open.js';
import { expectChunkInvariant, expectOnlyInputErrors, expectPrefixes, openedText } from '../opened-text.js';
import { readRecording } from '../read-recording.js';

const older = [
  'Time\tLGazePos2dx\tLGazePos2dy\tLPupilDm\tLValidity\tRGazePos2dx\tRGazePos2dy\tRPupilDm\tRValidity\tRelTimestamp',
  ...Array.from({ length: 60 }, (_, i) => {
    const lost = i === 5 ? ['-1.0000', '-1.0000', '-1.0000', 4] : null;
    const left = lost ?? [0.5, 0.25, 3.5, i === 6 ? 1 : 0];
    const right = lost ?? [0.6, 0.35, 3.25, i === 6 ? 3 : 0];
    const time = 1e9 + Math.round((i + (i >= 40 ? 30 : 0)) * 3333.3);
    return [time, ...left, ...right, (time - 1e9) / 1000].join('\t');
  }),
  '',
].join('\n');

const lines = (rows: readonly (readonly (string | number)[])[], delimiter = '\t') =>
  `${rows.map((row) => row.join(delimiter)).join('\r\n')}\r\n`;

/** Pro Lab at 60 Hz with its mouse beside it: two fixations with a saccade between them. */
function proLab(timestamp: string, unit: number): string {
  const rows: (string | number)[][] = [
    [
      timestamp,
      'Sensor',
      'Gaze point left X [DACS px]',
      'Gaze point left Y [DACS px]',
      'Gaze point left X [MCS norm]',
      'Pupil diameter left [mm]',
      'Validity left',
      'Eye movement type',
      'Eye movement type index',
      'Event',
      'Event value',
    ],
  ];
  for (let i = 0; i < 30; i++) {
    const time = Math.round((i / 60) * unit);
    const type = i < 10 ? ['Fixation', 1] : i < 12 ? ['Saccade', 1] : ['Fixation', 2];
    rows.push(
      i === 20
        ? [time, 'Eye Tracker', '', '', '', '', 'Invalid', 'EyesNotFound', 1, '', '']
        : [time, 'Eye Tracker', 960 + i, 540, '0,5', '3,25', 'Valid', ...type, '', ''],
    );
    if (i === 3) rows.push([time, 'Mouse', '', '', '', '', '', '', '', 'MouseEvent', 'Down, Left']);
  }
  return lines(rows);
}

describe('tobii', () => {
  it('reads the older SDK layout: both eyes, normalised, lost where the validity says so', async () => {
    await openedText('1.tsv', older, async (recording) => {
      expect(recording.format).toBe('Tobii');
      expect(recording.streams).toMatchObject([{ samples: 60, info: { type: 'Gaze', sfreq: 300 } }]);
      expect(recording.streams[0].gaps).toHaveLength(1);
      expect(recording.streams[0].info.channels.map(({ label, unit }) => `${label} ${unit}`)).toEqual([
        'left_x norm',
        'left_y norm',
        'right_x norm',
        'right_y norm',
        'left_pupil mm',
        'right_pupil mm',
      ]);
      const [{ data, times, gaps }] = (await readRecording(recording)).streams.values();
      expect(data.map((values) => values.slice(4, 7))).toEqual([
        [0.5, Number.NaN, 0.5],
        [0.25, Number.NaN, 0.25],
        [0.6, Number.NaN, Number.NaN],
        [0.35, Number.NaN, Number.NaN],
        [3.5, Number.NaN, 3.5],
        [3.25, Number.NaN, Number.NaN],
      ]);
      expect(times[1] - times[0]).toBeCloseTo(0.003333, 9);
      expect(gaps).toEqual([40]);
    });
  });

  it.each([
    ['Recording timestamp [ms]', 1000],
    ['Recording timestamp [μs]', 1e6],
    ['Recording timestamp', 1000],
    ['Recording timestamp', 1e6],
  ])('reads Pro Lab exports with %s of 1/%d s', async (name, unit) => {
    await openedText('lab.tsv', proLab(name, unit), async (recording) => {
      expect(recording.problems).toEqual([]);
      expect(recording.streams.map(({ info, samples }) => [info.id, info.sfreq, samples])).toEqual([
        ['lab/gaze', 60, 30],
        ['lab/events', 0, 3],
        ['lab/markers', 0, 1],
      ]);
      const { streams, markers } = await readRecording(recording);
      const gaze = streams.get('lab/gaze')!;
      expect(recording.streams[0].info.channels.map(({ unit: u }) => u)).toEqual(['px', 'px', 'mm']);
      expect(gaze.data[0].slice(19, 22)).toEqual([979, Number.NaN, 981]);
      expect(gaze.data[2][0]).toBe(3.25);
      const ms = (value: number) =>
        unit === 1000 ? Math.round(value * 1000) / 1000 : Math.round(value * 1e6) / 1e6;
      expect(markers.map(({ value }) => value)).toEqual([
        'MouseEvent/Down, Left',
        `fixation onset_s=0 duration_s=${ms(10 / 60)}`,
        `saccade onset_s=${ms(10 / 60)} duration_s=${Number((ms(12 / 60) - ms(10 / 60)).toFixed(6))}`,
        `fixation onset_s=${ms(12 / 60)} duration_s=${Number((ms(20 / 60) - ms(12 / 60)).toFixed(6))}`,
      ]);
    });
  });

  it('reads Studio exports: pixels before millimetres, rows without a sample, UTF-16', async () => {
    const rows: (string | number)[][] = [
      [
        'RecordingTimestamp',
        'GazePointLeftX (ADCSmm)',
        'GazePointLeftX (ADCSpx)',
        'GazePointLeftY (ADCSpx)',
        'PupilLeft',
        'ValidityLeft',
        'EyeTrackerTimestamp',
        'StudioEvent',
      ],
    ];
    for (let i = 0; i < 200; i++) {
      rows.push([
        Math.round(i * 8.333),
        100,
        i === 4 ? '' : 640,
        i === 4 ? '' : 512,
        i === 4 ? '' : 4.2,
        i === 4 ? 4 : 0,
        1000 + i,
        '',
      ]);
      if (i === 7) rows.push([Math.round(i * 8.333), '', '', '', '', '', '', 'ImageStart']);
    }
    const text = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(lines(rows), 'utf16le')]);
    await openedText('studio.tsv', text, async (recording) => {
      expect(recording.streams.map(({ info, samples }) => [info.sfreq, samples])).toEqual([
        [120, 200],
        [0, 1],
      ]);
      const { streams, markers } = await readRecording(recording);
      const [{ data }] = streams.values();
      expect(data.map((values) => values.slice(3, 5))).toEqual([
        [640, Number.NaN],
        [512, Number.NaN],
        [4.2, Number.NaN],
      ]);
      expect(markers).toEqual([{ stream: 'studio/markers', time: 0.058, value: 'ImageStart' }]);
    });
  });

  it('knows that 1 is valid in rows of the Pro SDK', async () => {
    const rows = [
      'device_time_stamp,left_gaze_point_on_display_area_x,left_gaze_point_on_display_area_y,left_gaze_point_validity,left_pupil_diameter,left_pupil_validity',
      '1000000,0.5,0.5,1,3.5,1',
      '1010000,nan,nan,0,3.5,1',
      '1020000,0.5,0.5,1,nan,0',
      '',
    ].join('\n');
    await openedText('sdk.csv', rows, async (recording) => {
      const [{ data, times }] = (await readRecording(recording)).streams.values();
      expect(times).toEqual([1, 1.01, 1.02]);
      expect(data).toEqual([
        [0.5, Number.NaN, 0.5],
        [0.5, Number.NaN, 0.5],
        [3.5, 3.5, Number.NaN],
      ]);
    });
  });

  it('gives the same samples whatever the chunks, and reads what is before a cut', async () => {
    await openedText('lab.tsv', proLab('Recording timestamp', 1e6), expectChunkInvariant);
    await openedText('1.tsv', older, expectChunkInvariant);
    await expectPrefixes('1.tsv', older.split('\n').slice(0, 8).join('\n'), 5);
  });

  it('says what it lacks', async () => {
    const text = 'Recording timestamp\tSensor\n0\tEye Tracker\n';
    await expect(openedText('none.tsv', text, async () => {})).rejects.toThrow(InputError);
  });

  it('throws nothing but InputError on damaged text', async () => {
    await expectOnlyInputErrors('1.tsv', older);
  });
});

const real = '../shared/recordings/tobii-i2mc';
describe.skipIf(!existsSync(real))('real Tobii tables', () => {
  it.each([
    ['participant1/1.tsv', 651],
    ['participant1/4.tsv', 434],
    ['participant2/3.tsv', 1207],
  ])('%s: every row, 300 Hz, masked where the validity is 4', async (path, samples) => {
    const recording = await openRecording(`${real}/${path}`);
    expect(recording.problems).toEqual([]);
    expect(recording.streams).toMatchObject([{ samples, gaps: [], info: { type: 'Gaze', sfreq: 300 } }]);
    const rows = readFileSync(`${real}/${path}`, 'utf8')
      .trim()
      .split(/\r?\n/)
      .slice(1)
      .map((line) => line.split('\t').map(Number));
    const [{ data, times }] = (await readRecording(recording)).streams.values();
    for (const [i, row] of rows.entries()) {
      expect(times[i]).toBeCloseTo(row[0] / 1e6, 9);
      expect([data[0][i], data[1][i], data[4][i]]).toEqual(
        row[13] > 1 ? [Number.NaN, Number.NaN, Number.NaN] : [row[7], row[8], row[12]],
      );
      expect([data[2][i], data[3][i], data[5][i]]).toEqual(
        row[26] > 1 ? [Number.NaN, Number.NaN, Number.NaN] : [row[20], row[21], row[25]],
      );
    }
    await expectChunkInvariant(recording);
  });
});
