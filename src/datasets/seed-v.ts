import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { FeatureDescriptor } from '../core/features.js';
import { copyFolder, folderWith } from './copy-folder.js';
import type { Dataset, DatasetDefinition, DatasetRecording } from './dataset.js';
import { missing, otherLayout } from './dataset-error.js';
import { NdArray } from './formats/nd-array.js';
import { arrayNamed, pickledIn, readNpz } from './formats/npy.js';
import type { PickleValue } from './formats/pickle.js';
import { choosePeople, copySettings, numbered } from './people.js';
import { classLabel } from './rating.js';
import { seedEegDescriptors, seedEyeDescriptors } from './seed-layout.js';

const settings = z.strictObject({
  ...copySettings,
  eye: z.boolean().default(true).describe('Whether to take the 33 eye features, too.'),
});
export type SeedVSettings = z.infer<typeof settings>;

const SESSIONS = 3;
const TRIALS = 15;
const FILE = /^\d+_123\.npz$/;

/** SEED-V's released features; a recording is a trial. Each session has clips of its own. */
export const seedV: DatasetDefinition<SeedVSettings> = {
  kind: 'seed-v',
  summary:
    'SEED-V: 16 people, 3 sessions of 15 film clips (disgust, fear, sad, neutral, happy); released features of EEG and eyes.',
  source:
    'Liu et al. 2022, doi:10.1109/TCDS.2021.3071170; on request with a signed licence from https://bcmi.sjtu.edu.cn/home/seed/seed-v.html',
  settings,
  async open({ path, people: asked, eye }, directory) {
    const root = copyFolder(directory, path);
    const found = folderWith(root, ['EEG_DE_features'], FILE);
    if (!found)
      throw missing(
        join(root, 'EEG_DE_features', '1_123.npz'),
        'give the folder that holds EEG_DE_features as `path`; the raw .cnt files are not read',
      );
    const there = numbered('', 16).filter((person) => found.files.includes(`${person}_123.npz`));
    const eegOf = (person: string) => join(found.folder, `${person}_123.npz`);
    const eyeOf = (person: string) => join(root, 'Eye_movement_features', `${person}_123.npz`);
    const people = choosePeople(asked, numbered('', 16), there, eegOf);
    for (const person of eye ? people : [])
      if (!existsSync(eyeOf(person))) throw missing(eyeOf(person), 'copy it, or set `eye: false`');
    return new SeedV(people, eegOf, eye ? eyeOf : null);
  },
};

class SeedV implements Dataset {
  readonly name = 'SEED-V';
  readonly dimensions = [];
  readonly classes = ['disgust', 'fear', 'sad', 'neutral', 'happy'];
  readonly #eegFeatures = seedEegDescriptors('de_LDS');

  constructor(
    readonly people: readonly string[],
    private readonly eegOf: (person: string) => string,
    private readonly eyeOf: ((person: string) => string) | null,
  ) {}

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    const eeg = await TrialFile.read(this.eegOf(person), this.#eegFeatures);
    const eye = this.eyeOf ? await TrialFile.read(this.eyeOf(person), seedEyeDescriptors) : null;
    for (let k = 0; k < SESSIONS * TRIALS; k++) {
      const session = String(Math.floor(k / TRIALS) + 1);
      const number = (k % TRIALS) + 1;
      const { count, values } = eeg.windows(k);
      const modalities = new Map([['eeg', { features: eeg.features, values }]]);
      if (eye) {
        const seen = eye.windows(k);
        if (seen.count !== count)
          throw otherLayout(eye.path, `trial ${k} has ${seen.count} windows, that of ${eeg.path} ${count}`);
        modalities.set('eye', { features: eye.features, values: seen.values });
      }
      yield {
        person,
        session,
        kind: 'features',
        trial: {
          trial: `${session}/${number}`,
          stimulus: `clip-${session}-${number}`,
          position: number - 1,
          label: classLabel(eeg.label(k, this.classes.length)),
        },
        windows: { window_s: 4, hop_s: 4, count, modalities, labels: null },
      };
    }
  }
}

/** A file's two dictionaries, of windows and of labels by trial. */
class TrialFile {
  private constructor(
    readonly path: string,
    readonly features: readonly FeatureDescriptor[],
    private readonly data: ReadonlyMap<PickleValue, PickleValue>,
    private readonly labels: ReadonlyMap<PickleValue, PickleValue>,
  ) {}

  static async read(path: string, features: readonly FeatureDescriptor[]): Promise<TrialFile> {
    const archive = readNpz(await readFile(path), path);
    const [data, labels] = ['data', 'label'].map((name) => {
      const found = pickledIn(arrayNamed(archive, name, path), path);
      if (!(found instanceof Map)) throw otherLayout(path, `'${name}' is no dictionary of trials`);
      return found as ReadonlyMap<PickleValue, PickleValue>;
    });
    return new TrialFile(path, features, data, labels);
  }

  windows(k: number): { count: number; values: Float32Array } {
    const found = this.data.get(k);
    const width = this.features.length;
    if (!(found instanceof NdArray) || found.dims.length !== 2 || found.dims[1] !== width)
      throw otherLayout(
        this.path,
        found instanceof NdArray
          ? `trial ${k} is ${found.dims.join(' x ')}, not windows x ${width}`
          : `has no trial ${k}`,
      );
    return { count: found.dims[0], values: Float32Array.from(found.numbers()) };
  }

  /** The class that all windows of trial `k` have. */
  label(k: number, classes: number): number {
    const found = this.labels.get(k);
    const labels = found instanceof NdArray ? new Set(found.numbers()) : new Set<number>();
    const [label] = labels;
    if (labels.size !== 1 || !Number.isInteger(label) || label < 0 || label >= classes)
      throw otherLayout(this.path, `the label of trial ${k} isn't one of 0 to ${classes - 1}`);
    return label;
  }
}
