import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { FeatureDescriptor } from '../../core/features.js';
import { copyFolder, folderWith } from './copy-folder.js';
import type { Dataset, DatasetDefinition, DatasetRecording } from './dataset.js';
import { missing, otherLayout } from './dataset-error.js';
import { NdArray } from './formats/nd-array.js';
import { arrayNamed, pickledIn, readNpz } from './formats/npy.js';
import { type PickleValue, readPickle } from './formats/pickle.js';
import { choosePeople, copySettings } from './people.js';
import { classLabel } from './rating.js';
import { seedClasses } from './seed.js';
import { seedBandNames, seedEegDescriptors, seedElectrodes, seedEyeDescriptors } from './seed-layout.js';

const settings = z.strictObject({
  ...copySettings,
  people: copySettings.people.describe(
    'Whom to take; null: the twelve that have eye data (1 to 5 and 8 to 14), and nobody may be missing. ATAM took nine of them and doesn’t say which.',
  ),
});
export type SeedMultimodalSettings = z.infer<typeof settings>;

/** Those with eye data. */
const everybody = [1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14].map(String);
const SESSIONS = ['1', '2', '3'] as const;
const EEG_FOLDER = join('02-EEG-DE-feature', 'eeg_used_4s');
const EYE_FOLDER = join('04-Eye-tracking-feature', 'eye_tracking_feature');

/** Classes of SEED's 15 clips in their order: 2 positive, 1 neutral, 0 negative. */
const clipClasses = [2, 1, 0, 0, 1, 2, 0, 1, 2, 2, 1, 0, 1, 2, 0];
/** The first 9 clips of a session are the files' training part, the other 6 their test part. */
const parts = [
  { name: 'train', clips: [0, 1, 2, 3, 4, 5, 6, 7, 8] },
  { name: 'test', clips: [9, 10, 11, 12, 13, 14] },
] as const;
/** Windows of 4 s of the third and fourth clip, which follow each other with one class. */
const TWIN_WINDOWS = [51, 59] as const;

/**
 * SEED's multimodal release: features of EEG (62 x 5) and eyes (33) in windows of 4 s. Its files have the clips of a
 * session in a row, without marks between them: a trial is a run of windows with one class. The third and fourth clip
 * share theirs; they are told apart where the run is as long as both, and are one trial elsewhere.
 */
export const seedMultimodal: DatasetDefinition<SeedMultimodalSettings> = {
  kind: 'seed-multimodal',
  summary:
    'SEED’s multimodal release: 12 people, 3 sessions of 15 clips; features of EEG and eyes, windows of 4 s.',
  source:
    'Lu et al. 2015, IJCAI 1170-1176; on request with a signed licence from https://bcmi.sjtu.edu.cn/home/seed/ (SEED_Multimodal/Chinese)',
  settings,
  async open({ path, people: asked }, directory) {
    const root = copyFolder(directory, path);
    const found = folderWith(root, [EEG_FOLDER], /^\d+_\d\.npz$/);
    if (!found)
      throw missing(
        join(root, EEG_FOLDER, '1_1.npz'),
        'give the folder that holds 02-EEG-DE-feature as `path`',
      );
    const eegOf: FileOf = (person, session) => join(found.folder, `${person}_${session}.npz`);
    const eyeOf: FileOf = (person, session) => join(root, EYE_FOLDER, `${person}_${session}`);
    const lacking = (person: string) =>
      SESSIONS.flatMap((session) => [eegOf(person, session), eyeOf(person, session)]).find(
        (file) => !existsSync(file),
      );
    const there = everybody.filter((person) => lacking(person) === undefined);
    const people = choosePeople(
      asked,
      everybody,
      there,
      (person) => lacking(person) ?? eegOf(person, SESSIONS[0]),
    );
    return new SeedMultimodal(people, eegOf, eyeOf);
  },
};

type FileOf = (person: string, session: string) => string;

class SeedMultimodal implements Dataset {
  readonly name = 'SEED multimodal';
  readonly dimensions = [];
  readonly classes = seedClasses;
  readonly #eegFeatures = seedEegDescriptors('de_LDS');

