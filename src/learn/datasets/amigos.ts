import { join } from 'node:path';
import { z } from 'zod';
import type { RawChannel } from '../../signal/dialects/raw-stream.js';
import { copyFolder, folderWith } from './copy-folder.js';
import type { Dataset, DatasetDefinition, DatasetRecording, RatedDimension } from './dataset.js';
import { missing, otherLayout } from './dataset-error.js';
import { epocElectrodes } from './dreamer.js';
import { cellsOf, MatMatrix } from './formats/mat-matrix.js';
import { Mat5File, type MatValue } from './formats/mat5.js';
import { choosePeople, copySettings, numbered } from './people.js';
import { ratedLabel } from './rating.js';
import { blockMessages } from './signal-messages.js';

const settings = z.strictObject({
  ...copySettings,
  ecg_unit: z
    .string()
    .default('')
    .describe(
      'Unit of the ECG in your copy: the files don’t tell it, and without it the values stay as they are.',
    ),
  gsr_unit: z.string().default('').describe('Unit of the skin conductance, likewise.'),
});
export type AmigosSettings = z.infer<typeof settings>;

const SFREQ_HZ = 128;
const BASELINE_S = 5;
/** The order of the files: arousal comes first. */
const dimensions: readonly RatedDimension[] = ['arousal', 'valence', 'dominance', 'liking'];
const FILE = /^Data_Preprocessed_P\d\d\.mat$/;

/** AMIGOS' preprocessed files; a recording is a trial with the 5 s before it. */
export const amigos: DatasetDefinition<AmigosSettings> = {
  kind: 'amigos',
  summary: 'AMIGOS: 40 people, 16 short and 4 long videos; EEG of 14 electrodes, ECG, skin conductance.',
  source:
    'Miranda-Correa et al. 2021, doi:10.1109/TAFFC.2018.2884461; on request with a signed agreement from https://www.eecs.qmul.ac.uk/mmv/datasets/amigos/',
  settings,
  async open({ path, people: asked, ecg_unit, gsr_unit }, directory) {
    const root = copyFolder(directory, path);
    const found = folderWith(root, ['data_preprocessed', ''], FILE);
    if (!found)
      throw missing(
        join(root, 'data_preprocessed', 'Data_Preprocessed_P01.mat'),
        'give the folder with Data_Preprocessed_P01.mat ... P40.mat as `path`',
      );
    const fileOf = (person: string) => join(found.folder, `Data_Preprocessed_${person}.mat`);
    const there = found.files.map((name) => name.slice(-7, -4));
    const people = choosePeople(asked, numbered('P', 40, 2), there, fileOf);
    const channels = [
      ...epocElectrodes.map((label) => ({ label, unit: 'uV', type: 'EEG' })),
      { label: 'right', unit: ecg_unit, type: 'ECG' },
      { label: 'left', unit: ecg_unit, type: 'ECG' },
      { label: 'GSR', unit: gsr_unit, type: 'EDA' },
    ];
    return new Amigos(people, fileOf, channels);
  },
};

class Amigos implements Dataset {
  readonly name = 'AMIGOS';
  readonly dimensions = dimensions;
  readonly classes = null;

  constructor(
    readonly people: readonly string[],
    private readonly fileOf: (person: string) => string,
    private readonly channels: readonly RawChannel[],
  ) {}

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    const path = this.fileOf(person);
    const mat = await Mat5File.open(path);
    const [data, ratings] = [
      cellsOf(await mat.read('joined_data'), 'joined_data', path),
      cellsOf(await mat.read('labels_selfassessment'), 'labels_selfassessment', path),
    ];
    if (data.length !== ratings.length)
      throw otherLayout(path, `it has ${data.length} trials and ratings of ${ratings.length}`);
    const videos = mat.names.includes('VideoIDs') ? videoNames(await mat.read('VideoIDs')) : [];
    for (let t = 0; t < data.length; t++) {
      const signals = new MatMatrix(data[t], `joined_data{${t + 1}}`, path);
      const rated = new MatMatrix(ratings[t], `labels_selfassessment{${t + 1}}`, path).values;
      // Long videos that somebody didn't see have empty cells.
      if (signals.values.length === 0 || rated.length === 0) continue;
      const [length, width] = signals.dims;
      if (width !== this.channels.length)
        throw otherLayout(path, `joined_data{${t + 1}} is ${signals.dims.join(' x ')}, not samples x 17`);
      if (length <= BASELINE_S * SFREQ_HZ)
        throw otherLayout(path, `joined_data{${t + 1}} has no more than the 5 s before a trial`);
      yield {
        person,
        session: t < 16 ? 'short' : 'long',
        kind: 'signals',
        messages: blockMessages([
          {
            declaration: {
              id: 'amigos',
              name: 'AMIGOS',
              type: '',
              sourceId: '',
              sfreq: SFREQ_HZ,
              channels: this.channels,
            },
            start: 0,
            length,
            channel: (c) => signals.line(0, [0, c]),
          },
        ]),
        trials: [
          {
            trial: String(t + 1),
            stimulus: `video-${videos[t] ?? t + 1}`,
            position: t < 16 ? t : t - 16,
            label: ratedLabel(dimensions, rated, [1, 9], path),
            start: BASELINE_S,
            end: length / SFREQ_HZ,
          },
        ],
      };
    }
  }
}

/** Numbers or texts of a cell array, or of an array of numbers. */
function videoNames(value: MatValue): string[] {
  if (value.kind === 'numeric') return [...value.values].map(String);
  if (value.kind !== 'cell') return [];
  return value.cells.flatMap((cell) => {
    if (cell.kind === 'char') return [cell.text.trim()];
    return cell.kind === 'numeric' ? [[...cell.values].join('-')] : [];
  });
}
