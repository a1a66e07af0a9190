import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatInspection, inspectRecording } from '../../src/io/recordings/inspect.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { parseSessionLogLine } from '../../src/io/recordings/xdf/session-log.js';
import { boundStreams } from '../../src/io/recordings/xdf/xdf.js';
import { repairXdf } from '../../src/io/recordings/xdf/xdf-repair.js';
import { XdfWriter } from '../../src/io/recordings/xdf/xdf-writer.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { annotations, bdfAnnotations, edfBytes } from '../io/recordings/edf-bytes.js';
import * as xdf from '../io/recordings/xdf-bytes.js';
import { folder } from './folder.js';
import type { Seed } from './mutation.js';
import { type FuzzParser, seed, textSeed } from './parser.js';

/** Writes a file of a folder; gives the folder. */
function place(recording: string, files: readonly Seed[]): string {
  const path = join(folder, recording);
  mkdirSync(path, { recursive: true });
  for (const { name, bytes } of files) writeFileSync(join(path, name), bytes);
  return path;
}

/** All that `inspect` does; of a quarter of the inputs also what a replay by small chunks and raw stamps reads. */
async function read(path: string, bytes: Uint8Array): Promise<void> {
  const recording = await openRecording(path);
  try {
    const report = await inspectRecording(recording);
    formatInspection(report);
    JSON.stringify(report);
    if (bytes.length % 4 > 0) return;
    for await (const _ of recording.messages({ chunk: 7, clockSync: false, events: () => {} }));
  } finally {
    await recording.close();
  }
}

/** A recording of one file. */
const file = (name: string, ending: string, seeds: () => readonly Seed[], words: readonly string[] = []) =>
  ({
    name,
    kind: 'reader',
    words,
    seeds,
    run: (bytes) => {
      const path = join(place('one', [{ name: `r.${ending}`, bytes }]), `r.${ending}`);
      return read(path, bytes);
    },
  }) satisfies FuzzParser;

/** A recording of several files, of which each input spoils one; `opened`: the one that is opened, left out: the folder. */
const files = (name: string, seeds: () => readonly Seed[], words: readonly string[], opened = '') => {
  const path = name.replaceAll(' ', '-');
  let before = '';
  return {
    name,
    kind: 'reader',
    words,
    seeds,
    run: (bytes, spoilt) => {
      // All are written once, then what is spoilt and what was.
      const sound = seeds().filter((one) => one.name !== spoilt && (before === '' || one.name === before));
      before = spoilt;
      return read(join(place(path, [...sound, { name: spoilt, bytes }]), opened), bytes);
    },
  } satisfies FuzzParser;
};

const once = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

const rows = (n: number, row: (i: number) => readonly (string | number)[], delimiter = ',') =>
  Array.from({ length: n }, (_, i) => row(i).join(delimiter));
const table = (...lines: (string | readonly string[])[]) => textSeed(`${lines.flat().join('\n')}\n`);
const numberWords = ['NaN', 'nan', 'inf', '-', '.', ',', ';', '\t', '\r\n', '"', '""', '1e400', '\ufeff', ' ', '\n\n']; // biome-ignore format: one list

