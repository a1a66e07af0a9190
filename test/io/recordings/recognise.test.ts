import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { headOf } from '../../../src/io/recordings/files/file-head.js';
import { recordingFormats } from '../../../src/io/recordings/open.js';

/** The formats whose content fits, whatever the file is called. */
function fitting(head: Uint8Array): string[] {
  return recordingFormats
    .filter((format) => format.recognise('nameless', head) === 2)
    .map(({ name }) => name);
}

const heads: readonly (readonly [string, string])[] = [
  ['BrainVision', 'Brain Vision Data Exchange Header File Version 1.0\r\n'],
  ['BrainVision', '\uFEFFBrainVision Data Exchange Header File Version 2.0\r\n'],
  ['BrainVision', 'Brain Vision Data Exchange Marker File, Version 1.0\r\n'],
  ['EyeLink ASC', '** CONVERTED FROM a.edf using edfapi\n** TYPE: EDF_FILE\n'],
  ['EyeLink ASC', 'START\t7264579 \tLEFT\tRIGHT\tSAMPLES\tEVENTS\n'],
  ['EyeLink ASC', '7264579\t  655.6\t  599.9\t 1121.0\t...\n7264581\t   .\t   .\t 0.0\t.C.\n'],
  ['OpenFace', 'frame, face_id, timestamp, confidence, success, AU01_r\n'],
  ['iMotions', '#Study : A\t\t\n#Date : 20151015\t\t\n'],
  ['iMotions', 'Row,Timestamp,EventSource,ET_GazeLeftx\n'],
  ['Tobii', 'Time\tLGazePos2dx\tLGazePos2dy\tLPupilDm\tLValidity\n'],
  ['Tobii', '\uFEFFRecording timestamp\tSensor\tGaze point left X\n'],
  ['Tobii', 'ExportDate,RecordingTimestamp,PupilLeft,ValidityLeft\n'],
  ['Pupil Labs Neon export', 'section id,recording id,timestamp [ns],gaze x [px],gaze y [px]\n'],
  ['CSV', 'time,EEG.Fp1[uV]\n'],
];

describe('recognition by content', () => {
  it.each(heads)('%s: %j', (name, head) => {
    expect(fitting(Buffer.from(head))).toEqual([name]);
  });

  it.each(['a,b,c\n1,2,3\n', '1 2 3 4\n5 6 7 8\n', 'START here\n', '', '\0\0\0\0'])(
    'nothing in %j',
    (head) => {
      expect(fitting(Buffer.from(head))).toEqual([]);
    },
  );
});

it('Neuroscan CNT: what its header holds', () => {
  expect(fitting(headOf('fixtures/recordings/int16.cnt'))).toEqual(['Neuroscan CNT']);
});

const root = '../shared/recordings';
describe.skipIf(!existsSync(root))('real recordings by content', () => {
  it.each([
    ['EDF', 'eegmat/Subject00_1.edf'],
    ['BDF', 'mne-io/io/edf/tests/data/test.bdf'],
    ['BrainVision', 'mne-io/io/brainvision/tests/data/test_old_layout_latin1_software_filter.vhdr'],
    ['XDF', 'xdf-example-files/minimal.xdf'],
    ['EyeLink ASC', 'eyelink-asc/002_rlmw_samples_short.asc'],
    ['EyeLink ASC', 'eyelink-asc/002_rlmw_events_short.asc'],
    ['OpenFace', 'pyfeat/OpenFace_Test.csv'],
    ['iMotions', 'pyfeat/iMotions_Test_v5.txt'],
    ['Py-Feat', 'pyfeat/news_sample/001.csv'],
    ['Tobii', 'tobii-i2mc/participant1/1.tsv'],
  ])('%s: %s', (name, path) => {
    expect(fitting(headOf(`${root}/${path}`))).toEqual([name]);
  });

  it.each(['esports/matches/match_0/player_1/eye_tracker.csv', 'biosppy/ecg.txt'])('nothing: %s', (path) => {
    expect(fitting(headOf(`${root}/${path}`))).toEqual([]);
  });
});
