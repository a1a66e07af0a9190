import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { ConfigurationError } from '../../core/errors.js';
import { ProblemCounts } from '../../io/recordings/problem-counts.js';
import { numberIn, readRecords } from '../../io/recordings/tables/delimited-text.js';
import type { RawChannel } from '../../signal/dialects/raw-stream.js';
import { copyFolder, folderWith } from './copy-folder.js';
import { type Dataset, type DatasetDefinition, type DatasetRecording, ratedDimensions } from './dataset.js';
import { missing, otherLayout } from './dataset-error.js';
import { faceUnits } from './face-units.js';
import { MatMatrix } from './formats/mat-matrix.js';
import { Mat5File } from './formats/mat5.js';
import { NdArray } from './formats/nd-array.js';
import { readPickle } from './formats/pickle.js';
import { choosePeople, copySettings, numbered } from './people.js';
import { ratedLabel } from './rating.js';
import { blockMessages } from './signal-messages.js';
import { conductanceOf } from './skin-resistance.js';

const settings = z.strictObject({
  ...copySettings,
  ratings: z
    .string()
    .nullable()
    .default(null)
    .describe(
      '`participant_ratings.csv`, whose `Trial` tells the order in which a person saw the videos; null: positions are those in the files, which have the videos in one order for everybody.',
    ),
  face: z
    .string()
    .nullable()
    .default(null)
    .describe(
      'Folder of the action units that a face tracker (OpenFace, LibreFace, Py-Feat, iMotions) found in the face videos, one CSV a video, named as it is: `s01_trial01.csv`, there or in `s01`. Needs `ratings`, for videos are numbered as they were shown; a trial without a file has no face.',
    ),
});
export type DeapSettings = z.infer<typeof settings>;

const SFREQ_HZ = 128;
const BASELINE_S = 3;
const electrodes =
  'Fp1 AF3 F3 F7 FC5 FC1 C3 T7 CP5 CP1 P3 P7 PO3 O1 Oz Pz Fp2 AF4 Fz F4 F8 FC6 FC2 Cz C4 T8 CP6 CP2 P4 P8 PO4 O2'.split(
    ' ',
  );
const GSR = 36;
const channels: readonly RawChannel[] = [
  ...electrodes.map((label) => ({ label, unit: 'uV', type: 'EEG' })),
  { label: 'hEOG', unit: 'uV', type: 'EOG' },
  { label: 'vEOG', unit: 'uV', type: 'EOG' },
  { label: 'zygomaticus', unit: 'uV', type: 'EMG' },
  { label: 'trapezius', unit: 'uV', type: 'EMG' },
  // Resistance in the files; conductance is made of it here.
  { label: 'GSR', unit: 'uS', type: 'EDA' },
  { label: 'belt', unit: '', type: 'RESP' },
  { label: 'pulse', unit: '', type: 'PPG' },
  { label: 'skin', unit: 'degC', type: 'TEMP' },
];

/** DEAP's preprocessed files, Python's or MATLAB's; a recording is a trial with the 3 s before it. */
export const deap: DatasetDefinition<DeapSettings> = {
  kind: 'deap',
  summary:
    'DEAP: 32 people, 40 music videos; EEG, EOG, EMG, skin conductance, respiration, pulse, temperature.',
  source:
    'Koelstra et al. 2012, doi:10.1109/T-AFFC.2011.15; on request with a signed agreement from https://www.eecs.qmul.ac.uk/mmv/datasets/deap/',
  settings,
  async open({ path, people: asked, ratings, face }, directory) {
    const root = copyFolder(directory, path);
    const found = folderWith(
      root,
      ['', 'data_preprocessed_python', 'data_preprocessed_matlab'],
      /^s\d\d\.(dat|mat)$/,
    );
    if (!found)
      throw missing(
        join(root, 's01.dat'),
        'give the folder with s01.dat ... s32.dat (data_preprocessed_python) or s01.mat ... (data_preprocessed_matlab) as `path`',
      );
    const extension = found.files[0].slice(-3);
    const there = found.files.filter((name) => name.endsWith(extension)).map((name) => name.slice(0, -4));
    const fileOf = (person: string) => join(found.folder, `${person}.${extension}`);
    const people = choosePeople(asked, numbered('s', 32, 2), there, fileOf);
    const positions = ratings === null ? null : await readPositions(resolve(directory, ratings));
    return new Deap(
      people,
      fileOf,
      positions,
      face === null ? null : faceFiles(resolve(directory, face), ratings),
    );
  },
};

/** Place of each video among a person's trials, from 0; by `<person>/<video>`, both from 1. */
type Positions = ReadonlyMap<string, number>;

class Deap implements Dataset {
  readonly name = 'DEAP';
  readonly dimensions = ratedDimensions;
  readonly classes = null;