const xdfSeeds = once((): readonly Seed[] => {
  const written = join(folder, 'sound.xdf');
  const writer = XdfWriter.create(written, { start_unix_s: 1_700_000_000 });
  const eeg = streamInfo({ type: 'EEG', sfreq: 100, labels: ['Fp1', 'Fp2'], unit: 'uV' });
  const markers = streamInfo({ type: 'Markers', sfreq: 0, labels: ['cue'], unit: '' });
  writer.open(eeg, { arrival: true, session: 's' });
  writer.open(markers);
  writer.writeLog(10, { k: 'zero', t: 10, zero: 10 });
  writer.writeLog(10, { k: 'open', t: 10, stream: 1 });
  writer.writeLog(10, { k: 'bind', t: 10, stream: 1, source: 'eeg' });
  for (let k = 0; k < 5; k++) {
    const from = 10 + 0.2 * k;
    const ramp = Array.from({ length: 20 }, (_, i) => i);
    writer.write(chunkOf(eeg, [ramp, ramp], from, k === 3));
    writer.writeMarker({ stream: 'markers', time: from, value: `go ${k}` });
  }
  writer.writeLog(11, { k: 'thinned', t: 11, node: 'a', model: 'm@sha256:0', seq: [1, 2], time: [4, 4.5] });
  writer.writeLog(11, { k: 'stale', t: 11, stream: 1, stale: true });
  writer.close();
  const bare = Buffer.concat([
    xdf.magic,
    xdf.fileHeader,
    xdf.streamHeader({ id: 7, sfreq: 100, desc: '<channels><channel><label>Cz</label><unit>uV</unit></channel></channels>' }),
    xdf.streamHeader({ id: 9, name: 'cues', type: 'Markers', format: 'string', sfreq: 0 }),
    xdf.clockOffset(7, 100, -5),
    xdf.ramp(7, 0, 50, 100),
    xdf.boundary,
    xdf.samples(9, [{ stamp: 100.1, values: xdf.text('a') }, { stamp: 100.3, values: xdf.text('b') }]),
    xdf.clockOffset(7, 105, -5.001),
    xdf.samples(7, Array.from({ length: 20 }, (_, i) => ({ stamp: i === 0 ? 100.5 : null, values: xdf.floats(i) }))),
    xdf.clockOffset(7, 110, 90),
    xdf.ramp(7, 0, 50, 3),
    xdf.footer(7, '<info><first_timestamp>100</first_timestamp><last_timestamp>101</last_timestamp><sample_count>120</sample_count></info>'),
  ]); // biome-ignore format: chunks
  return [seed(readFileSync(written)), seed(bare)];
});
const xdfWords = ['<channel_count>', '</info>', '<nominal_srate>', '<channel_format>int64', '<channel_format>string', '<stamps>session', '<order>arrival', '<desc>', '&#', '<!DOCTYPE', '{"k":"thinned"', '"seq":[', '43a5']; // biome-ignore format: one list

const wave = (n: number) =>
  Array.from({ length: 3 }, (_, r) => Array.from({ length: n }, (_, i) => 10 * r + i));
const edfSeeds = once(() => [
  seed(
    edfBytes({
      signals: [
        { label: 'EEG Fp1', records: wave(50) },
        { label: 'EEG Cz', records: wave(25) },
      ],
    }),
  ),
  seed(
    edfBytes({
      reserved: 'EDF+D',
      signals: [{ label: 'EEG Fp1', records: wave(50) }, annotations('+0||\0+0.5|a|\0', '+1||\0', '+5||\0+5.1\x151|b|\0')], // biome-ignore format: signals
    }),
  ),
]);
const bdfSeeds = once(() => [
  seed(
    edfBytes({
      ...{ format: 'BDF', reserved: '24BIT' },
      signals: [
        { label: 'Fp1', records: wave(50) },
        { label: 'Status', records: wave(50) },
      ],
    }),
  ),
  seed(
    edfBytes({
      ...{ format: 'BDF', reserved: 'BDF+C' },
      signals: [{ label: 'Fp1', records: wave(50) }, bdfAnnotations('+0||\0+0.5|a|\0', '+1||\0', '+2||\0')],
    }),
  ),
]);
const edfWords = ['EDF+D', 'EDF+C', 'BDF+C', '24BIT', '-1      ', '0       ', '1e300', 'EDF Annotations ', '+', '\x14', '\x15', '\0', 'Startdate', '99.99.99']; // biome-ignore format: one list

