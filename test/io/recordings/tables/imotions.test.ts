import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openRecording } from '../../../../src/io/recordings/open.js';
import { expectChunkInvariant, expectOnlyInputErrors, expectPrefixes, openedText } from '../opened-text.js';
import { readRecording } from '../read-recording.js';

const older = [
  '#Study : demo\t\t\t\t\t\t\t\t',
  '#TestRunDate : 20200102 03:04:05.500 (-04:00)\t\t\t\t\t\t\t\t',
  '\t\t\t\t\t\t\t\t',
  'StimulusName\tEventSource\tTimestamp\tGazeLeftx\tGazeLefty\tPupilLeft\tValidityLeft\tAU1 Evidence\tLiveMarker',
  'film\tET\t0\t600\t500\t23.5\t0\t\t',
  'film\tEmotient FACET\t10\t600\t500\t23.5\t0\t-0.5\t',
  'film\tET|Emotient FACET\t33\t-1\t-1\t0\t4\t-0.25\tnow',
  'film\tET\t67\t602\t502\t23.7\t0\t-0.25\tnow',
  'rest\tEmotient FACET\t70\t602\t502\t23.7\t0\t\t',
  '',
].join('\r\n');

const newer = [
  '#METADATA',
  'Row,Timestamp,EventSource,SourceStimuliName,ET_GazeLeftx,ET_GazeLefty,ET_PupilLeft,AU12 Evidence',
  '1,0,1,film,600,500,3.5,',
  '2,5,2,film,,,,0.5',
  '3,16.7,1,film,601,501,-1,',
  '',
].join('\n');

describe('imotions', () => {
  it('takes of each row what its source gave, not what it repeats', async () => {
    await openedText('export.txt', older, async (recording) => {
      expect(recording.format).toBe('iMotions');
      expect(recording.problems).toEqual([]);
      expect(recording.zero_unix_s).toBe(Date.UTC(2020, 0, 2, 7, 4, 5, 500) / 1000);
      const { streams, markers } = await readRecording(recording);
      const [gaze, face] = [...streams.values()];
      expect(gaze.times).toEqual([0, 0.033, 0.067]);
      expect(gaze.data).toEqual([
        [600, Number.NaN, 602],
        [500, Number.NaN, 502],
        [23.5, Number.NaN, 23.7],
      ]);
      expect(face.times).toEqual([0.01, 0.033, 0.07]);
      expect(face.data).toEqual([[-0.5, -0.25, Number.NaN]]);
      expect(recording.streams[0].info.channels.map(({ label, unit }) => [label, unit])).toEqual([
        ['left_x', 'px'],
        ['left_y', 'px'],
        ['left_pupil', ''],
      ]);
      expect(recording.streams[1].info.channels).toMatchObject([
        { label: 'AU01_evidence', unit: 'log10 odds' },
      ]);
      expect(markers.map(({ time, value }) => [time, value])).toEqual([
        [0, 'StimulusName/film'],
        [0.033, 'LiveMarker/now'],
        [0.07, 'StimulusName/rest'],
      ]);
    });
  });

  it('reads newer exports, where other sources leave cells empty', async () => {
    await openedText('export.csv', newer, async (recording) => {
      expect(recording.zero_unix_s).toBeNull();
      const [gaze, face] = [...(await readRecording(recording)).streams.values()];
      expect(gaze.data).toEqual([
        [600, 601],
        [500, 501],
        [3.5, Number.NaN],
      ]);
      expect(face.data).toEqual([[0.5]]);
    });
  });

  it("reads Affectiva's expressions that are action units, and no emotions", async () => {
    const affdex = [
      '#METADATA',
      'Row,Timestamp,EventSource,Anger,Engagement,Brow Furrow,Smile,Smirk,Eye Closure,Mouth Open,Pitch',
      '1,0,Affectiva AFFDEX,0.1,5,12.5,80,3,0,7,-4',
      '2,33,Affectiva AFFDEX,0.1,5,,90,3,0,8,-5',
      '',
    ].join('\n');
    await openedText('export.csv', affdex, async (recording) => {
      const [stream] = recording.streams;
      expect(stream.info.channels.map(({ label, unit }) => `${label} ${unit}`)).toEqual([
        'AU04 0..100',
        'AU12 0..100',
        'AU43 0..100',
        'AU25 0..100',
        'pitch deg',
      ]);
      const [face] = [...(await readRecording(recording)).streams.values()];
      expect(face.data.map((values) => values[0])).toEqual([12.5, 80, 0, 7, -4]);
      expect(face.data[0][1]).toBeNaN();
    });
  });

  it('gives the same samples whatever the chunks, and reads what is before a cut', async () => {
    await openedText('export.txt', older, expectChunkInvariant);
    await expectPrefixes('export.txt', older, 5);
  });

  it('throws nothing but InputError on damaged text', async () => {
    await expectOnlyInputErrors('export.txt', older);
  });
});

const real = '../shared/recordings/pyfeat/iMotions_Test_v5.txt';
describe.skipIf(!existsSync(real))('real iMotions export', () => {
  it('iMotions_Test_v5.txt: as awk counts its rows', async () => {
    const recording = await openRecording(real);
    expect(recording.problems).toEqual([]);
    expect(recording.zero_unix_s).toBe(Date.UTC(2015, 9, 14, 19, 14, 48, 732) / 1000);
    expect(recording.streams.map(({ info, samples }) => [info.type, info.channels.length, samples])).toEqual([
      ['Gaze', 6, 265],
      ['Face', 20, 264],
      ['Markers', 1, 2],
    ]);
    const { streams } = await readRecording(recording);
    const [gaze, face] = [...streams.values()];
    expect(gaze.data.map((values) => values[0])).toEqual([633, 530, 23.246, 649, 516, 25.0329]);
    expect([face.times[0], face.data[0][0], face.data[1][0], face.data[1][2]]).toEqual([
      0.036,
      -0.08995516,
      0.08694027,
      Number.NaN,
    ]);
    await expectChunkInvariant(recording);
  });
});
