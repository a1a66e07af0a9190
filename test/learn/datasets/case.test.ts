import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureCopy } from './fixture-copy.js';
import { openDataset, signalsOf, streamsOf } from './read-dataset.js';

const people = ['sub_1'];
const interpolated = join('data', 'interpolated');

describe('CASE', () => {
  it('gives a session with its videos in the order in which they were seen', async () => {
    const dataset = await openDataset('case', { path: fixtureCopy('case'), people });
    expect(dataset).toMatchObject({ dimensions: ['valence', 'arousal'], classes: null });
    const [session, ...others] = await signalsOf(dataset, 'sub_1');
    expect(others).toEqual([]);
    expect(session.trials).toEqual([
      { trial: '1', stimulus: 'scary-1', position: 0, label: null, start: 1, end: 2 },
      { trial: '2', stimulus: 'amusing-1', position: 1, label: null, start: 3, end: 4 },
    ]);
  });

  it('gives signals at 1000 Hz in the units of the converted files', async () => {
    const dataset = await openDataset('case', { path: fixtureCopy('case'), people });
    const [session] = await signalsOf(dataset, 'sub_1');
    const streams = streamsOf(session);
    const one = (type: string) => {
      const { info, channels, times } = streams.get(type)!;
      expect(times).toHaveLength(5000);
      return [info.channels.map(({ unit }) => unit).join(), channels.map((channel) => channel[3])];
    };
    expect(one('ECG')).toEqual(['mV', [3.5]]);
    expect(one('PPG')).toEqual(['%', [36]]);
    expect(one('EDA')).toEqual(['uS', [20]]);
    expect(one('RESP')).toEqual(['%', [30]]);
    expect(one('TEMP')).toEqual(['degC', [30.5]]);
    expect(one('EMG')).toEqual(['uV,uV,uV', [5, 6, 7]]);
    expect(streams.get('ECG')!.info.sfreq).toBe(1000);
    expect(streams.get('ECG')!.times[1234]).toBe(1.234);
  });

  it('gives the joystick as an annotation on -1..1', async () => {
    const dataset = await openDataset('case', { path: fixtureCopy('case'), people });
    const [session] = await signalsOf(dataset, 'sub_1');
    const { info, channels, times } = streamsOf(session).get('Annotation')!;
    expect(info.channels.map(({ label }) => label)).toEqual(['valence', 'arousal']);
    expect(times[20]).toBe(1);
    expect([channels[0][0], channels[0][99]]).toEqual([1, 0]);
    expect(channels[1][0]).toBe(-1);
    expect(channels[1][90]).toBeCloseTo(0, 12);
  });

  it('converts volts where it is told that there are some', async () => {
    const dataset = await openDataset('case', { path: fixtureCopy('case'), people, units: 'volts' });
    const [session] = await signalsOf(dataset, 'sub_1');
    const first = (type: string) => streamsOf(session).get(type)!.channels[0][0];
    // The authors' formulas: ECG (V - 2.8) / 50 * 1000, EMG (V - 2) / 4000 * 1e6.
    expect(first('ECG')).toBeCloseTo(((0.5 - 2.8) / 50) * 1000, 9);
    expect(first('EMG')).toBeCloseTo(((5 - 2) / 4000) * 1e6, 9);
    expect(first('EDA')).toBeCloseTo(24 * 20 - 49.2, 9);
    expect(first('TEMP')).toBeCloseTo(21.341 * 30.5 - 32.085, 9);
  });

  it('names what is missing, cut or another’s', async () => {
    const path = fixtureCopy('case');
    await expect(openDataset('case', { path })).rejects.toMatchObject({
      code: 'dataset-missing',
      message: expect.stringContaining('sub_2.csv (nor for 28 others)'),
    });
    const file = join(path, interpolated, 'physiological', 'sub_1.csv');
    const dataset = await openDataset('case', { path, people });
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.slice(0, text.lastIndexOf(',5,')));
    await expect(signalsOf(dataset, 'sub_1')).rejects.toThrow(
      `${file}: line 5001 was cut; get the file again`,
    );
    writeFileSync(file, text.replace('\n2000,', '\n,'));
    await expect(signalsOf(dataset, 'sub_1')).rejects.toThrow("after 1.999 s its time doesn't go on");
    writeFileSync(file, text.replace('gsr', 'eda'));
    const [session] = await signalsOf(dataset, 'sub_1');
    expect(() => streamsOf(session)).toThrow(
      `${file}: has no column 'gsr' (there are: daqtime, ecg, bvp, eda,`,
    );
    rmSync(join(path, interpolated, 'annotations'), { recursive: true });
    await expect(openDataset('case', { path, people })).rejects.toMatchObject({ code: 'dataset-missing' });
  });
});
