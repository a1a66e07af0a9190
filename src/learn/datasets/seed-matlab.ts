import type { FeatureDescriptor } from '../../core/features.js';
import type { DatasetRecording, FeatureWindows, Label } from './dataset.js';
import { otherLayout } from './dataset-error.js';
import { MatMatrix } from './formats/mat-matrix.js';
import type { Mat5File } from './formats/mat5.js';
import { SEED_SFREQ_HZ, seedBandNames, seedElectrodes } from './seed-layout.js';
import { blockMessages } from './signal-messages.js';

/** What SEED and SEED-IV share: a MAT file a session, with variables numbered by trial. */
export interface SeedTrial {
  readonly person: string;
  readonly session: string;
  /** From 1, as in the variables' names. */
  readonly number: number;
  readonly trial: string;
  readonly stimulus: string;
  readonly label: Label;
}

/** The names of a session's signals by trial: `djc_eeg1`, where the letters are somebody's initials. */
export function signalVariables(mat: Mat5File, trials: number): string[] {
  const byNumber = new Map<number, string>();
  for (const name of mat.names) {
    const number = /_eeg(\d+)$/.exec(name)?.[1];
    if (number) byNumber.set(Number(number), name);
  }
  return Array.from({ length: trials }, (_, i) => {
    const name = byNumber.get(i + 1);
    if (!name)
      throw otherLayout(
        mat.path,
        `has no variable '<initials>_eeg${i + 1}' (there are: ${mat.names.join(', ') || 'none'})`,
      );
    return name;
  });
}

/** A trial's signals, as they were cut out of the session. */
export async function signalRecording(
  mat: Mat5File,
  variable: string,
  { person, session, number, trial, stimulus, label }: SeedTrial,
): Promise<DatasetRecording> {
  const eeg = new MatMatrix(await mat.read(variable), `'${variable}'`, mat.path);
  const [channels, length] = eeg.dims;
  if (channels !== seedElectrodes.length)
    throw otherLayout(mat.path, `'${variable}' is ${eeg.dims.join(' x ')}, not 62 electrodes x samples`);
  return {
    person,
    session,
    kind: 'signals',
    messages: blockMessages([
      {
        declaration: {
          id: 'eeg',
          name: 'SEED',
          type: 'EEG',
          sourceId: '',
          sfreq: SEED_SFREQ_HZ,
          channels: seedElectrodes.map((electrode) => ({ label: electrode, unit: 'uV', type: 'EEG' })),
        },
        start: 0,
        length,
        channel: (c) => eeg.line(1, [c]),
      },
    ]),
    trials: [{ trial, stimulus, position: number - 1, label, start: 0, end: length / SEED_SFREQ_HZ }],
  };
}

/** A variable of released features: [rows, windows, 5], `rows` being electrodes or pairs. */
export async function readBands(mat: Mat5File, variable: string, rows: number): Promise<MatMatrix> {
  const found = new MatMatrix(await mat.read(variable), `'${variable}'`, mat.path);
  const [count, , bands = 1] = found.dims;
  if (count !== rows || bands !== seedBandNames.length)
    throw otherLayout(
      mat.path,
      `'${variable}' is ${found.dims.join(' x ')}, not ${rows} electrodes or pairs x windows x 5 bands`,
    );
  return found;
}

/**
 * A trial's released features of the EEG: a [rows, windows, 5] array as [windows, rows x 5], where `features` names
 * the rows, electrodes or pairs, band by band.
 */
export async function eegFeatures(
  mat: Mat5File,
  variable: string,
  features: readonly FeatureDescriptor[],
): Promise<{ count: number } & NonNullable<ReturnType<FeatureWindows['modalities']['get']>>> {
  const bands = seedBandNames.length;
  const rows = features.length / bands;
  const found = await readBands(mat, variable, rows);
  const count = found.dims[1];
  const values = new Float32Array(count * features.length);
  for (let c = 0; c < rows; c++)
    for (let b = 0; b < bands; b++) {
      const line = found.line(1, [c, 0, b]);
      for (let w = 0; w < count; w++) values[w * features.length + c * bands + b] = line[w];
    }
  return { count, features, values };
}
