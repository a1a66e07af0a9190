import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { joinRecordings } from '../../../src/io/recordings/join.js';
import { openRecording } from '../../../src/io/recordings/open.js';
import type { Recording } from '../../../src/io/recordings/recording.js';
import { readRecording, samplesOf } from './read-recording.js';

const root = '../shared/recordings';
const muse = (p: string) => `muse-lsl/sub-${p}/ses-S001/eeg/sub-${p}_ses-S001_task-Default_run-001_eeg.xdf`;

/** Type, nominal rate, channels and samples of each stream, as a reader in Python that shares nothing with ours counts them. */
const expected: Record<string, readonly (readonly [string, number, number, number])[]> = {
  [muse('P001')]: [
    ['ACC', 52, 3, 573],
    ['GYRO', 52, 3, 573],
    ['PPG', 64, 3, 0],
    ['EEG', 256, 4, 2820],
    ['Other', 256, 1, 2820],
  ],
  [muse('P003')]: [
    ['GYRO', 52, 3, 0],
    ['ACC', 52, 3, 0],
    ['EEG', 256, 4, 2688],
    ['Other', 256, 1, 2688],
    ['PPG', 64, 3, 0],
  ],
  [muse('P032')]: [
    ['PPG', 64, 3, 546],
    ['ACC', 52, 3, 444],
    ['GYRO', 52, 3, 441],
    ['EEG', 256, 4, 2184],
    ['Other', 256, 1, 2184],
  ],
  'openbci-emg/justMarkers.xdf': [['Markers', 0, 1, 81]],
  'openbci-emg/markersPlusEKG.xdf': [
    ['Markers', 0, 1, 29],
    ['EEG', 250, 8, 5620],
  ],
  'openbci-emg/three-gestures-short.xdf': [
    ['Markers', 0, 1, 48],
    ['EEG', 250, 8, 23390],
  ],
  'openbci-emg/three-gestures.xdf': [
    ['Markers', 0, 1, 208],
    ['EEG', 250, 8, 73570],
  ],
  'xdf-example-files/clock_resets.xdf': [
    ['Markers', 0, 1, 175],
    ['EEG', 100, 8, 27815],
  ],
  'xdf-example-files/minimal.xdf': [
    ['EEG', 10, 3, 9],
    ['Markers', 10, 1, 9],
  ],
  'xdf-example-files/empty_streams.xdf': [
    ['Other', 1, 1, 0],
    ['Other', 1, 1, 10],
    ['Markers', 0, 1, 1],
    ['Markers', 0, 1, 0],
  ],
  'eegmat/Subject00_1.edf': [
    ['EEG', 500, 19, 91000],
    ['Other', 500, 1, 91000],
    ['ECG', 500, 1, 91000],
    ['Markers', 0, 1, 1],
  ],
  'eegmat/Subject03_2.edf': [
    ['EEG', 500, 19, 31000],
    ['Other', 500, 1, 31000],
    ['ECG', 500, 1, 31000],
  ],
  'mne-io/io/edf/tests/data/duplicate_channel_labels.edf': [['EEG', 250, 3, 2500]],
  'mne-io/io/edf/tests/data/test_uneven_samp.edf': [
    ['Other', 100, 1, 11000],
    ['Other', 12.8, 1, 1408],
  ],
  'mne-io/io/edf/tests/data/test_stim_channel.edf': [['Other', 200, 3, 120000]],
  'stress-predict/Raw_data/S01': [
    ['ACC', 32, 3, 104310],
    ['PPG', 64, 1, 208703],
    ['EDA', 4, 1, 13032],
    ['HR', 1, 1, 3250],
    ['IBI', 0, 1, 1260],
    ['TEMP', 4, 1, 13056],
    ['Markers', 0, 1, 10],
  ],
  'stress-predict/Raw_data/S02/tags_S02.csv': [['Markers', 0, 1, 9]],
};

async function withRecording<T>(path: string, use: (recording: Recording) => Promise<T>): Promise<T> {
  const recording = await openRecording(`${root}/${path}`);
  try {
    return await use(recording);
  } finally {
    await recording.close();
  }
}

