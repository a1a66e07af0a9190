import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { AffectdError, InputError } from '../../core/errors.js';
import { brainVision } from './brainvision/brainvision.js';
import { bdf } from './edf/bdf.js';
import { edf } from './edf/edf.js';
import { eyeLink } from './eyelink/eyelink.js';
import { headOf } from './files/file-head.js';
import { neuroscan } from './neuroscan/neuroscan.js';
import { pupilNeon } from './pupil/pupil-neon.js';
import { pupilNeonExport } from './pupil/pupil-neon-export.js';
import type { Recording, RecordingFormat } from './recording.js';
import { csv } from './tables/csv.js';
import { empatica } from './tables/empatica.js';
import { iMotions } from './tables/imotions.js';
import { libreFace } from './tables/libreface.js';
import { openFace } from './tables/openface.js';
import { pyFeat } from './tables/py-feat.js';
import { tobii } from './tables/tobii.js';
import { xdf } from './xdf/xdf.js';

/** Formats in the order in which ties are broken. */
export const recordingFormats: readonly RecordingFormat[] = [
  xdf,
  edf,
  bdf,
  brainVision,
  neuroscan,
  empatica,
  eyeLink,
  openFace,
  libreFace,
  pyFeat,
  iMotions,
  tobii,
  pupilNeon,
  pupilNeonExport,
  csv,
];

/**
 * Opens a recording of any known format, recognised by content; the extension breaks ties. Throws {@link InputError}
 * with one line when there is nothing to read.
 */
export async function openRecording(path: string): Promise<Recording> {
  try {
    const head = statSync(path).isDirectory() ? null : headOf(path);
    if (head?.length === 0)
      throw new InputError('recording-empty', `${path}: the file is empty; record again`);
    const scored = recordingFormats.map((format) => ({ format, score: format.recognise(path, head) }));
    const best = scored.reduce((a, b) => (b.score > a.score ? b : a));
    if (best.score > 0) return await best.format.open(path);
    throw head
      ? new InputError(
          'recording-unrecognised',
          `${path}: not a recording in a known format (XDF, EDF, BDF, BrainVision, Neuroscan CNT, Empatica E4, EyeLink ASC, OpenFace, LibreFace, Py-Feat, iMotions, Tobii, or CSV with a 'time' column and columns like 'EEG.Fp1[uV]')`,
        )
      : new InputError(
          'recording-unrecognised',
          `${path}: neither a folder with Empatica E4 files (ACC.csv, BVP.csv, EDA.csv, TEMP.csv, HR.csv, IBI.csv) nor one of a Pupil Labs Neon (gaze ps1.raw, or gaze.csv of an export), nor with the parts of one recording (XDF)`,
        );
  } catch (error) {
    throw error instanceof AffectdError ? error : unreadable(path, error);
  }
}

/** Opens recordings in order; one that several paths name, by its parts or their folder, once. */
export async function openRecordings(paths: readonly string[]): Promise<Recording[]> {
  const opened: Recording[] = [];
  const isOpen = (file: string | undefined): boolean =>
    file !== undefined && opened.some(({ files }) => files?.includes(file));
  try {
    for (const path of paths) {
      if (isOpen(resolve(path))) continue;
      const recording = await openRecording(path);
      if (isOpen(recording.files?.[0])) await recording.close();
      else opened.push(recording);
    }
  } catch (error) {
    await Promise.all(opened.map((recording) => recording.close()));
    throw error;
  }
  return opened;
}

function unreadable(path: string, cause: unknown): InputError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new InputError('recording-missing', `${path}: no such file or folder`, { cause });
  const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
  return new InputError('recording-unreadable', `${path}: can't be read: ${why}`, { cause });
}
