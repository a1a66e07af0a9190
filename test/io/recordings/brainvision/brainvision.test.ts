import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/core/errors.js';
import { openRecording } from '../../../../src/io/recordings/open.js';
import { temporaryFolder } from '../../../setup/temporary-folder.js';
import { inspected } from '../inspected.js';
import { readRecording, samplesOf } from '../read-recording.js';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const channels = ['Fp1,,0.5,µV', 'Cz,,0.1,µV', 'ECG,,1,mV'];

function header(
  extra: string,
  { points, entries = channels }: { points?: number; entries?: string[] } = {},
): string {
  return [
    'Brain Vision Data Exchange Header File Version 1.0',
    '; a comment',
    '[Common Infos]',
    'Codepage=UTF-8',
    'DataFile=r.eeg',
    'MarkerFile=$b.vmrk',
    ...(points === undefined ? [] : [`DataPoints=${points}`]),
    `NumberOfChannels=${entries.length}`,
    'SamplingInterval=4000',
    extra,
    '[Channel Infos]',
    ...entries.map((entry, c) => `Ch${c + 1}=${entry}`),
    '[Comment]',
    'Ch1=not this one',
    '',
  ].join('\r\n');
}

const markers = (...entries: string[]) =>
  [
    'Brain Vision Data Exchange Marker File, Version 1.0',
    '[Common Infos]',
    'DataFile=r.eeg',
    '[Marker Infos]',
    ...entries.map((entry, m) => `Mk${m + 1}=${entry}`),
    '',
  ].join('\n');

/** Writes the three files, reads them, and gives what `samplesOf` and `problems` tell. */
async function read(
  vhdr: string | Buffer,
  data: Uint8Array | string,
  vmrk?: string,
  file = 'r.vhdr',
  chunk?: number,
) {
  writeFileSync(join(folder, 'r.vhdr'), vhdr);
  writeFileSync(join(folder, 'r.eeg'), data);
  if (vmrk !== undefined) writeFileSync(join(folder, 'r.vmrk'), vmrk);
  const recording = await openRecording(join(folder, file));
  try {
    return { recording, ...(await samplesOf(recording, { chunk })) };
  } finally {
    await recording.close();
  }
}

const raw = [
  [1, 2, 3, -4],
  [10, 20, 30, -40],
  [100, 200, 300, 400],
];
const multiplexed = [0, 1, 2, 3].flatMap((i) => raw.map((values) => values[i]));
const vectorized = raw.flat();
const expected = [
  [0.5, 1, 1.5, -2],
  [1, 2, 3, -4],
  [100, 200, 300, 400],
];

const binary = (format: string, orientation: string, more = '') =>
  `DataFormat=BINARY\r\nDataOrientation=${orientation}\r\n[Binary Infos]\r\nBinaryFormat=${format}${more}`;
const bytes = (values: Int16Array | Int32Array | Float32Array | Uint16Array) => Buffer.from(values.buffer);
const int16 = binary('INT_16', 'MULTIPLEXED');
const samples = bytes(Int16Array.from(multiplexed));

function expectAll({ streams }: Awaited<ReturnType<typeof read>>) {
  const data = streams.flatMap((stream) => stream.data);
  for (const [c, values] of expected.entries())
    for (const [i, value] of values.entries()) expect(data[c][i]).toBeCloseTo(value, 9);
  expect(streams.map(({ times }) => times)).toEqual([
    [0, 0.004, 0.008, 0.012],
    [0, 0.004, 0.008, 0.012],
  ]);
}