const brainVisionHeader = (format: string, orientation: string) =>
  [
    'Brain Vision Data Exchange Header File Version 1.0',
    '[Common Infos]',
    'Codepage=UTF-8',
    'DataFile=r.eeg',
    'MarkerFile=$b.vmrk',
    `DataFormat=${format}`,
    `DataOrientation=${orientation}`,
    'DataPoints=100',
    'NumberOfChannels=2',
    'SamplingInterval=4000',
    format === 'ASCII'
      ? '[ASCII Infos]\r\nDecimalSymbol=,\r\nSkipLines=1\r\nSkipColumns=1'
      : '[Binary Infos]\r\nBinaryFormat=INT_16',
    '[Channel Infos]',
    'Ch1=Fp1,,0.5,µV',
    'Ch2=Cz,,0.1,µV',
    '',
  ].join('\r\n');
const brainVisionMarkers = table(
  'Brain Vision Data Exchange Marker File, Version 1.0',
  '[Common Infos]',
  'DataFile=r.eeg',
  '[Marker Infos]',
  'Mk1=New Segment,,1,1,0,20200102030405123456',
  'Mk2=Stimulus,S  1,20,1,0',
  'Mk3=New Segment,,60,1,0,20200102030505123456',
  'Mk4=Comment,a\\1b,80,0,0',
);
const brainVisionSeeds = (format: string, orientation: string, data: Uint8Array) =>
  once(() => [
    textSeed(brainVisionHeader(format, orientation), 'r.vhdr'),
    { ...brainVisionMarkers, name: 'r.vmrk' },
    seed(data, 'r.eeg'),
  ]);
const brainVisionWords = ['=', '[', ']', '\r\n', 'INT_32', 'IEEE_FLOAT_32', 'UINT_16', 'VECTORIZED', 'MULTIPLEXED', 'ASCII', 'DataFile=../r.eeg', 'Ch3=', 'Mk9=', 'New Segment', 'SamplingInterval=0', ',']; // biome-ignore format: one list

const eyeLinkSeed = once(() => {
  const block = (from: number, eyes: string, line: (time: number) => string) => [
    `MSG\t${from - 2} RECCFG CR 250 2 1 ${eyes === 'LEFT\tRIGHT' ? 'LR' : eyes[0]}`,
    `START\t${from} \t${eyes}\tSAMPLES\tEVENTS`,
    'PRESCALER\t1',
    'PUPIL\tAREA',
    `EVENTS\tGAZE\t${eyes}\tRATE\t 250.00\tTRACKING\tCR\tFILTER\t2`,
    `SAMPLES\tGAZE\t${eyes}\tRATE\t 250.00\tTRACKING\tCR\tFILTER\t2`,
    ...rows(40, (i) => [line(from + 4 * i)]),
    `SBLINK ${eyes[0]} ${from + 8}`,
    `EBLINK ${eyes[0]} ${from + 8}\t${from + 16}\t8`,
    `ESACC ${eyes[0]}  ${from}\t${from + 20}\t20\t1\t2\t3\t4\t5\t6`,
    `EFIX ${eyes[0]}   ${from}\t${from + 36}\t40\t  4.0\t  400.5\t   1000`,
    `MSG\t${from + 41} Prüfung voilà`,
    `INPUT\t${from + 50}\t127`,
    `END\t${from + 160} \tSAMPLES\tEVENTS\tRES\t 36.0\t 38.0`,
  ];
  const preamble = ['** CONVERTED FROM x.EDF using edfapi', '** DATE: Thu Jan  2 03:04:05 2020', '**', 'MSG\t900 DISPLAY_COORDS 0 0 1919 1079']; // biome-ignore format: one list
  return [
    table(
      preamble,
      block(1000, 'RIGHT', (t) => `${t}\t  1.5\t  400.5\t 1000.0\t...`),
    ),
    table(
      preamble,
      block(2000, 'LEFT\tRIGHT', (t) => `${t}\t 1.0\t 1.0\t 900.0\t 5.0\t 2.0\t 800.0\t.....`),
    ),
  ];
});