  constructor(
    readonly people: readonly string[],
    private readonly fileOf: (person: string) => string,
    private readonly positions: Positions | null,
    private readonly faceOf: ((person: string, position: number) => string | null) | null,
  ) {}

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    const path = this.fileOf(person);
    const file = path.endsWith('.mat') ? await readMatlab(path) : await readPython(path);
    if (file.samples <= BASELINE_S * SFREQ_HZ)
      throw otherLayout(path, `its trials have ${file.samples} samples, no more than the 3 s before a trial`);
    for (let t = 0; t < file.trials; t++) {
      const video = t + 1;
      const position =
        this.positions === null ? t : this.positions.get(`${Number(person.slice(1))}/${video}`);
      if (position === undefined)
        throw otherLayout(path, `the ratings file has no row for video ${video} of ${person}`);
      const face = this.faceOf?.(person, position) ?? null;
      yield {
        person,
        session: '1',
        kind: 'signals',
        messages: blockMessages(
          [
            {
              declaration: { id: 'deap', name: 'DEAP', type: '', sourceId: '', sfreq: SFREQ_HZ, channels },
              start: 0,
              length: file.samples,
              channel: (c) => (c === GSR ? conductanceOf(file.channel(t, c)) : file.channel(t, c)),
            },
          ],
          face === null ? [] : await faceUnits(face, BASELINE_S),
        ),
        trials: [
          {
            trial: String(video),
            stimulus: `video-${video}`,
            position,
            label: ratedLabel(ratedDimensions, file.ratings(t), [1, 9], path),
            start: BASELINE_S,
            end: file.samples / SFREQ_HZ,
          },
        ],
      };
    }
  }
}

/** Where the action units of a person's trial are, by its place in the order of showing; null: nobody wrote them. */
function faceFiles(
  folder: string,
  ratings: string | null,
): (person: string, position: number) => string | null {
  if (ratings === null)
    throw new ConfigurationError(
      'dataset-settings-invalid',
      `${folder}: face videos are numbered in the order of showing; give your participant_ratings.csv as \`ratings\``,
    );
  const there = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  const files = new Map(there.map((file) => [basename(file), join(folder, file)]));
  if (!there.some((file) => /^s\d\d_trial\d\d\.csv$/.test(basename(file))))
    throw missing(
      join(folder, 's01_trial01.csv'),
      'give the folder of the face tracker’s files as `face`, each named as its video, or leave it out',
    );
  return (person, position) =>
    files.get(`${person}_trial${String(position + 1).padStart(2, '0')}.csv`) ?? null;
}

interface PersonFile {
  readonly trials: number;
  /** Of each trial. */
  readonly samples: number;
  channel(trial: number, c: number): Float64Array;
  /** Valence, arousal, dominance, liking. */
  ratings(trial: number): Float64Array;
}

async function readPython(path: string): Promise<PersonFile> {
  const found = readPickle(await readFile(path), path);
  const [data, labels] = ['data', 'labels'].map((name) =>
    found instanceof Map ? found.get(name) : undefined,
  );
  if (!(data instanceof NdArray) || !(labels instanceof NdArray))
    throw otherLayout(path, "isn't a dictionary with the arrays 'data' and 'labels'");
  checkDims(data.dims, labels.dims, path);
  const [trials, width, samples] = data.dims;
  return {
    trials,
    samples,
    channel: (t, c) => data.numbers((t * width + c) * samples, samples),
    ratings: (t) => labels.numbers(4 * t, 4),
  };
}

async function readMatlab(path: string): Promise<PersonFile> {
  const mat = await Mat5File.open(path);
  const [data, labels] = [
    new MatMatrix(await mat.read('data'), 'data', path),
    new MatMatrix(await mat.read('labels'), 'labels', path),
  ];
  checkDims(data.dims, labels.dims, path);
  return {
    trials: data.dims[0],
    samples: data.dims[2],
    channel: (t, c) => data.line(2, [t, c]),
    ratings: (t) => labels.line(1, [t]),
  };
}

function checkDims(data: readonly number[], labels: readonly number[], path: string): void {
  if (data.length !== 3 || data[1] !== channels.length)
    throw otherLayout(path, `'data' is ${data.join(' x ')}, not trials x 40 channels x samples`);
  if (labels.length !== 2 || labels[0] !== data[0] || labels[1] !== 4)
    throw otherLayout(path, `'labels' is ${labels.join(' x ')}, not ${data[0]} trials x 4 ratings`);
}

async function readPositions(path: string): Promise<Positions> {
  if (!existsSync(path))
    throw missing(path, 'give your participant_ratings.csv as `ratings`, or leave it out');
  const positions = new Map<string, number>();
  let columns: number[] | null = null;
  for await (const cells of readRecords(path, ',', new ProblemCounts())) {
    if (columns === null) {
      columns = ['Participant_id', 'Experiment_id', 'Trial'].map((name) => cells.indexOf(name));
      if (columns.includes(-1))
        throw otherLayout(path, 'its columns are not those of participant_ratings.csv');
      continue;
    }
    const [person, video, trial] = columns.map((column) => numberIn(cells[column]));
    positions.set(`${person}/${video}`, trial - 1);
  }
  return positions;
}
