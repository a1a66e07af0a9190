import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { fixtureCopy, truncate } from './fixture-copy.js';
import { openDataset, signalsOf, streamsOf } from './read-dataset.js';

const people = ['s01', 's02'];
const layouts = ['data_preprocessed_python', 'data_preprocessed_matlab'];

/** A copy that has one of the two layouts. */
function copyWith(layout: string): string {
  const folder = fixtureCopy('deap');
  for (const other of layouts) if (other !== layout) rmSync(join(folder, other), { recursive: true });
  return folder;
}

describe.each(layouts)('DEAP as %s', (layout) => {
  it('gives each trial with the 3 s before it', async () => {
    const dataset = await openDataset('deap', { path: copyWith(layout), people });
    expect(dataset).toMatchObject({
      people,
      classes: null,
      dimensions: ['valence', 'arousal', 'dominance', 'liking'],
    });
    const trials = await signalsOf(dataset, 's02');
    expect(trials).toHaveLength(2);
    expect(trials[1]).toMatchObject({
      person: 's02',
      session: '1',
      trials: [
        {
          trial: '2',
          stimulus: 'video-2',
          position: 1,
          start: 3,
          end: 7,
          label: { targets: { valence: -0.5, arousal: -0.25, dominance: 1, liking: -1 }, class: null },
        },
      ],
    });
    expect(trials[0].trials[0].label!.targets).toEqual({
      valence: -1,
      arousal: 1,
      dominance: 0,
      liking: 0.5,
    });
  });

  it('gives every channel with its label, unit and samples', async () => {
    const dataset = await openDataset('deap', { path: copyWith(layout), people });
    const [, second] = await signalsOf(dataset, 's02');
    const streams = streamsOf(second);
    expect([...streams.keys()].sort()).toEqual(['EDA', 'EEG', 'EMG', 'EOG', 'PPG', 'RESP', 'TEMP']);
    const eeg = streams.get('EEG')!;
    expect(eeg.info.sfreq).toBe(128);
    expect(eeg.info.channels.map(({ label }) => label).join(' ')).toBe(
      'Fp1 AF3 F3 F7 FC5 FC1 C3 T7 CP5 CP1 P3 P7 PO3 O1 Oz Pz Fp2 AF4 Fz F4 F8 FC6 FC2 Cz C4 T8 CP6 CP2 P4 P8 PO4 O2',
    );
    expect(eeg.info.channels[0].unit).toBe('uV');
    expect(eeg.times).toHaveLength(7 * 128);
    expect(eeg.times[130]).toBe(130 / 128);
    expect(eeg.gaps).toEqual([]);
    // 1000 person + 100 trial + channel + (sample mod 8) / 8, as the fixture's writer made them.
    expect(eeg.channels[31].slice(0, 9)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 0].map((i) => 2131 + i / 8));
    expect(streams.get('EOG')!.channels.map(([first]) => first)).toEqual([2132, 2133]);
    expect(streams.get('EMG')!.info.channels.map(({ label }) => label)).toEqual(['zygomaticus', 'trapezius']);
    expect(streams.get('TEMP')!.info.channels[0].unit).toBe('degC');
    expect(streams.get('TEMP')!.channels[0][0]).toBe(2139);
  });

  it('gives conductance for resistance, and nothing where there is none', async () => {
    const dataset = await openDataset('deap', { path: copyWith(layout), people });
    const [, second] = await signalsOf(dataset, 's01');
    const { info, channels } = streamsOf(second).get('EDA')!;
    expect(info.channels[0].unit).toBe('uS');
    expect(channels[0].slice(498, 512)).toEqual([5, 5, ...new Array(10).fill(Number.NaN), 5, 5]);
  });

  it('may be gone through more than once', async () => {
    const dataset = await openDataset('deap', { path: copyWith(layout), people: ['s01'] });
    const [first] = await signalsOf(dataset, 's01');
    expect(streamsOf(first)).toEqual(streamsOf(first));
  });

  it('wants everybody, unless told whom', async () => {
    const path = copyWith(layout);
    const extension = layout.endsWith('python') ? 'dat' : 'mat';
    await expect(openDataset('deap', { path })).rejects.toMatchObject({
      code: 'dataset-missing',
      exitCode: 3,
      message: `${join(path, layout, `s03.${extension}`)} (nor for 29 others): no such file or folder; get the whole data set, or list in \`people\` whom you have (s01, s02)`,
    });
  });

  it('names a file that was cut', async () => {
    const path = copyWith(layout);
    const file = join(path, layout, layout.endsWith('python') ? 's02.dat' : 's02.mat');
    truncate(file);
    const dataset = await openDataset('deap', { path, people });
    expect(await signalsOf(dataset, 's01')).toHaveLength(2);
    await expect(signalsOf(dataset, 's02')).rejects.toMatchObject({
      code: 'dataset-damaged',
      message: expect.stringMatching(new RegExp(`^${file}: .*cut short; get the file again$`)),
    });
  });
});

