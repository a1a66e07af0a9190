import { encodeFrames } from '../../model/frames.js';
import type { InputSpec } from '../../model/networks/definition.js';
import type { Example } from '../examples/example.js';

/** Rows that suffice to see how features go together. */
const MOST_ROWS = 4096;

/**
 * D^-1/2 (A + I) D^-1/2 with A the absolute correlations of a modality's standardised features over training examples
 * (Kipf & Welling 2017), row-major [F, F]. Features that never vary are tied to themselves alone.
 */
export function correlationAdjacency(
  input: InputSpec,
  m: number,
  examples: readonly Example[],
): Float32Array {
  const stride = Math.max(1, Math.floor(examples.length / MOST_ROWS));
  const f = input.kind === 'features' ? input.features.length : 0;
  const rows: Float32Array[] = [];
  for (let i = 0; i < examples.length; i += stride) {
    const own = examples[i].frame[m];
    if (own.present) rows.push(encodeFrames([input], [[own]]).inputs.get(input.name)!);
  }
  const column = (c: number): Float64Array => Float64Array.from(rows, (row) => row[c]);
  const centred = Array.from({ length: f }, (_, c) => {
    const own = column(c);
    const mean = own.reduce((sum, v) => sum + v, 0) / own.length;
    return own.map((v) => v - mean);
  });
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, i) => sum + v * b[i], 0);
  const power = centred.map((own) => dot(own, own));
  const tied = new Float64Array(f * f);
  for (let i = 0; i < f; i++)
    for (let j = 0; j < f; j++) {
      const spread = Math.sqrt(power[i] * power[j]);
      tied[i * f + j] = (spread > 0 ? Math.abs(dot(centred[i], centred[j])) / spread : 0) * Number(i !== j);
      if (i === j) tied[i * f + j] = 1;
    }
  const degree = Array.from({ length: f }, (_, i) =>
    tied.subarray(i * f, (i + 1) * f).reduce((s, v) => s + v, 0),
  );
  return Float32Array.from(tied, (v, k) => v / Math.sqrt(degree[Math.floor(k / f)] * degree[k % f]));
}
