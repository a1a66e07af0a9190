import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { AffectdError, InputError } from '../core/errors.js';
import { bdf } from './bdf.js';
import { brainVision } from './brainvision.js';
import { csv } from './csv.js';
import { edf } from './edf.js';
import { empatica } from './empatica.js';
import type { Recording, RecordingFormat } from './recording.js';
import { xdf } from './xdf.js';

/** Formats in the order in which ties are broken. */
export const recordingFormats: readonly RecordingFormat[] = [xdf, edf, bdf, brainVision, empatica, csv];

const HEAD_BYTES = 4096;

/**
 * Opens a recording of any known format, recognised by content; the extension breaks ties. Throws {@link InputError}
 * with one line when there is nothing to read.
 */
export async function openRecording(path: string): Promise<Recording> {
  try {
    const head = readHead(path);
    if (head?.length === 0)
      throw new InputError('recording-empty', `${path}: the file is empty; record again`);
    const scored = recordingFormats.map((format) => ({ format, score: format.recognise(path, head) }));
    const best = scored.reduce((a, b) => (b.score > a.score ? b : a));
    if (best.score > 0) return await best.format.open(path);
    throw head
      ? new InputError(
          'recording-unrecognised',
          `${path}: not a recording in a known format (XDF, EDF, BDF, BrainVision, Empatica E4, or CSV with a 'time' column and columns like 'EEG.Fp1[uV]')`,
        )
      : new InputError(
          'recording-unrecognised',
          `${path}: a folder without Empatica E4 files (ACC.csv, BVP.csv, EDA.csv, TEMP.csv, HR.csv, IBI.csv)`,
        );
  } catch (error) {
    throw error instanceof AffectdError ? error : unreadable(path, error);
  }
}

/** The first bytes of a file; null for a folder. */
function readHead(path: string): Uint8Array | null {
  if (statSync(path).isDirectory()) return null;
  const fd = openSync(path, 'r');
  try {
    const head = new Uint8Array(HEAD_BYTES);
    return head.subarray(0, readSync(fd, head));
  } finally {
    closeSync(fd);
  }
}

function unreadable(path: string, cause: unknown): InputError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new InputError('recording-missing', `${path}: no such file or folder`, { cause });
  const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
  return new InputError('recording-unreadable', `${path}: can't be read: ${why}`, { cause });
}
