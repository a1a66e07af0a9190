/** Name of the column that marks a table whose data a simulator made. */
export const SIMULATED_COLUMN = 'simulated';

/**
 * Whether a mark says that a simulator made the data: the text of `desc/affectd/simulated` in XDF and LSL, or a cell of a
 * table's column `simulated`. Whatever isn't a word for no counts: a mark that isn't understood must not make data real.
 */
export function isSimulatedMark(text: string): boolean {
  return !/^(|0|no|false)$/i.test(text.trim());
}

/** Whether an EDF header's recording field says it, as a word of its own: its parts are joined by blanks, their words by underscores. */
export function isSimulatedField(field: string): boolean {
  return /(^|[^a-z])simulated($|[^a-z])/i.test(field);
}
