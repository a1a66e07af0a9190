import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { FeatureDescriptor } from '../../core/features.js';
import type { StreamMessage } from '../../core/signal.js';
import { neuroscanChunks } from '../../io/recordings/neuroscan/neuroscan.js';
import { NeuroscanFile } from '../../io/recordings/neuroscan/neuroscan-file.js';
import { canonicalStreams } from '../../signal/dialects/canonical-stream.js';
import { copyFolder, folderWith } from './copy-folder.js';
import type { Dataset, DatasetDefinition, DatasetRecording, TimedTrial } from './dataset.js';
import { damaged, missing, otherLayout } from './dataset-error.js';
import { NdArray } from './formats/nd-array.js';
import { arrayNamed, pickledIn, readNpz } from './formats/npy.js';
import type { PickleValue } from './formats/pickle.js';
import { choosePeople, copySettings, numbered } from './people.js';
import { classLabel } from './rating.js';
import { seedEegDescriptors, seedElectrodes, seedEyeDescriptors } from './seed-layout.js';
import { mergedInOrder } from './signal-messages.js';

const settings = z.strictObject({
  ...copySettings,
  data: z
    .enum(['features', 'signals'])
    .default('features')
    .describe(
      '`features`: EEG_DE_features and Eye_movement_features as released; `signals`: EEG_raw, through a pipeline.',
    ),
  eye: z.boolean().default(true).describe('Whether `features` has the 33 eye features, too.'),
});
export type SeedVSettings = z.infer<typeof settings>;

const sessions = ['1', '2', '3'] as const;
const TRIALS = 15;
const FILE = /^\d+_123\.npz$/;
const RAW_FILE = /^(\d+)_([123])_\d{8}\.cnt$/;
const classes = ['disgust', 'fear', 'sad', 'neutral', 'happy'] as const;
const SFREQ_HZ = 1000;

/**
 * The clips of each session in its raw recording: class, start and end, s from the first sample (as
 * `torcheeg/datasets/module/emotion_recognition/seed_v.py` of TorchEEG has them from the data set's own notes).
 */
const clips: readonly (readonly (readonly [kind: number, start: number, end: number])[])[] = [
  [
    [4, 30, 102],
    [1, 132, 228],
    [3, 287, 524],
    [2, 555, 742],
    [0, 773, 920],
    [4, 982, 1240],
    [1, 1271, 1568],
    [3, 1628, 1697],
    [2, 1730, 1994],
    [0, 2025, 2166],
    [4, 2227, 2401],
    [1, 2435, 2607],
    [3, 2667, 2901],
    [2, 2932, 3172],
    [0, 3204, 3359],
  ],
  [
    [2, 30, 267],
    [1, 299, 488],
    [3, 548, 614],
    [0, 646, 773],
    [4, 836, 967],
    [4, 1000, 1059],
    [0, 1091, 1331],
    [3, 1392, 1622],
    [2, 1657, 1777],
    [1, 1809, 1908],
    [3, 1966, 2153],
    [4, 2186, 2302],
    [1, 2333, 2428],
    [2, 2490, 2709],
    [0, 2741, 2817],
  ],
  [
    [2, 30, 321],
    [1, 353, 418],
    [3, 478, 643],
    [0, 674, 764],
    [4, 825, 877],
    [4, 908, 1147],
    [0, 1200, 1284],
    [3, 1346, 1418],
    [2, 1451, 1679],
    [1, 1711, 1996],
    [3, 2055, 2275],
    [4, 2307, 2425],
    [1, 2457, 2664],
    [2, 2726, 2857],
    [0, 2888, 3066],
  ],
];