describe('DEAP', () => {
  it("has the action units of its face videos beside the signals, by the trial's place in the order of showing", async () => {
    const path = fixtureCopy('deap');
    const ratings = join('metadata_csv', 'participant_ratings.csv');
    const dataset = await openDataset('deap', { path: '.', people, ratings, face: 'face' }, path);
    const [first, second] = await signalsOf(dataset, 's01');
    const face = streamsOf(first).get('Face')!;
    expect(face.info.channels.filter(({ type }) => type === 'intensity')).toHaveLength(17);
    expect(face.times.slice(0, 2)).toEqual([3, 3.1]);
    // Video 1 was shown second: trial + unit / 100 + (frame mod 8) / 8, as the fixture's writer made them.
    const au01 = face.info.channels.findIndex(({ label }) => label.startsWith('AU01'));
    expect(face.channels[au01].slice(0, 3)).toEqual([2, 2.125, 2.25]);
    expect(streamsOf(second).get('Face')!.channels[au01][0]).toBe(1);
    const [unfilmed] = await signalsOf(dataset, 's02');
    expect(streamsOf(unfilmed).has('Face')).toBe(false);
    expect(streamsOf(unfilmed).has('EEG')).toBe(true);
  });

  it('wants the order of showing with the faces, and at least one of them', async () => {
    const path = fixtureCopy('deap');
    const ratings = join(path, 'metadata_csv', 'participant_ratings.csv');
    await expect(openDataset('deap', { path, people, face: join(path, 'face') })).rejects.toMatchObject({
      code: 'dataset-settings-invalid',
      exitCode: 2,
    });
    for (const face of [join(path, 'metadata_csv'), join(path, 'nowhere')])
      await expect(openDataset('deap', { path, people, ratings, face })).rejects.toMatchObject({
        code: 'dataset-missing',
        message: expect.stringContaining(join(face, 's01_trial01.csv')),
      });
  });

  it('takes the order of presentation from participant_ratings.csv', async () => {
    const path = fixtureCopy('deap');
    const ratings = join('metadata_csv', 'participant_ratings.csv');
    const dataset = await openDataset('deap', { path: '.', people, ratings }, path);
    const positions = async (person: string) =>
      (await signalsOf(dataset, person)).map(({ trials }) => [trials[0].stimulus, trials[0].position]);
    expect(await positions('s01')).toEqual([
      ['video-1', 1],
      ['video-2', 0],
    ]);
    expect(await positions('s02')).toEqual([
      ['video-1', 0],
      ['video-2', 1],
    ]);
    writeFileSync(join(path, ratings), 'a,b\n1,2\n');
    await expect(openDataset('deap', { path, people, ratings: join(path, ratings) })).rejects.toMatchObject({
      code: 'dataset-layout',
    });
    await expect(openDataset('deap', { path, people, ratings: '/nowhere.csv' })).rejects.toMatchObject({
      code: 'dataset-missing',
    });
  });

  it('says what a folder lacks, or a file holds instead', async () => {
    await expect(openDataset('deap', { path: '/nowhere' })).rejects.toMatchObject({
      code: 'dataset-missing',
      message: '/nowhere: no such file or folder; give the folder of your copy as `path`',
    });
    const path = fixtureCopy('dreamer');
    await expect(openDataset('deap', { path })).rejects.toMatchObject({
      code: 'dataset-missing',
      message: expect.stringContaining('s01.dat'),
    });
    renameSync(join(path, 'DREAMER.mat'), join(path, 's01.mat'));
    const dataset = await openDataset('deap', { path, people: ['s01'] });
    await expect(signalsOf(dataset, 's01')).rejects.toThrow(
      "has no variable 'data' (there are: DREAMER); point `path` at an original copy",
    );
  });

  it('lets go of a person’s file before the next one is read', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const dataset = await openDataset('deap', { path: copyWith(layouts[0]), people });
    const refs: WeakRef<object>[] = [];
    for (const person of people)
      for await (const recording of dataset.recordings(person)) refs.push(new WeakRef(recording));
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    // The engine may hold on to what the loop had last.
    expect(refs.slice(0, -1).map((ref) => ref.deref())).toEqual([undefined, undefined, undefined]);
  });
});
