import { expect, it } from 'vitest';
import { amplitudeAt, framesOf, himoeProblems, type Sensor, shapesOf } from './sensor-session.js';

const epoc = 'AF3 F7 F3 FC5 T7 P7 O1 O2 P8 T8 FC6 F4 F8 AF4'.split(' ');
const sines = (_: number, t: number) =>
  Math.sin(20 * Math.PI * t) + Math.sin(76 * Math.PI * t) + Math.sin(0.2 * Math.PI * t);
const amigos: readonly Sensor[] = [
  { type: 'EEG', labels: epoc, unit: 'uV', sfreq: 128 },
  { type: 'ECG', labels: ['right', 'left'], unit: 'mV', sfreq: 128, value: sines },
  { type: 'EDA', labels: ['GSR'], unit: 'uS', sfreq: 128, value: (_, t) => 3 + 0.01 * t },
];

it('pipelines/himoe-amigos.yaml gives 14 EEG channels, two ECG leads and skin conductance at 64 Hz, 4 s every 2 s', async () => {
  const { inputs, at } = await framesOf('himoe-amigos', amigos, amigos, 16);
  expect(shapesOf(inputs)).toEqual({ eeg: [14, 64, 256], ecg: [2, 64, 256], gsr: [1, 64, 256] });
  expect(himoeProblems(inputs)).toEqual([]);
  const [eeg, ecg, gsr] = at.get(16)!;
  expect([...eeg.mask, ...ecg.mask, ...gsr.mask]).toEqual(Array(17).fill(1));
  const lead = ecg.values.subarray(0, 256);
  expect(amplitudeAt(lead, 64, 10)).toBeCloseTo(1, 1);
  // 38 Hz would come back as 26 Hz if nothing took it out before the rate is halved.
  expect(amplitudeAt(lead, 64, 26)).toBeLessThan(0.02);
  // Conductance keeps its level.
  const level = gsr.values.reduce((sum, v) => sum + v, 0) / gsr.values.length;
  expect(level).toBeCloseTo(3.14, 1);
  const average = eeg.values.subarray(0, 256).map((_, i) => {
    let sum = 0;
    for (let c = 0; c < 14; c++) sum += eeg.values[c * 256 + i];
    return Math.abs(sum) / 14;
  });
  expect(Math.max(...average)).toBeLessThan(1e-4);
});

it('pipelines/himoe-amigos.yaml masks a lead that is lost, and a gap', async () => {
  const torn = amigos.map((sensor): Sensor => {
    if (sensor.type !== 'ECG') return sensor;
    return { ...sensor, value: (c, t) => (c === 0 && t > 9 ? Number.NaN : sines(c, t)) };
  });
  const { at } = await framesOf('himoe-amigos', amigos, torn, 14);
  expect([...at.get(8)![1].mask]).toEqual([1, 1]);
  expect([...at.get(14)![1].mask]).toEqual([0, 1]);
});
