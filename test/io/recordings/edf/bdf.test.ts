import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openRecording } from '../../../../src/io/recordings/open.js';
import type { Recording } from '../../../../src/io/recordings/recording.js';
import { bdfAnnotations, edfBytes } from '../edf-bytes.js';
import { expectMaskedPrefixes, expectOnlyInputErrors, openedText } from '../opened-text.js';
import { readRecording, samplesOf } from '../read-recording.js';

const opened = <T>(bytes: Uint8Array, use: (recording: Recording) => Promise<T>) =>
  openedText('r.bdf', bytes, use);

const biosemi = { physical: [-262144, 262143], digital: [-8388608, 8388607] } as const;
/** Bits 16 to 23 are the amplifier's state: they change without a trigger. */
const status = (...codes: number[]) => ({ label: 'Status', unit: 'Boolean', records: [codes] });

describe('bdf', () => {
  it('reads 24 bits with their sign', async () => {
    const bytes = edfBytes({
      format: 'BDF',
      signals: [
        { label: 'A1', ...biosemi, records: [[0, 1, -1, 8388607, -8388608, 123456]] },
        { label: 'Plet', unit: 'uV', ...biosemi, records: [[5, 4, 3, 2, 1, 0]] },
      ],
    });
    await opened(bytes, async (recording) => {
      expect(recording.format).toBe('BDF');
      const [eeg, ppg] = [...(await readRecording(recording)).streams.values()];
      expect(recording.streams.map(({ info }) => info.type)).toEqual(['EEG', 'PPG']);
      // 1/32 uV a bit, less the half millionth by which BioSemi's range isn't symmetric.
      const expected = [0, 1, -1, 8388607, -8388608, 123456].map(
        (v) => -262144 + ((v + 8388608) * 524287) / 16777215,
      );
      for (const [i, value] of expected.entries()) expect(eeg.data[0][i]).toBeCloseTo(value, 6);
      expect(ppg.data[0]).toHaveLength(6);
    });
  });

  it('gives the changes of the trigger inputs as markers, without the state bits above them', async () => {
    const bytes = edfBytes({
      format: 'BDF',
      signals: [
        { label: 'A1', ...biosemi, records: [[1, 2, 3, 4, 5, 6, 7, 8]] },
        status(0x1000ff - 0x800000, 0x0000ff, 0, 7, 7, 0x100007, 513, 0),
      ],
    });
    await opened(bytes, async (recording) => {
      expect(recording.streams.map(({ info, samples }) => [info.type, samples])).toEqual([
        ['EEG', 8],
        ['Markers', 2],
      ]);
      const { markers } = await readRecording(recording);
      expect(markers.map(({ time, value }) => [time, value])).toEqual([
        [0.375, '7'],
        [0.75, '513'],
      ]);
    });
  });

  const sound = edfBytes({
    format: 'BDF',
    reserved: 'BDF+D',
    signals: [
      {
        label: 'Fp1',
        ...biosemi,
        records: [
          [1, 2, 3, 4],
          [5, 6, 7, 8],
          [9, 10, 11, 12],
        ],
      },
      {
        label: 'Status',
        records: [
          [0, 0, 9, 9],
          [9, 0, 0, 3],
          [3, 3, 3, 3],
        ],
      },
      bdfAnnotations('+0||\0+0.5|a|\0', '+1||', '+3||\0+3.25|b|\0'),
    ],
  });

  it('reads BDF+: gaps and annotations beside the status', async () => {
    await opened(sound, async (recording) => {
      expect(recording.streams[0].gaps).toEqual([{ from: 1.75, to: 3 }]);
      const { markers } = await readRecording(recording);
      expect(markers.map(({ stream, time, value }) => [stream, time, value])).toEqual([
        ['r/markers', 0.5, 'a'],
        ['r/status', 0.5, '9'],
        ['r/status', 1.75, '3'],
        ['r/markers', 3.25, 'b'],
      ]);
    });
  });

  it('gives the same samples whatever the chunks', async () => {
    await opened(sound, async (recording) => {
      const natural = await samplesOf(recording);
      for (const chunk of [1, 3, 4096]) expect(await samplesOf(recording, { chunk })).toEqual(natural);
    });
  });

  it('reads a prefix of a file that was cut at any byte', () => expectMaskedPrefixes('r.bdf', sound, 3));

  it('throws nothing but InputError on damaged bytes', () =>
    expectOnlyInputErrors('r.bdf', sound, { runs: 100, ordered: false }));
});

const root = '../shared/recordings/mne-io/io/edf/tests/data';
const reference = JSON.parse(readFileSync('fixtures/recordings/mne.json', 'utf8')).bdf as Record<
  string,
  {
    sfreq: number;
    samples: number;
    at: number[];
    values: Record<string, number[]>;
    events: [number, number][];
  }
>;

describe.skipIf(!existsSync(root))('real BDF files', () => {
  it.each(Object.entries(reference))('%s: as MNE reads it', async (name, facts) => {
    const recording = await openRecording(`${root}/${name}`);
    const { streams, markers } = await readRecording(recording);
    expect(recording.problems).toEqual([]);
    const eeg = recording.streams[0];
    expect([eeg.info.type, eeg.info.sfreq, eeg.samples]).toEqual(['EEG', facts.sfreq, facts.samples]);
    for (const [label, values] of Object.entries(facts.values)) {
      const { info } = recording.streams.find((s) => s.info.channels.some((c) => c.label === label))!;
      const data = streams.get(info.id)!.data[info.channels.findIndex((c) => c.label === label)];
      for (const [i, at] of facts.at.entries()) expect(data[at]).toBeCloseTo(1e6 * values[i], 6);
    }
    expect(markers.map(({ time, value }) => [Math.round(time * facts.sfreq), Number(value)])).toEqual(
      facts.events,
    );
    await recording.close();
  });
});