const ms = (i: number) => String(1_700_000_000_000_000_000n + BigInt(i) * 1_000_000n);
const packed = (values: ArrayBufferView) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
const neonStamps = (n: number, from = 0) => packed(BigInt64Array.from({ length: n }, (_, i) => BigInt(ms(from + 5 * i)))); // biome-ignore format: one line
const neonSeeds = once(() => {
  const blink = Buffer.alloc(20);
  blink.writeInt32LE(4, 0);
  blink.writeBigInt64LE(BigInt(ms(5)), 4);
  blink.writeBigInt64LE(BigInt(ms(15)), 12);
  const gaze = (n: number) => packed(Float32Array.from({ length: 2 * n }, (_, i) => 600 + i));
  return [
    seed(neonStamps(40), 'gaze ps1.time'),
    seed(gaze(40), 'gaze ps1.raw'),
    seed(neonStamps(20, 600), 'gaze ps2.time'),
    seed(gaze(20), 'gaze ps2.raw'),
    seed(neonStamps(40), 'eye_state ps1.time'),
    seed(packed(Float32Array.from({ length: 120 }, (_, i) => 3 + (i % 3))), 'eye_state ps1.raw'),
    textSeed('[\n("pupil_diameter_left_mm", "float32"),\n("other", "float32"),\n("pupil_diameter_right_mm", "float32"),\n]\n', 'eye_state.dtype'), // biome-ignore format: one line
    seed(new Uint8Array(40).fill(255), 'worn ps1.raw'),
    textSeed('[("event_type","int32"), ("start_timestamp_ns","int64"), ("end_timestamp_ns","int64")]', 'blinks.dtype'), // biome-ignore format: one line
    seed(blink, 'blinks ps1.raw'),
    seed(neonStamps(1, 5), 'blinks ps1.time'),
    textSeed('recording.begin\ncue\n', 'event.txt'),
    seed(neonStamps(2), 'event.time'),
  ];
});
const neonExportSeeds = once(() => {
  const named = (name: string, lines: readonly string[]) => ({ ...table(lines), name });
  return [
    named('gaze.csv', [
      'section id,recording id,timestamp [ns],gaze x [px],gaze y [px],worn,fixation id,blink id,azimuth [deg],elevation [deg]',
      ...rows(40, (i) => [
        's',
        'r',
        ms(5 * i + (i > 20 ? 100 : 0)),
        800 + i,
        600.5,
        '1.0',
        '',
        '',
        -1.5,
        2.5,
      ]),
    ]),
    named('3d_eye_states.csv', [
      'section id,recording id,timestamp [ns],pupil diameter left [mm],pupil diameter right [mm]',
      ...rows(40, (i) => ['s', 'r', ms(5 * i), 3 + i / 40, 4]),
    ]),
    named('imu.csv', [
      'section id,recording id,timestamp [ns],gyro x [deg/s],gyro y [deg/s],gyro z [deg/s],acceleration x [g],acceleration y [g],acceleration z [g],roll [deg]',
      ...rows(20, (i) => ['s', 'r', ms(10 * i), 1, 2, 3, 0, 0, 1, 9]),
    ]),
    named('blinks.csv', [
      'section id,recording id,blink id,start timestamp [ns],end timestamp [ns],duration [ms]',
      `s,r,1,${ms(20)},${ms(40)},20`,
    ]),
    named('fixations.csv', [
      'section id,recording id,fixation id,start timestamp [ns],end timestamp [ns],duration [ms]',
      `s,r,1,${ms(0)},${ms(15)},15`,
    ]),
    named('events.csv', ['recording id,timestamp [ns],name,type', `r,${ms(0)},recording.begin,recording`]),
  ];
});

const empaticaSeeds = once(() => [
  textSeed(`1600000000.0, 1600000000.0, 1600000000.0\n32.0, 32.0, 32.0\n${'-64,32,0\n64,16,\n1,2,3\n'.repeat(20)}`, 'ACC.csv'), // biome-ignore format: one line
  textSeed(`1600000001\r\n4\r\n0.5\r\n\r\n${'0.7\r\n'.repeat(20)}`, 'EDA.csv'),
  textSeed('1600000010\n1\n80\n81\n', 'HR.csv'),
  textSeed('1600000000.0, IBI\n5.25,0.75\n6.00,0.75\n', 'IBI.csv'),
  textSeed('1600000003.5\n1600000009\n', 'tags.csv'),
  textSeed(`1600000000\n64\n${'1\n-1\n'.repeat(60)}`, 'BVP.csv'),
]);

