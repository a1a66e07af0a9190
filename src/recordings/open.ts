import { statSync } from 'node:fs';
import { AffectdError, InputError } from '../core/errors.js';
import { bdf } from './bdf.js';
import { brainVision } from './brainvision.js';
import { csv } from './csv.js';
import { edf } from './edf.js';
import { empatica } from './empatica.js';
import { eyeLink } from './eyelink.js';
import { headOf } from './file-head.js';
import { iMotions } from './imotions.js';
import { libreFace } from './libreface.js';
import { neuroscan } from './neuroscan.js';
import { openFace } from './openface.js';
import { pupilNeon } from './pupil-neon.js';
import { pupilNeonExport } from './pupil-neon-export.js';
import { pyFeat } from './py-feat.js';
import type { Recording, RecordingFormat } from './recording.js';
import { tobii } from './tobii.js';
import { xdf } from './xdf.js';

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
          `${path}: neither a folder with Empatica E4 files (ACC.csv, BVP.csv, EDA.csv, TEMP.csv, HR.csv, IBI.csv) nor one of a Pupil Labs Neon (gaze ps1.raw, or gaze.csv of an export)`,
        );
  } catch (error) {
    throw error instanceof AffectdError ? error : unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): InputError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new InputError('recording-missing', `${path}: no such file or folder`, { cause });
  const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
  return new InputError('recording-unreadable', `${path}: can't be read: ${why}`, { cause });
}
