import type { ModelFrame } from '../core/model.js';
import { arraysOf, type Executable, type ModelArrays } from '../engines/engine.js';
import { type BoundModel, outputNames } from '../models/definition.js';
import { encodeFrames } from '../models/frames.js';

const AT_ONCE = 256;

/** All outputs of `frames`, row by row, computed in large batches. */
export async function predictFrames(
  model: BoundModel,
  executable: Executable,
  frames: readonly ModelFrame[],
): Promise<ModelArrays> {
  const parts: ModelArrays[] = [];
  for (let from = 0; from < frames.length; from += AT_ONCE)
    parts.push(await executable.run(encodeFrames(model.inputs, frames.slice(from, from + AT_ONCE))));
  const joined = Object.fromEntries(
    outputNames.map((name) => [name, Float32Array.from(parts.flatMap((part) => [...part[name]]))]),
  );
  return arraysOf((name) => joined[name]);
}

/** One column of a row-major array of `width` columns. */
export function columnOf(values: Float32Array, width: number, column: number): number[] {
  return Array.from({ length: values.length / width }, (_, row) => values[row * width + column]);
}

/** Index of the largest of each row. */
export function largestOf(values: Float32Array, width: number): number[] {
  return Array.from({ length: values.length / width }, (_, row) => {
    const own = values.subarray(row * width, (row + 1) * width);
    return own.indexOf(Math.max(...own));
  });
}
