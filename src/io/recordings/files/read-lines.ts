import type { RandomAccessFile } from './random-access-file.js';

const STEP_BYTES = 1 << 16;

/**
 * The lines of a text file that end with a line break, without it. What follows the last one was cut: it is left out,
 * and is the generator's return value.
 */
export function* readLines(file: RandomAccessFile): Generator<string, string> {
  let rest = '';
  for (let at = 0; at < file.size; at += STEP_BYTES) {
    const lines = (rest + file.read(at, STEP_BYTES).toString('latin1')).split('\n');
    rest = lines.pop()!;
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  return rest;
}