/** SEED-V. A recording is a trial of the released features, or a whole session as it was recorded. */
export const seedV: DatasetDefinition<SeedVSettings> = {
  kind: 'seed-v',
  summary:
    'SEED-V: 16 people, 3 sessions of 15 film clips (disgust, fear, sad, neutral, happy); EEG of 62 electrodes, eye features.',
  source:
    'Liu et al. 2022, doi:10.1109/TCDS.2021.3071170; on request with a signed licence from https://bcmi.sjtu.edu.cn/home/seed/seed-v.html',
  settings,
  async open({ path, people: asked, data, eye }, directory) {
    const root = copyFolder(directory, path);
    if (data === 'signals') return openSignals(root, asked);
    const found = folderWith(root, ['EEG_DE_features'], FILE);
    if (!found)
      throw missing(
        join(root, 'EEG_DE_features', '1_123.npz'),
        'give the folder that holds EEG_DE_features as `path`',
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

function openSignals(root: string, asked: readonly string[] | null): Dataset {
  const found = folderWith(root, ['EEG_raw', ''], RAW_FILE);
  if (!found)
    throw missing(join(root, 'EEG_raw', '1_1_<date>.cnt'), 'give the folder that holds EEG_raw as `path`');
  const filesOf = new Map<string, string>();
  for (const file of found.files) {
    const [, person, session] = RAW_FILE.exec(file)!;
    const path = join(found.folder, file);
    const other = filesOf.get(`${person}/${session}`);
    if (other !== undefined)
      throw otherLayout(
        path,
        `is session ${session} of person ${person}, as ${other} is`,
        'keep one of them',
      );
    filesOf.set(`${person}/${session}`, path);
  }
  const lackingOf = (person: string) => sessions.find((session) => !filesOf.has(`${person}/${session}`));
  const there = numbered('', 20).filter((person) => lackingOf(person) === undefined);
  const people = choosePeople(asked, numbered('', 16), there, (person) =>
    join(found.folder, `${person}_${lackingOf(person)}_<date>.cnt`),
  );
  return new SeedVSignals(people, filesOf);
}

class SeedVSignals implements Dataset {
  readonly name = 'SEED-V';
  readonly dimensions = [];
  readonly classes = classes;

  constructor(
    readonly people: readonly string[],
    /** By `<person>/<session>`. */
    private readonly filesOf: ReadonlyMap<string, string>,
  ) {}

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    for (const [s, session] of sessions.entries()) {
      const path = this.filesOf.get(`${person}/${session}`)!;
      yield { person, session, kind: 'signals', ...rawSession(path, session, clips[s]) };
    }
  }
}

/** A session's messages, read from disk as they are asked for, and its trials. */
function rawSession(path: string, session: string, own: (typeof clips)[number]) {
  const file = openRaw(path);
  const { channels, count } = file;
  file.close();
  const labels = channels.map(({ label }) => label.toUpperCase());
  const places = seedElectrodes.map((electrode) => labels.indexOf(electrode));
  const lacking = seedElectrodes.filter((_, e) => places[e] < 0);
  if (lacking.length > 0) throw otherLayout(path, `has no electrode ${lacking.join(', ')}`);
  const [eeg] = canonicalStreams({
    id: 'eeg',
    name: 'SEED-V',
    type: 'EEG',
    sourceId: '',
    sfreq: SFREQ_HZ,
    channels: seedElectrodes.map((label) => ({ label, unit: 'uV', type: 'EEG' })),
  });
  // What isn't one of the 62 (M1, M2, VEO, HEO) goes no further.
  const stream = { ...eeg, keep: Int32Array.from(places), rawChannels: channels.length };
  const end = count / SFREQ_HZ;
  const trials = own.map(([kind, start, stop], i): TimedTrial => {
    if (start >= end) throw damaged(path, `it ends at ${end} s, before its clip ${i + 1} at ${start} s`);
    const number = i + 1;
    return {
      trial: `${session}/${number}`,
      stimulus: `clip-${session}-${number}`,
      position: i,
      label: classLabel(kind),
      start,
      end: Math.min(stop, end),
    };
  });
  const messages: Iterable<StreamMessage> = {
    *[Symbol.iterator]() {
      const opened = openRaw(path);
      try {
        yield* mergedInOrder([stream.info], [neuroscanChunks(opened, [stream], null)]);
      } finally {
        opened.close();
      }
    },
  };
  return { messages, trials };
}

function openRaw(path: string): NeuroscanFile {
  const file = new NeuroscanFile(path);
  if (file.sfreq === SFREQ_HZ) return file;
  file.close();
  throw otherLayout(path, `is at ${file.sfreq} Hz, not ${SFREQ_HZ}`);
}

class SeedV implements Dataset {
  readonly name = 'SEED-V';
  readonly dimensions = [];
  readonly classes = classes;
  readonly #eegFeatures = seedEegDescriptors('de_LDS');

  constructor(
    readonly people: readonly string[],
    private readonly eegOf: (person: string) => string,
    private readonly eyeOf: ((person: string) => string) | null,
  ) {}

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    const eeg = await TrialFile.read(this.eegOf(person), this.#eegFeatures);
    const eye = this.eyeOf ? await TrialFile.read(this.eyeOf(person), seedEyeDescriptors) : null;
    for (let k = 0; k < sessions.length * TRIALS; k++) {
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
