import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureCopy, fixtures, recordings } from './fixture-copy.js';
import { openDataset, signalsOf, streamsOf } from './read-dataset.js';

const path = join(fixtures, 'stress-predict');
const labels = join('Processed_data', 'Improved_All_Combined_hr_rsp_binary.csv');
const tasks = [
  'baseline',
  'stroop',
  'rest-after-stroop',
  'interview',
  'rest-after-interview',
  'hyperventilation',
  'rest-after-hyperventilation',
];

describe('Stress-Predict', () => {
  it('gives a session whose trials are the labels’ blocks', async () => {
    const dataset = await openDataset('stress-predict', { path });
    expect(dataset).toMatchObject({
      people: ['S02'],
      classes: ['baseline', 'stress'],
      notes: ['S01 has no labels and is left out'],
    });
    const [session, ...others] = await signalsOf(dataset, 'S02');
    expect(others).toEqual([]);
    expect(session.trials.map(({ stimulus }) => stimulus)).toEqual(tasks);
    expect(session.trials.map(({ label }) => label!.class)).toEqual([0, 1, 0, 1, 0, 1, 0]);
    expect(session.trials[1]).toEqual({
      trial: 'stroop',
      stimulus: 'stroop',
      position: 1,
      label: { targets: {}, class: 1 },
      start: 1644227574 + 9 + 6,
      end: 1644227574 + 9 + 11,
    });
  });

  it('gives what the wrist band recorded, on the labels’ clock', async () => {
    const dataset = await openDataset('stress-predict', { path });
    const [session] = await signalsOf(dataset, 'S02');
    const streams = streamsOf(session);
    expect([...streams.keys()].sort()).toEqual(['EDA', 'HR', 'IBI', 'Markers', 'PPG', 'TEMP']);
    expect(streams.get('PPG')!.info.sfreq).toBe(64);
    expect(streams.get('EDA')!.info.channels[0].unit).toBe('uS');
    expect(streams.get('PPG')!.times[0]).toBe(1644227574);
  });

  it('names tasks only where the blocks are the usual ones', async () => {
    const copy = fixtureCopy('stress-predict');
    const file = join(copy, labels);
    const rows = readFileSync(file, 'utf8').split('\n');
    // A second without a label starts another block.
    writeFileSync(file, rows.filter((_, i) => i !== 3).join('\n'));
    const [session] = await signalsOf(await openDataset('stress-predict', { path: copy }), 'S02');
    expect(session.trials).toHaveLength(8);
    expect(session.trials[1]).toMatchObject({ trial: '2', stimulus: null, label: { class: 0 } });
  });

  it('refuses labels of another session, as of another time zone', async () => {
    const copy = fixtureCopy('stress-predict');
    const file = join(copy, labels);
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replaceAll(/,(16442\d{5}),/g, (_, time) => `,${Number(time) + 3600},`),
    );
    const dataset = await openDataset('stress-predict', { path: copy });
    await expect(signalsOf(dataset, 'S02')).rejects.toMatchObject({
      code: 'dataset-layout',
      message: expect.stringContaining('recording and labels are not of one session'),
    });
  });

  it('says who is without labels, and what is missing', async () => {
    await expect(openDataset('stress-predict', { path, people: ['S01'] })).rejects.toThrow(
      'has no labels of S01; leave S01 out of `people`',
    );
    await expect(openDataset('stress-predict', { path, people: ['S03'] })).rejects.toMatchObject({
      code: 'dataset-missing',
      message: expect.stringContaining('S03: no such file or folder'),
    });
    const copy = fixtureCopy('stress-predict');
    writeFileSync(join(copy, labels), 'Participant,Label\n');
    await expect(openDataset('stress-predict', { path: copy })).rejects.toThrow("has no column 'Time(sec)'");
    rmSync(join(copy, labels));
    await expect(openDataset('stress-predict', { path: copy })).rejects.toMatchObject({
      code: 'dataset-missing',
    });
  });
});

const real = join(recordings, 'stress-predict');
describe.skipIf(!existsSync(real))('Stress-Predict (shared/recordings/stress-predict)', () => {
  it('has 19 people with all seven tasks', async () => {
    const dataset = await openDataset('stress-predict', { path: real });
    expect(dataset.people).toHaveLength(19);
    expect(dataset.notes).toEqual(['S01 has no labels and is left out']);
    for (const person of dataset.people)
      for await (const recording of dataset.recordings(person)) {
        if (recording.kind !== 'signals') throw new Error('not signals');
        expect(recording.trials.map(({ stimulus }) => stimulus)).toEqual(tasks);
        const stress = recording.trials.filter(({ label }) => label!.class === 1);
        const seconds = stress.reduce((sum, { start, end }) => sum + end - start, 0);
        expect(seconds).toBeGreaterThan(800);
        expect(seconds).toBeLessThan(1300);
      }
  });
});
