import { InputError } from '../../core/errors.js';

/** A file or folder of a data set that isn't there. `mend` says how to come by it. */
export function missing(path: string, mend: string): InputError {
  return new InputError('dataset-missing', `${path}: no such file or folder; ${mend}`);
}

/** A file that can't be read as its format: it was cut, or is something else. */
export function damaged(path: string, why: string, cause?: unknown): InputError {
  return new InputError('dataset-damaged', `${path}: ${why}; get the file again`, { cause });
}

/** A file that can be read, and holds something else than the data set's file of that name. */
export function otherLayout(
  path: string,
  what: string,
  mend = 'point `path` at an original copy',
): InputError {
  return new InputError('dataset-layout', `${path}: ${what}; ${mend}`);
}