const logLines = [
  { k: 'reload', t: 1, from: 'sha256:0', to: 'sha256:1' },
  { k: 'thinned', t: 1, node: 'a', model: 'm', seq: [1, 2], time: [4, 4.5] },
  { k: 'zero', t: 1, zero: 3 },
  { k: 'bind', t: 1, stream: 1, source: 'eeg' },
  { k: 'close', t: 1, stream: 1, cut: true },
];

export const recordingParsers: readonly FuzzParser[] = [
  file('xdf', 'xdf', xdfSeeds, xdfWords),
  {
    ...file('xdf repair', 'xdf', xdfSeeds, xdfWords),
    run: (bytes) => {
      const path = join(place('one', [{ name: 'r.xdf', bytes }]), 'r.xdf');
      boundStreams(path);
      repairXdf(path, join(folder, 'repaired.xdf'), true);
    },
  },
  {
    name: 'session log line',
    kind: 'reader',
    seeds: () => logLines.map((line) => textSeed(JSON.stringify(line))),
    words: ['null', '[]', '{}', '"k":', '"seq":[1]', '-1', 'true'],
    run: (bytes) => parseSessionLogLine(bytes.toString('utf8')),
  },
  file('edf', 'edf', edfSeeds, edfWords),
  file('bdf', 'bdf', bdfSeeds, edfWords),
  files(
    'brainvision binary',
    brainVisionSeeds('BINARY', 'MULTIPLEXED', packed(Int16Array.from({ length: 200 }, (_, i) => i))),
    brainVisionWords,
    'r.vhdr',
  ),
  files(
    'brainvision ascii',
    brainVisionSeeds(
      'ASCII',
      'VECTORIZED',
      Buffer.from(
        ['Fp1', 'Cz'].map((label) => `${label} ${rows(100, (i) => [`${i},5`]).join(' ')}`).join('\n'),
      ),
    ),
    brainVisionWords,
    'r.vhdr',
  ),
  file('neuroscan', 'cnt', once(() => ['int16', 'int32', 'runs', 'by-sample'].map((name) => seed(readFileSync(`fixtures/recordings/${name}.cnt`))))), // biome-ignore format: one line
  file('eyelink', 'asc', eyeLinkSeed, [...numberWords, 'START', 'END', 'SAMPLES', 'EVENTS', 'LEFT', 'RIGHT', 'RATE', 'MSG', 'EBLINK', 'EFIX', 'INPUT', 'PRESCALER\t0', 'RECCFG', 'HREF', 'PUPIL', 'VELOCITY']), // biome-ignore format: one list
  file('csv', 'csv', () => [
    table('time,EEG.FP1[uV],EEG.T3[mV],ECG.II[mV],Gaze.x[deg],"Markers.cue, spoken"', rows(80, (i) => [(i / 100).toFixed(3), i, i / 1000, i % 2 ? '' : -i, i / 10, i === 25 ? '"say ""go"", now"' : ''])), // biome-ignore format: one table
    { ...table('unix_time;EEG.Cz[uV];ACC.x[g]', rows(60, (i) => [1.7e9 + i / 50, `${i},5`, 1], ';')), isRefused: true }, // biome-ignore format: one table
  ], [...numberWords, 'time', 'EEG.', '[uV]', 'Markers.', 'simulated']), // biome-ignore format: one list
  file('openface', 'csv', () => [
    table('frame, face_id, timestamp, confidence, success, gaze_angle_x, gaze_angle_y, AU01_r, AU12_r, AU01_c, AU28_c', rows(60, (i) => [i + 1, 0, (i / 30).toFixed(3), 0.95, 1, 0.1, -0.2, i / 60, 5, 0, 1], ', ')), // biome-ignore format: one table
    table('frame, timestamp, confidence, success, gaze_0_x, gaze_0_y, gaze_0_z, gaze_1_x, gaze_1_y, gaze_1_z, AU01_r', rows(60, (i) => [i + 1, (i / 30).toFixed(3), 0.95, 1, 0.3, 0.1, -1, 0.1, 0.3, -1, 2], ', ')), // biome-ignore format: one table
  ], numberWords), // biome-ignore format: one list
  file('libreface', 'csv', () => [
    table('frame_idx,frame_time_in_ms,lm_mp_0_x,pitch,yaw,roll,facial_expression,au_1,au_12,au_1_intensity,au_12_intensity', rows(60, (i) => [i, 40 * i, 0.5, 10, -5, 2, 'Happiness', 0, 1, i / 60, 4.5])), // biome-ignore format: one table
  ], numberWords), // biome-ignore format: one list
  file('py-feat', 'csv', () => [
    table('FaceRectX,FaceRectY,FaceRectWidth,FaceRectHeight,FaceScore,x_0,Pitch,Roll,Yaw,AU01,AU12,Happy,input,frame,approx_time', rows(75, (i) => [1, 2, 3, 4, 0.99, 7, 0.1, 0, -0.1, 0.5, 0.25, 0.9, 'clip.mp4', 2 * i, `00:0${Math.floor((2 * i) / 25)}`])), // biome-ignore format: one table
  ], [...numberWords, ':', '00:60']), // biome-ignore format: one list
  file('imotions', 'txt', () => [
    table('#Study : demo', '#TestRunDate : 20200102 03:04:05.500 (-04:00)', '', 'StimulusName\tEventSource\tTimestamp\tGazeLeftx\tGazeLefty\tPupilLeft\tValidityLeft\tAU1 Evidence\tLiveMarker', rows(60, (i) => ['film', i % 3 ? 'ET' : 'ET|Emotient FACET', Math.round(16.7 * i), 600, 500, 23.5, 0, -0.5, i === 9 ? 'now' : ''], '\t')), // biome-ignore format: one table
    table('#METADATA', 'Row,Timestamp,EventSource,SourceStimuliName,ET_GazeLeftx,ET_GazeLefty,ET_PupilLeft,AU12 Evidence', rows(60, (i) => [i + 1, 16.7 * i, (i % 2) + 1, 'film', 600, 500, 3.5, 0.5])), // biome-ignore format: one table
  ], [...numberWords, '#', 'TestRunDate']), // biome-ignore format: one list
  file('tobii', 'tsv', () => [
    table('Time\tLGazePos2dx\tLGazePos2dy\tLPupilDm\tLValidity\tRGazePos2dx\tRGazePos2dy\tRPupilDm\tRValidity\tRelTimestamp', rows(60, (i) => [1e9 + Math.round(3333.3 * i), 0.5, 0.25, 3.5, 0, 0.6, 0.35, 3.25, 0, 3.3333 * i], '\t')), // biome-ignore format: one table
    table('Recording timestamp [μs]\tSensor\tGaze point left X [DACS px]\tGaze point left Y [DACS px]\tGaze point left X [MCS norm]\tPupil diameter left [mm]\tValidity left\tEye movement type\tEye movement type index\tEvent\tEvent value', rows(60, (i) => [16_667 * i, i % 5 ? 'Eye Tracker' : 'Mouse', 960, 540, 0.5, 3.5, 'Valid', i % 20 < 12 ? 'Fixation' : 'Saccade', Math.floor(i / 20), i === 9 ? 'KeyboardEvent' : '', 'A'], '\t')), // biome-ignore format: one table
  ], [...numberWords, 'Invalid', 'EyesNotFound', 'Unclassified', '[ms]']), // biome-ignore format: one list
  files('empatica', empaticaSeeds, numberWords),
  files('pupil neon', neonSeeds, ['"float32"', '"int64"', '(', ')', '\n']),
  files('pupil neon export', neonExportSeeds, numberWords),
];
