import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { XdfWriter } from '../../src/io/recordings/xdf/xdf-writer.js';
import { openDataset } from '../../src/learn/examples/open-dataset.js';
import { train } from '../../src/learn/fit/train.js';
import { loadManifest } from '../../src/model/manifest.js';
import { runAffectd } from '../cli/run-affectd.js';
import { type MatData, matrix, writeMat5 } from '../learn/datasets/write-mat5.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const root = join(import.meta.dirname, '..', '..');
/** One to train on, one that chooses the epoch, one for the intervals. */
const PEOPLE = 3;

let state = 1;
/** Uniform in -1..1. */
function noise(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 31 - 1;
}

const rating = (p: number, t: number, d: number, most: number): number => 1 + ((p + 2 * t + 3 * d) % most);
const people = Array.from({ length: PEOPLE }, (_, p) => p);
const trials = (count: number): number[] => Array.from({ length: count }, (_, t) => t);

/** A recipe of the project, and a small data set in the layout that it reads. */
interface Recipe {
  readonly name: string;
  /** Files that stand beside each other as in the project. */
  readonly files: readonly string[];
  readonly people: readonly string[];
  /** Of the data set's settings, beside `people`. */
  readonly settings?: object;
  /** In the place of the recipe's own data: recordings of one's own (docs/how-to/train-a-model.md). */
  readonly data?: object;
  write(data: string): void | Promise<void>;
  readonly modalities: readonly string[];
  /** What a prediction has of each window. */
  readonly tells: readonly string[];
}

const recipes: readonly Recipe[] = [
  {
    name: 'himoe-deap',
    files: ['pipelines/himoe-deap.yaml', 'models/himoe-deap/train.yaml'],
    people: people.map((p) => `s0${p + 1}`),
    modalities: ['eeg', 'eog', 'emg', 'gsr', 'rsp', 'bvp', 'temp'],
    tells: ['valence', 'arousal', 'dominance', 'liking'],
    write(data) {
      const folder = join(data, 'deap', 'data_preprocessed_matlab');
      mkdirSync(folder, { recursive: true });
      const [count, channels, samples] = [2, 40, 18 * 128];
      for (const p of people) {
        const values = new Float64Array(count * channels * samples);
        for (let i = 0; i < values.length; i++) {
          const c = Math.floor(i / count) % channels;
          values[i] = c === 36 ? 2e5 + 1e3 * noise() : c === 39 ? 33 + 0.01 * noise() : 20 * noise();
        }
        writeMat5(join(folder, `s0${p + 1}.mat`), {
          data: { dims: [count, channels, samples], values },
          labels: matrix(count, 4, (t, d) => rating(p, t, d, 9)),
        });
      }
    },
  },
  {
    name: 'himoe-dreamer',
    files: ['pipelines/himoe-dreamer.yaml', 'models/himoe-dreamer/train.yaml'],
    people: people.map((p) => `s0${p + 1}`),
    modalities: ['eeg', 'ecg'],
    tells: ['valence', 'arousal', 'dominance'],
    write(data) {
      mkdirSync(join(data, 'dreamer'));
      const column = (of: (t: number) => MatData): MatData => ({ cells: trials(3).map(of), isColumn: true });
      const signal = (sfreq: number, width: number): MatData => ({
        fields: {
          baseline: column(() => matrix(4 * sfreq, width, () => 30 * noise())),
          stimuli: column(() => matrix(10 * sfreq, width, () => 30 * noise())),
        },
      });
      const number = (value: number): MatData => matrix(1, 1, () => value);
      const of = (p: number): MatData => ({
        fields: {
          Age: '22',
          Gender: 'female',
          EEG: signal(128, 14),
          ECG: signal(256, 2),
          ScoreValence: matrix(3, 1, (t) => rating(p, t, 0, 5)),
          ScoreArousal: matrix(3, 1, (t) => rating(p, t, 1, 5)),
          ScoreDominance: matrix(3, 1, (t) => rating(p, t, 2, 5)),
        },
      });
      const electrodes = 'AF3 F7 F3 FC5 T7 P7 O1 O2 P8 T8 FC6 F4 F8 AF4'.split(' ');
      writeMat5(join(data, 'dreamer', 'DREAMER.mat'), {
        DREAMER: {
          fields: {
            Data: { cells: people.map(of) },
            EEG_SamplingRate: number(128),
            ECG_SamplingRate: number(256),
            EEG_Electrodes: { cells: electrodes },
            noOfSubjects: number(PEOPLE),
            noOfVideoSequences: number(3),
          },
        },
      });
    },
  },
  {
    name: 'himoe-amigos',
    files: ['pipelines/himoe-amigos.yaml', 'models/himoe-amigos/train.yaml'],
    people: people.map((p) => `P0${p + 1}`),
    modalities: ['eeg', 'ecg', 'gsr'],
    tells: ['valence', 'arousal', 'dominance'],
    write(data) {
      const folder = join(data, 'amigos', 'data_preprocessed');
      mkdirSync(folder, { recursive: true });
      // The last person saw no long videos.
      const saw = (p: number, t: number): boolean => p < PEOPLE - 1 || t < 16;
      const cells = (p: number, of: (t: number) => MatData): MatData => ({
        cells: trials(20).map((t) => (saw(p, t) ? of(t) : matrix(0, 0, () => 0))),
      });
      for (const p of people)
        writeMat5(join(folder, `Data_Preprocessed_P0${p + 1}.mat`), {
          joined_data: cells(p, () => matrix(11 * 128, 17, () => 20 * noise())),
          labels_selfassessment: cells(p, (t) =>
            matrix(1, 12, (_, d) => (d < 5 ? rating(p, t, d, 9) : d % 2)),
          ),
          VideoIDs: { cells: trials(20).map((t) => String(t + 1)) },
        });
    },
  },
  {
    name: 'seed-eeg',
    files: ['models/seed-eeg/pipeline.yaml', 'models/seed-eeg/train.yaml'],
    people: people.map((p) => String(p + 1)),
    settings: { sessions: 1 },
    modalities: ['eeg'],
    tells: ['classes'],
    write(data) {
      const folder = join(data, 'seed', 'Preprocessed_EEG');
      mkdirSync(folder, { recursive: true });
      const labels = [1, 0, -1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 0, 1, -1];
      writeMat5(join(folder, 'label.mat'), { label: matrix(1, 15, (_, t) => labels[t]) });
      for (const p of people)
        writeMat5(
          join(folder, `${p + 1}_2013102${p}.mat`),
          Object.fromEntries(
            labels.map((_, t) => [
              `djc_eeg${t + 1}`,
              {
                dims: [62, 9 * 200],
                values: Float32Array.from({ length: 62 * 9 * 200 }, () => 20 * noise()),
              },
            ]),
          ),
        );
    },
  },
  {
    name: 'seed-atam',
    files: ['pipelines/seed.yaml', 'models/seed-atam/train.yaml'],
    people: people.map((p) => String(p + 1)),
    data: {
      kind: 'dataset',
      dataset: { kind: 'xdf-sessions', path: '../../data/sessions' },
      step_s: 4,
      shares: { validation: 0.2, calibration: 0.3 },
    },
    modalities: ['eeg', 'eye'],
    tells: ['valence', 'arousal'],
    async write(data) {
      for (const p of people) {
        const folder = join(data, 'sessions', `sub-${p + 1}`);
        mkdirSync(folder, { recursive: true });
        const out = join(folder, 'session.xdf');
        await runAffectd(
          `simulate --profile seed62 --only eeg,gaze --seed ${p} --duration 29 --out ${out}`.split(' '),
        );
      }
    },
  },
];