describe.skipIf(!existsSync(root))('real recordings', () => {
  it.each(Object.entries(expected))('%s', async (path, facts) => {
    await withRecording(path, async (recording) => {
      const sorted = (list: readonly (readonly unknown[])[]) => list.map((one) => one.join(' ')).sort();
      expect(recording.problems).toEqual([]);
      expect(
        sorted(
          recording.streams.map(({ info, samples }) => [
            info.type,
            info.sfreq,
            info.channels.length,
            samples,
          ]),
        ),
      ).toEqual(sorted(facts));
      const { streams, markers, order } = await readRecording(recording);
      expect(order).toEqual([...order].sort((a, b) => a - b));
      for (const { info, samples, first, last } of recording.streams) {
        const { times } = streams.get(info.id)!;
        if (info.type === 'Markers') {
          expect(markers.filter((marker) => marker.stream === info.id)).toHaveLength(samples);
          continue;
        }
        expect(times).toHaveLength(samples);
        expect([times.at(0) ?? null, times.at(-1) ?? null]).toEqual([first, last]);
        expect(times.every((time, i) => i === 0 || time >= times[i - 1])).toBe(true);
      }
    });
  });

  it('eegmat: values as numpy reads them, labels as the rule says', async () => {
    await withRecording('eegmat/Subject00_1.edf', async (recording) => {
      const { streams } = await readRecording(recording);
      const eeg = recording.streams.find((stream) => stream.info.type === 'EEG')!.info;
      const labels = eeg.channels.map((channel) => channel.label);
      expect(labels.join(' ')).toBe('Fp1 Fp2 F3 F4 F7 F8 T3 T4 C3 C4 T5 T6 P3 P4 O1 O2 Fz Cz Pz');
      const data = streams.get(eeg.id)!.data;
      expect(data[0][0]).toBeCloseTo(-3.6479376281376403, 10);
      expect(data[0][45678]).toBeCloseTo(6.890031284046692, 10);
      expect(data[labels.indexOf('Pz')][90999]).toBeCloseTo(0.0002823813229611005, 10);
      expect(streams.get('Subject00_1/ecg')!.data[0][12345]).toBeCloseTo(-0.04233914390783547, 10);
      expect(streams.get('Subject00_1/other')!.data[0][500]).toBeCloseTo(1.5054069178301663, 10);
    });
  });

  it.each([
    // First and last stamp and effective rate as libxdf 0.99.8 gives them, on the recorder's clock: one fit over the whole stream.
    // Ours are as they were sent, on the sender's clock.
    [muse('P032'), 'EEG', 703047.087332, 703055.615329, 0, 255.980375],
    ['openbci-emg/markersPlusEKG.xdf', 'EEG', 40210.169545, 40232.617016, -24329.604, 250.317724],
    ['openbci-emg/three-gestures.xdf', 'EEG', 5777.073049, 6071.155981, -1476.8757, 250.164128],
  ])('%s: stamps near those of libxdf', async (path, type, first, last, offset, rate) => {
    await withRecording(path, async ({ streams }) => {
      const stream = streams.find(({ info }) => info.type === type)!;
      expect(Math.abs(stream.first! + offset - first)).toBeLessThan(0.005);
      expect(Math.abs(stream.last! + offset - last)).toBeLessThan(0.015);
      expect(Math.abs(stream.measured_sfreq! / rate - 1)).toBeLessThan(1e-3);
    });
  });

  it("clock_resets.xdf: one reset in each stream, mapped by the new clock's offsets", async () => {
    await withRecording('xdf-example-files/clock_resets.xdf', async (recording) => {
      const eeg = recording.streams.find(({ info }) => info.type === 'EEG')!;
      expect(eeg.clock_resets).toHaveLength(1);
      // Raw 653288.510, and 100.616 + 1121.166 on the recorder's clock, which was 652340.285 behind the sender's first.
      const pause = eeg.gaps.find(({ from, to }) => to - from > 10)!;
      expect(pause.from).toBeCloseTo(653288.51, 2);
      expect(pause.to).toBeCloseTo(1221.782 + 652340.285, 2);
      expect(eeg.clock_resets[0]).toBe(pause.to);
      expect(eeg.measured_sfreq).toBeCloseTo(92.9, 1);
      const { events } = await readRecording(recording);
      expect(events.flatMap(({ code, details }) => (code === 'rate-differs' ? [details] : []))).toEqual([
        expect.objectContaining({ declared_hz: 100, used_hz: 93.5 }),
      ]);
    });
  });

  it.each([muse('P032'), 'openbci-emg/three-gestures-short.xdf', 'eegmat/Subject00_2.edf'])(
    '%s: the same samples whatever the chunks',
    async (path) => {
      await withRecording(path, async (recording) => {
        const natural = await samplesOf(recording);
        for (const chunk of [1, 7, 4096]) expect(await samplesOf(recording, { chunk })).toEqual(natural);
      });
    },
  );

  it('eegmat hides its starts, so that its files join only when told to', async () => {
    const open = (path: string) => openRecording(`${root}/${path}`);
    const both = [await open('eegmat/Subject00_1.edf'), await open('stress-predict/Raw_data/S02')];
    expect(() => joinRecordings(both, { alignStart: false })).toThrow(/Subject00_1\.edf: .*--align start/);
    const joined = joinRecordings(both, { alignStart: true });
    expect(joined.streams).toHaveLength(both[0].streams.length + both[1].streams.length);
    expect(
      joined.streams.map((stream) => stream.first).filter((first) => first === 0).length,
    ).toBeGreaterThan(5);
    await joined.close();
  });
});
