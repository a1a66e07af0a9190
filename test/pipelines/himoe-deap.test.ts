import { describe, expect, it } from 'vitest';
import {
  amplitudeAt,
  framesOf,
  himoeProblems,
  type Sensor,
  sensorSession,
  shapesOf,
} from './sensor-session.js';

const electrodes =
  'Fp1 AF3 F3 F7 FC5 FC1 C3 T7 CP5 CP1 P3 P7 PO3 O1 Oz Pz Fp2 AF4 Fz F4 F8 FC6 FC2 Cz C4 T8 CP6 CP2 P4 P8 PO4 O2';
/** 1, 40 and, in the EEG, 10 Hz; each sensor its own size. */
const mixed = (size: number) => (c: number, t: number) =>
  size *
  (1 + c / 10) *
  (Math.sin(2 * Math.PI * t) + Math.sin(20 * Math.PI * t + c) + Math.sin(80 * Math.PI * t));
const deap: readonly Sensor[] = [
  { type: 'EEG', labels: electrodes.split(' '), unit: 'uV', sfreq: 128, value: mixed(10) },
  { type: 'EOG', labels: ['hEOG', 'vEOG'], unit: 'uV', sfreq: 128, value: mixed(50) },
  { type: 'EMG', labels: ['zEMG', 'tEMG'], unit: 'uV', sfreq: 128, value: mixed(20) },
  { type: 'EDA', labels: ['GSR'], unit: 'uS', sfreq: 128, value: (_, t) => 5 + Math.sin(t) },
  { type: 'RESP', labels: ['Resp'], unit: '', sfreq: 128, value: mixed(3) },
  { type: 'PPG', labels: ['Plet'], unit: '', sfreq: 128, value: mixed(4) },
  { type: 'TEMP', labels: ['Temp'], unit: 'degC', sfreq: 128, value: (_, t) => 33 + t / 100 },
];
const names = ['eeg', 'eog', 'emg', 'gsr', 'rsp', 'bvp', 'temp'];

describe('pipelines/himoe-deap.yaml', () => {
  it('gives EEGNet and convolutions raw windows of 4 s at 128 Hz, every 2 s', async () => {
    const { inputs, at } = await framesOf('himoe-deap', deap, deap, 22);
    expect(shapesOf(inputs)).toEqual({
      eeg: [32, 128, 512],
      eog: [2, 128, 512],
      emg: [2, 128, 512],
      gsr: [1, 128, 512],
      rsp: [1, 128, 512],
      bvp: [1, 128, 512],
      temp: [1, 128, 512],
    });
    expect(himoeProblems(inputs)).toEqual([]);
    expect([...at.keys()]).toEqual([4, 6, 8, 10, 12, 14, 16, 18, 20, 22]);
    for (const [i, { values, mask }] of at.get(22)!.entries()) {
      expect([...mask], names[i]).toEqual(Array(mask.length).fill(1));
      expect(values).toHaveLength(mask.length * 512);
      expect(values.every((v) => Number.isFinite(v))).toBe(true);
    }
  });

  it('masks each sensor until its filter has settled', async () => {
    const { at } = await framesOf('himoe-deap', deap, deap, 22);
    const since = names.map((_, i) => [...at].find(([, frame]) => frame[i].present)![0]);
    // 4 s of window after 1 / low_hz: 0.25, 4, 0.05, 0, 10, 2 and 0 s.
    expect(since).toEqual([6, 8, 6, 4, 14, 6, 4]);
  });

  it('keeps of each signal its own band', async () => {
    const { at } = await framesOf('himoe-deap', deap, deap, 22);
    const frame = at.get(22)!;
    const of = (name: string, hz: number, channel = 0) =>
      amplitudeAt(frame[names.indexOf(name)].values.subarray(512 * channel, 512 * (channel + 1)), 128, hz);
    expect(of('eeg', 10)).toBeGreaterThan(5);
    expect(of('eeg', 1)).toBeLessThan(0.1);
    expect(of('emg', 40)).toBeGreaterThan(0.95 * 20);
    expect(of('emg', 1)).toBeLessThan(0.01);
    expect(of('eog', 1)).toBeGreaterThan(0.95 * 50);
    expect(of('eog', 40)).toBeLessThan(0.1);
    expect(of('bvp', 1)).toBeGreaterThan(0.9 * 4);
    expect(of('bvp', 10)).toBeLessThan(2.5);
    expect(of('rsp', 1)).toBeGreaterThan(0.9 * 3);
    expect(of('rsp', 10)).toBeLessThan(0.4);
    const gsr = frame[names.indexOf('gsr')].values;
    expect(gsr.reduce((sum, v) => sum + v, 0) / gsr.length).toBeGreaterThan(4);
  });

  it('mends lost electrodes, masks more than a fifth of them, and what is not worn', async () => {
    const lost = (count: number): Sensor[] => {
      const value = (c: number, t: number) => (c < count ? Number.NaN : mixed(10)(c, t));
      return [{ ...deap[0], value }, ...deap.slice(1, 3)];
    };
    const whole = (await framesOf('himoe-deap', deap, deap, 10)).at.get(10)!;
    const mended = (await framesOf('himoe-deap', deap, lost(4), 10)).at.get(10)!;
    expect(mended.map(({ present }) => present)).toEqual([true, true, true, false, false, false, false]);
    expect([...mended[0].mask]).toEqual(Array(32).fill(1));
    expect(mended[1]).toEqual(whole[1]);
    const torn = (await framesOf('himoe-deap', deap, lost(8), 10)).at.get(10)!;
    expect([...torn[0].mask]).toEqual([...Array(8).fill(0), ...Array(24).fill(1)]);
    expect(torn[0].values.subarray(0, 8 * 512).every((v) => v === 0)).toBe(true);
  });

  it('takes devices of other rates', async () => {
    const wrist = deap.map((sensor) => (sensor.type === 'PPG' ? { ...sensor, sfreq: 64 } : sensor));
    const { at } = await framesOf('himoe-deap', deap, wrist, 10);
    expect(at.get(10)![names.indexOf('bvp')].present).toBe(true);
    expect([...sensorSession(wrist, 1)].length).toBeGreaterThan(0);
  });
});
