/** Text of the marker, of whatever stream, at which a rest begins that somebody tells while the session runs. */
export const BASELINE_START = 'baseline:start';
/** Text of the marker at which it ends. */
export const BASELINE_END = 'baseline:end';
