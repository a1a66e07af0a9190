import { sizeOf } from '../../networks/parameters.js';
import type { Tape, Value } from './tape.js';

const FLOAT_BYTES = 4;

/** For each element of a value of shape `to`, the element of one of shape `from` that it is made from. */
function sourcesOf(from: readonly number[], to: readonly number[]): Int32Array {
  const padded = [...Array(to.length - from.length).fill(1), ...from];
  const strides = padded.map((n, axis) => (n === 1 ? 0 : sizeOf(padded.slice(axis + 1))));
  const sources = new Int32Array(sizeOf(to));
  const index = to.map(() => 0);
  for (let i = 0; i < sources.length; i++) {
    sources[i] = index.reduce((sum, at, axis) => sum + at * strides[axis], 0);
    for (let axis = to.length - 1; axis >= 0 && ++index[axis] === to[axis]; axis--) index[axis] = 0;
  }
  return sources;
}

/** a + b or a * b where shapes differ: axes of length 1, and those missing in front, are repeated. */
export function broadcast(tape: Tape, a: Value, b: Value, operation: 'add' | 'multiply'): Value {
  const rank = Math.max(a.shape.length, b.shape.length);
  const axis = ({ shape }: Value, i: number): number => shape[i - (rank - shape.length)] ?? 1;
  const shape = Array.from({ length: rank }, (_, i) => Math.max(axis(a, i), axis(b, i)));
  const y = tape.value(shape, a.storage.trained || b.storage.trained);
  const { workspace } = tape;
  const [fromA, fromB] = [sourcesOf(a.shape, shape), sourcesOf(b.shape, shape)];
  const [atA, atB, atY] = [a, b, y].map(({ storage }) => storage.address / FLOAT_BYTES);
  tape.call('elementwise', () => {
    const { floats } = workspace;
    if (operation === 'add')
      for (let i = 0; i < fromA.length; i++)
        floats[atY + i] = floats[atA + fromA[i]] + floats[atB + fromB[i]];
    else
      for (let i = 0; i < fromA.length; i++)
        floats[atY + i] = floats[atA + fromA[i]] * floats[atB + fromB[i]];
  });
  tape.onBackward(y, () => {
    const given = tape.gradientOf(y) / FLOAT_BYTES;
    for (const [x, sources, other, otherSources] of [
      [a, fromA, atB, fromB],
      [b, fromB, atA, fromA],
    ] as const) {
      if (!x.storage.trained) continue;
      const share = tape.share(x, false).address / FLOAT_BYTES;
      tape.call('elementwise', () => {
        const { floats } = workspace;
        if (operation === 'add')
          for (let i = 0; i < sources.length; i++) floats[share + sources[i]] += floats[given + i];
        else
          for (let i = 0; i < sources.length; i++)
            floats[share + sources[i]] += floats[given + i] * floats[other + otherSources[i]];
      });
    }
  });
  return y;
}
