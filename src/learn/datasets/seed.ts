import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { FeatureDescriptor } from '../../core/features.js';
import { copyFolder, folderWith } from './copy-folder.js';
import type { Dataset, DatasetDefinition, DatasetRecording } from './dataset.js';
import { missing, otherLayout } from './dataset-error.js';
import { MatMatrix } from './formats/mat-matrix.js';
import { Mat5File } from './formats/mat5.js';
import { choosePeople, copySettings, numbered } from './people.js';
import { classLabel } from './rating.js';
import {
  type SeedFeature,
  type SeedPairFeature,
  seedEegDescriptors,
  seedFeatures,
  seedPairFeatures,
} from './seed-layout.js';
import { eegFeatures, type SeedTrial, signalRecording, signalVariables } from './seed-matlab.js';
import { seedPairDescriptors } from './seed-pairs.js';

const settings = z.strictObject({
  ...copySettings,
  data: z
    .enum(['signals', 'features'])
    .default('signals')
    .describe('`signals`: Preprocessed_EEG, through a pipeline; `features`: ExtractedFeatures as released.'),
  feature: z
    .enum([...seedFeatures, ...seedPairFeatures])
    .default('de_movingAve')
    .describe(
      'Which of the released features: of electrodes (`de`, `psd`), of the 27 left-right pairs (`dasm` differences, `rasm` ratios, `asm` both) or of the 23 front-back pairs (`dcau`).',
    ),
  sessions: z.int().min(1).max(3).default(3).describe('Sessions that each person must have.'),
});
export type SeedSettings = z.infer<typeof settings>;

export const seedClasses = ['negative', 'neutral', 'positive'] as const;
export const SEED_TRIALS = 15;
const SESSION_FILE = /^(\d+)_(\d{8})\.mat$/;

/** SEED, EEG alone; a recording is a trial. */
export const seed: DatasetDefinition<SeedSettings> = {
  kind: 'seed',
  summary:
    'SEED: 15 people, 3 sessions of 15 film clips (negative, neutral, positive); EEG of 62 electrodes.',
  source:
    'Zheng & Lu 2015, doi:10.1109/TAMD.2015.2431497; on request with a signed licence from https://bcmi.sjtu.edu.cn/home/seed/',
  settings,
  async open({ path, people: asked, data, feature, sessions }, directory) {
    const root = copyFolder(directory, path);
    const inner = data === 'signals' ? 'Preprocessed_EEG' : 'ExtractedFeatures';
    const found = folderWith(root, [inner, ''], SESSION_FILE);
    if (!found)
      throw missing(join(root, inner, '1_<date>.mat'), `give the folder that holds ${inner} as \`path\``);
    const filesOf = new Map<string, string[]>();
    // Names sort by date, which is the order of the sessions.
    for (const file of found.files) {
      const person = SESSION_FILE.exec(file)![1];
      filesOf.set(person, [...(filesOf.get(person) ?? []), join(found.folder, file)]);
    }
    const there = [...filesOf].flatMap(([person, files]) => (files.length >= sessions ? [person] : []));
    const people = choosePeople(asked, numbered('', 15), numerically(there), (person) =>
      join(found.folder, `${person}_<date of session ${(filesOf.get(person)?.length ?? 0) + 1}>.mat`),
    );
    const labels = await readLabels(join(found.folder, 'label.mat'));
    const chosen = new Map(people.map((person) => [person, filesOf.get(person)!.slice(0, sessions)]));
    return new Seed(chosen, labels, data === 'signals' ? null : feature);
  },
};

class Seed implements Dataset {
  readonly name = 'SEED';
  readonly dimensions = [];
  readonly classes = seedClasses;
  readonly people: readonly string[];

  constructor(
    /** A session each, in order. */
    private readonly files: ReadonlyMap<string, readonly string[]>,
    /** Index of each trial's class. */
    private readonly labels: readonly number[],
    private readonly feature: SeedFeature | SeedPairFeature | null,
  ) {
    this.people = [...files.keys()];
  }

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    for (const [s, path] of this.files.get(person)!.entries()) {
      const mat = await Mat5File.open(path);
      const variables = this.feature === null ? signalVariables(mat, SEED_TRIALS) : [];
      const features = this.feature === null ? [] : await descriptorsOf(mat, this.feature);
      for (let number = 1; number <= SEED_TRIALS; number++) {
        const trial: SeedTrial = {
          person,
          session: String(s + 1),
          number,
          trial: `${s + 1}/${number}`,
          stimulus: `clip-${number}`,
          label: classLabel(this.labels[number - 1]),
        };
        yield this.feature === null
          ? await signalRecording(mat, variables[number - 1], trial)
          : await featureRecording(mat, `${this.feature}${number}`, features, trial);
      }
    }
  }
}

function descriptorsOf(
  mat: Mat5File,
  feature: SeedFeature | SeedPairFeature,
): Promise<FeatureDescriptor[]> | FeatureDescriptor[] {
  return isPairFeature(feature) ? seedPairDescriptors(mat, feature, 1) : seedEegDescriptors(feature);
}

function isPairFeature(feature: string): feature is SeedPairFeature {
  return seedPairFeatures.some((known) => known === feature);
}

async function featureRecording(
  mat: Mat5File,
  variable: string,
  features: readonly FeatureDescriptor[],
  { person, session, number, trial, stimulus, label }: SeedTrial,
): Promise<DatasetRecording> {
  const { count, ...eeg } = await eegFeatures(mat, variable, features);
  return {
    person,
    session,
    kind: 'features',
    trial: { trial, stimulus, position: number - 1, label },
    windows: { window_s: 1, hop_s: 1, count, modalities: new Map([['eeg', eeg]]), labels: null },
  };
}

async function readLabels(path: string): Promise<number[]> {
  if (!existsSync(path)) throw missing(path, 'copy label.mat beside the files of the people');
  const mat = await Mat5File.open(path);
  const labels = [...new MatMatrix(await mat.read('label'), "'label'", path).values];
  if (labels.length !== SEED_TRIALS || !labels.every((label) => [-1, 0, 1].includes(label)))
    throw otherLayout(path, `'label' isn't 15 times -1, 0 or 1`);
  return labels.map((label) => label + 1);
}

function numerically(names: readonly string[]): string[] {
  return [...names].sort((a, b) => Number(a) - Number(b));
}