describe('brainvision', () => {
  it.each([
    ['INT_16', 'MULTIPLEXED', samples],
    ['INT_16', 'VECTORIZED', bytes(Int16Array.from(vectorized))],
    ['INT_32', 'MULTIPLEXED', bytes(Int32Array.from(multiplexed))],
    ['INT_32', 'VECTORIZED', bytes(Int32Array.from(vectorized))],
    ['IEEE_FLOAT_32', 'MULTIPLEXED', bytes(Float32Array.from(multiplexed))],
    ['IEEE_FLOAT_32', 'VECTORIZED', bytes(Float32Array.from(vectorized))],
  ])('reads %s, %s', async (format, orientation, data) => {
    expectAll(await read(header(binary(format, orientation)), data));
  });

  it('reads big-endian integers', async () => {
    const swapped = Buffer.from(samples).swap16();
    expectAll(await read(header(binary('INT_16', 'MULTIPLEXED', '\r\nUseBigEndianOrder=YES')), swapped));
  });

  it.each([
    [
      'MULTIPLEXED',
      'SkipLines=1\nSkipColumns=0',
      'Fp1 Cz ECG\n1,0 10 100\n2 20 200\n3 30 300\n-4 -4,0E1 400\n',
    ],
    [
      'VECTORIZED',
      'SkipLines=0\nSkipColumns=1',
      'Fp1 1,0 2 3 -4\r\nCz 10 20 30 -40\r\nECG 100 200 300 400\r\n',
    ],
  ])('reads text, %s', async (orientation, infos, text) => {
    const head = `DataFormat=ASCII\nDataOrientation=${orientation}\n[ASCII Infos]\nDecimalSymbol=,\n${infos}`;
    const all = await read(header(head), text);
    expectAll(all);
    expect(all.recording.problems).toContainEqual(expect.stringContaining('marker file'));
    expect(await read(header(head), text, undefined, 'r.vhdr', 3)).toMatchObject({ streams: all.streams });
  });

  it('masks the last value of text that was cut', async () => {
    const head = 'DataFormat=ASCII\n[ASCII Infos]\nDecimalSymbol=.';
    const { streams } = await read(header(head), '1 10 100\n2 20 20');
    expect(streams.flatMap(({ data }) => data)).toEqual([
      [0.5, 1],
      [1, 2],
      [100, Number.NaN],
    ]);
  });

  it('takes labels and units in UTF-8 or Latin-1, and microvolts where none are told', async () => {
    const entries = ['Fp1,,1,µV', 'EOG\\1links,,,', 'Müde,,2,µS'];
    for (const encoding of ['utf8', 'latin1'] as const) {
      const { recording } = await read(Buffer.from(header(int16, { entries }), encoding), samples);
      expect(recording.streams.flatMap(({ info }) => info.channels.map((c) => [c.label, c.unit]))).toEqual([
        ['Fp1', 'uV'],
        ['EOG,links', 'uV'],
        ['Müde', 'µS'],
      ]);
    }
  });

  it('gives markers in order, and places segments by their dates', async () => {
    const vmrk = markers(
      'New Segment,,1,1,0,20200102030405500000',
      'Stimulus,S  1,2,1,0',
      'Comment,one\\1 two,4,1,0',
      'New Segment,,3,1,0,20200102030406000000',
      'Response,,9,1,0',
      'Broken',
    );
    const { recording, streams, markers: found } = await read(header(int16), samples, vmrk);
    expect(recording.zero_unix_s).toBe(Date.UTC(2020, 0, 2, 3, 4, 5, 500) / 1000);
    expect(found.map(({ time, value }) => [time, value])).toEqual([
      [0, 'New Segment'],
      [0.004, 'Stimulus/S  1'],
      [0.5, 'New Segment'],
      [0.504, 'Comment/one, two'],
    ]);
    expect(streams[0].times).toEqual([0, 0.004, 0.5, 0.504]);
    expect(streams[0].gaps).toEqual([2]);
    expect(recording.streams[0].gaps).toEqual([{ from: 0.004, to: 0.5 }]);
    expect(recording.problems).toHaveLength(2);
  });

  it.each(['r.eeg', 'r.vmrk'])('finds the header of %s', async (file) => {
    const { recording } = await read(header(int16), samples, markers('Stimulus,S1,1,1,0'), file);
    expect(recording.stem).toBe('r');
    expect(recording.streams.at(-1)).toMatchObject({ samples: 1 });
  });

  it('names what is missing', async () => {
    await expect(read(header(int16), '')).rejects.toThrow(/recording-missing|no readable sample|empty/);
    rmSync(join(folder, 'r.eeg'));
    await expect(openRecording(join(folder, 'r.vhdr'))).rejects.toThrow(/data file r\.eeg isn't there/);
    writeFileSync(join(folder, 'lone.vmrk'), markers());
    rmSync(join(folder, 'r.vhdr'));
    await expect(openRecording(join(folder, 'lone.vmrk'))).rejects.toThrow(/no header/);
  });

  it('masks what a cut vectorized file lacks, and drops the cut sample of a multiplexed one', async () => {
    const vector = await read(
      header(binary('INT_16', 'VECTORIZED'), { points: 4 }),
      bytes(Int16Array.from(vectorized)).subarray(0, 13),
    );
    expect(vector.streams.flatMap(({ data }) => data)[1]).toEqual([1, 2, Number.NaN, Number.NaN]);
    expect(vector.recording.problems).toContainEqual(expect.stringContaining('it was cut'));
    const multiplex = await read(header(int16), samples.subarray(0, 23));
    expect(multiplex.streams[0].times).toHaveLength(3);
    expect(multiplex.recording.problems).toContainEqual(expect.stringContaining('last sample was cut'));
  });

  it('gives the same samples whatever the chunks', async () => {
    for (const orientation of ['MULTIPLEXED', 'VECTORIZED']) {
      const values = Int16Array.from({ length: 300 }, (_, i) => i);
      const vmrk = markers('New Segment,,1,1,0', 'New Segment,,41,1,0');
      const natural = await read(header(binary('INT_16', orientation)), bytes(values), vmrk);
      for (const chunk of [1, 7, 4096]) {
        const other = await read(header(binary('INT_16', orientation)), bytes(values), vmrk, 'r.vhdr', chunk);
        expect(other.streams).toEqual(natural.streams);
      }
    }
  });

  it('throws nothing but InputError on damaged headers', async () => {
    const sound = Buffer.from(header(int16));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(sound.length - 1),
        fc.uint8Array({ minLength: 1, maxLength: 30 }),
        async (at, noise) => {
          const damaged = Buffer.from(sound);
          damaged.set(noise.subarray(0, damaged.length - at), at);
          try {
            await read(damaged, samples, markers('Stimulus,S1,1,1,0'));
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

const real = '../shared/recordings/mne-io/io/brainvision/tests/data';
interface Facts {
  sfreq: number;
  samples: number;
  channels: number;
  at: number[];
  values: Record<string, number[]>;
  events: [number, string][];
}
const reference = JSON.parse(readFileSync('fixtures/recordings/mne.json', 'utf8')).brainvision as Record<
  string,
  Facts
>;

describe.skipIf(!existsSync(real))('real BrainVision files', () => {
  it.each(Object.entries(reference))('%s: as MNE reads it', async (name, facts) => {
    const recording = await openRecording(`${real}/${name}`);
    const { streams, markers: found } = await readRecording(recording);
    const sampled = recording.streams.filter(({ info }) => info.type !== 'Markers');
    expect(sampled.map(({ info, samples: count }) => [info.sfreq, count])).toEqual(
      sampled.map(() => [facts.sfreq, facts.samples]),
    );
    expect(sampled.flatMap(({ info }) => info.channels)).toHaveLength(facts.channels);
    for (const [label, values] of Object.entries(facts.values)) {
      const { info } = sampled.find((s) =>
        s.info.channels.some((c) => c.label.toLowerCase() === label.toLowerCase()),
      )!;
      const c = info.channels.findIndex((channel) => channel.label.toLowerCase() === label.toLowerCase());
      const scale = info.channels[c].unit === 'uV' ? 1e6 : 1;
      for (const [i, at] of facts.at.entries())
        expect(streams.get(info.id)!.data[c][at]).toBeCloseTo(scale * values[i], 6);
    }
    const mneValue = (value: string) => (value.includes('/') ? value : `${value}/`);
    expect(found.map(({ time, value }) => [Number(time.toFixed(6)), mneValue(value)])).toEqual(facts.events);
    await recording.close();
  });

  it.each([
    [
      'test.vhdr',
      ["stream 'test' (EEG): can't convert BS, µS; masked: CP5, CP6", expect.stringContaining('(HR)')],
    ],
    ['testv2.vhdr', [expect.stringContaining('3 markers'), expect.stringContaining('(HR)')]],
  ])('%s: says what is wrong with it', async (name, problems) => {
    expect((await inspected(`${real}/${name}`)).problems).toEqual(problems);
  });
});