  constructor(
    readonly people: readonly string[],
    private readonly eegOf: FileOf,
    private readonly eyeOf: FileOf,
  ) {}

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    for (const session of SESSIONS) {
      const eegPath = this.eegOf(person, session);
      const archive = readNpz(await readFile(eegPath), eegPath);
      const eyePath = this.eyeOf(person, session);
      const eyes = readPickle(await readFile(eyePath), eyePath);
      for (const { name, clips } of parts) {
        const labels = numbersOf(arrayNamed(archive, `${name}_label`, eegPath), `'${name}_label'`, eegPath);
        const eeg = byBand(pickledIn(arrayNamed(archive, `${name}_data`, eegPath), eegPath), name, eegPath);
        const found = eyes instanceof Map ? (eyes.get(`${name}_data_eye`) as PickleValue) : undefined;
        const eye = rowsOf(found, `'${name}_data_eye'`, seedEyeDescriptors.length, eyePath);
        const windows = labels.length;
        for (const [path, rows] of [[eegPath, eeg.count] as const, [eyePath, eye.count] as const])
          if (rows !== windows)
            throw otherLayout(path, `'${name}' has ${rows} windows and ${windows} labels (${eegPath})`);
        for (const { clip, from, to } of trialsIn(labels, clips, eegPath)) {
          const part = (features: readonly FeatureDescriptor[], values: Float32Array) => ({
            features,
            values: values.slice(from * features.length, to * features.length),
          });
          yield {
            person,
            session,
            kind: 'features',
            trial: {
              trial: `${session}/${clip.map((c) => c + 1).join('+')}`,
              stimulus: `clip-${clip.map((c) => c + 1).join('+')}`,
              position: clip[0],
              label: classLabel(clipClasses[clip[0]]),
            },
            windows: {
              window_s: 4,
              hop_s: 4,
              count: to - from,
              modalities: new Map([
                ['eeg', part(this.#eegFeatures, eeg.values)],
                ['eye', part(seedEyeDescriptors, eye.values)],
              ]),
              labels: null,
            },
          };
        }
      }
    }
  }
}

interface Rows {
  readonly count: number;
  /** [count, width] */
  readonly values: Float32Array;
}

interface Run {
  /** Usually one clip. */
  readonly clip: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** Cuts a part at the changes of its labels, and checks that these follow the clips. */
function trialsIn(labels: Float64Array, clips: readonly number[], path: string): Run[] {
  const edges = [0];
  for (let w = 1; w < labels.length; w++) if (labels[w] !== labels[w - 1]) edges.push(w);
  const groups: number[][] = [];
  for (const clip of clips)
    if (groups.length > 0 && clipClasses[groups.at(-1)![0]] === clipClasses[clip]) groups.at(-1)!.push(clip);
    else groups.push([clip]);
  const codes = new Map<number, number>();
  const fits =
    edges.length === groups.length &&
    groups.every(([clip], g) => {
      const code = labels[edges[g]];
      if (!codes.has(clipClasses[clip])) codes.set(clipClasses[clip], code);
      return codes.get(clipClasses[clip]) === code;
    }) &&
    new Set(codes.values()).size === codes.size;
  if (!fits)
    throw otherLayout(
      path,
      `its labels change ${edges.length - 1} times and don't follow the order of SEED's clips`,
    );
  return groups.flatMap((clip, g): Run[] => {
    const [from, to] = [edges[g], edges[g + 1] ?? labels.length];
    const [first, second] = TWIN_WINDOWS;
    if (clip.length === 2 && to - from === first + second)
      return [
        { clip: [clip[0]], from, to: from + first },
        { clip: [clip[1]], from: from + first, to },
      ];
    return [{ clip, from, to }];
  });
}

/** [windows, 62 x 5] from a dictionary of [windows, 62] by band. */
function byBand(found: PickleValue, part: string, path: string): Rows {
  const electrodes = seedElectrodes.length;
  const bands = seedBandNames.map((band) =>
    rowsOf(found instanceof Map ? found.get(band) : undefined, `'${part}_data', ${band}`, electrodes, path),
  );
  const [{ count }] = bands;
  const values = new Float32Array(count * electrodes * bands.length);
  for (const [b, band] of bands.entries()) {
    if (band.count !== count) throw otherLayout(path, `the bands of '${part}_data' differ in length`);
    for (let i = 0; i < count * electrodes; i++) values[i * bands.length + b] = band.values[i];
  }
  return { count, values };
}

function rowsOf(found: PickleValue | undefined, place: string, width: number, path: string): Rows {
  if (!(found instanceof NdArray) || found.dims.length !== 2 || found.dims[1] !== width)
    throw otherLayout(
      path,
      found instanceof NdArray
        ? `${place} is ${found.dims.join(' x ')}, not windows x ${width}`
        : `has no ${place}`,
    );
  return { count: found.dims[0], values: Float32Array.from(found.numbers()) };
}

function numbersOf(found: unknown, place: string, path: string): Float64Array {
  if (!(found instanceof NdArray)) throw otherLayout(path, `${place} is no array of numbers`);
  return found.numbers();
}
