import { expect, it } from 'vitest';
import { amplitudeAt, framesOf, himoeProblems, type Sensor, shapesOf } from './sensor-session.js';

const epoc = 'AF3 F7 F3 FC5 T7 P7 O1 O2 P8 T8 FC6 F4 F8 AF4'.split(' ');
const dreamer: readonly Sensor[] = [
  { type: 'EEG', labels: epoc, unit: 'uV', sfreq: 128 },
  {
    type: 'ECG',
    labels: ['ECG1', 'ECG2'],
    unit: 'mV',
    sfreq: 256,
    value: (_, t) =>
      Math.sin(20 * Math.PI * t) + Math.sin(200 * Math.PI * t) + 5 * Math.sin(0.02 * Math.PI * t),
  },
];

it('pipelines/himoe-dreamer.yaml gives 14 EEG channels and two ECG leads at 128 Hz, 4 s every 2 s', async () => {
  const { inputs, at } = await framesOf('himoe-dreamer', dreamer, dreamer, 20);
  expect(shapesOf(inputs)).toEqual({ eeg: [14, 128, 512], ecg: [2, 128, 512] });
  expect(himoeProblems(inputs)).toEqual([]);
  // The ECG's high-pass settles for 2 s, the EEG's for a quarter of one.
  expect([...at.keys()][0]).toBe(6);
  expect(at.get(6)!.map(({ present }) => present)).toEqual([true, true]);
  const [eeg, ecg] = at.get(20)!;
  expect([...eeg.mask, ...ecg.mask]).toEqual(Array(16).fill(1));
  expect(amplitudeAt(ecg.values.subarray(0, 512), 128, 10)).toBeCloseTo(1, 1);
  expect(amplitudeAt(ecg.values.subarray(0, 512), 128, 28)).toBeLessThan(0.01);
  const mean = ecg.values.subarray(0, 512).reduce((sum, v) => sum + v, 0) / 512;
  expect(Math.abs(mean)).toBeLessThan(0.05);
});

it('pipelines/himoe-dreamer.yaml goes on with either sensor alone', async () => {
  for (const [kept, present] of [
    [0, [true, false]],
    [1, [false, true]],
  ] as const) {
    const { at } = await framesOf('himoe-dreamer', dreamer, [dreamer[kept]], 10);
    expect(at.get(10)!.map((modality) => modality.present)).toEqual(present);
  }
});
