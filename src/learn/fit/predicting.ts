import { type Executable, joinedArrays, type ModelArrays } from '../../model/engines/engine.js';
import { encodeFrames } from '../../model/frames.js';
import type { BoundModel } from '../../model/networks/definition.js';
import type { Example } from '../examples/example.js';
import { loadedFrames } from '../examples/frame-loader.js';

const AT_ONCE = 256;
/** Convolutions over images make much of each. */
const IMAGES_AT_ONCE = 32;

/** All outputs of `examples`, row by row, computed in large batches; the frames of one batch are held at a time. */
export async function predictExamples(
  model: BoundModel,
  executable: Executable,
  examples: readonly Pick<Example, 'frame'>[],
): Promise<ModelArrays> {
  const parts: ModelArrays[] = [];
  const atOnce = model.inputs.some(({ kind }) => kind === 'image') ? IMAGES_AT_ONCE : AT_ONCE;
  for (let from = 0; from < examples.length; from += atOnce) {
    const frames = await loadedFrames(examples.slice(from, from + atOnce));
    parts.push(await executable.run(encodeFrames(model.inputs, frames)));
  }
  return joinedArrays(parts);
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