/** The project's files in a folder of their own, the recipe brief enough for a test. */
function place({ name, files, people: names, settings, data }: Recipe): {
  readonly folder: string;
  readonly config: string;
} {
  const folder = temporaryFolder();
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    copyFileSync(join(root, file), join(folder, file));
  }
  const config = join(folder, 'models', name, 'train.yaml');
  const recipe = parse(readFileSync(config, 'utf8'));
  recipe.data = data ?? recipe.data;
  Object.assign(recipe.data.dataset, { people: names, ...settings });
  Object.assign(recipe.fit, { epochs: 1, batch_size: 16 });
  recipe.interval_level = 0.5;
  writeFileSync(config, stringify(recipe));
  mkdirSync(join(folder, 'data'));
  return { folder, config };
}

/** A person's first trial as a recording. */
async function recordFirstTrial(config: string, person: string): Promise<string> {
  const { dataset: settings } = parse(readFileSync(config, 'utf8')).data;
  const dataset = await openDataset({ ...settings, people: [person] }, join(config, '..'));
  const path = join(config, '..', 'first.xdf');
  for await (const recording of dataset.recordings(person)) {
    if (recording.kind !== 'signals') throw new Error('no signals');
    const writer = XdfWriter.create(path);
    for await (const message of recording.messages)
      if (message.kind === 'open') writer.open(message.info);
      else if (message.kind === 'chunk') writer.write(message.chunk);
    writer.close();
    break;
  }
  return path;
}

describe.each(recipes)('models/$name/train.yaml', (recipe) => {
  it('trains on files of the data set’s layout, and its pipeline serves the model', async () => {
    const { folder, config } = place(recipe);
    await recipe.write(join(folder, 'data'));
    const { model, windows } = await train(config);
    expect(Math.min(...Object.values(windows))).toBeGreaterThan(4);
    const { inputs } = await loadManifest(join(config, '..'));
    expect(inputs.map(({ name }) => name)).toEqual(recipe.modalities);

    const pipeline = join(folder, recipe.files[0]);
    const checked = await runAffectd(['check', pipeline]);
    expect(checked).toEqual({ code: 0, stdout: `${pipeline}: ok\n`, stderr: '' });
    const recording = await recordFirstTrial(config, recipe.people[0]);
    const { code, stdout, stderr } = await runAffectd(['replay', recording, '-p', pipeline]);
    expect(code, stderr).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const last = lines.filter(({ valid }) => valid).at(-1);
    expect(last).toMatchObject({ model, reason: null });
    // Nothing was evaluated.
    expect(last.evidence).not.toBe('validated');
    for (const name of recipe.tells)
      for (const value of name === 'classes' ? Object.values(last.classes) : [last[name]])
        expect(value, name).toSatisfy((v: number) => Math.abs(v) <= 1);
    for (const { present } of Object.values<{ present: boolean }>(last.modalities))
      expect(present).toBe(true);
  });
});
