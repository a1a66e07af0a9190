import { type ModalityInput, valuesPerChannel } from '../core/model.js';
import type { Standardisation } from '../models/definition.js';
import type { Example } from './example.js';

/** Brings the values of a pixel to 0..1, as PRNet does. */
const PIXEL_RANGE = 255;

/** Below this spread a feature is taken as constant and left unscaled. */
const SMALLEST_SD = 1e-6;

/** Mean and standard deviation of modality `m` over the measured values of training examples. */
export function fitStandardisation(
  input: ModalityInput,
  m: number,
  examples: readonly Example[],
  clip_sd: number | null,
): Standardisation {
  if (input.kind === 'image') {
    const of = (value: number): number[] => input.channels.map(() => value);
    return { mean: of(0), sd: of(PIXEL_RANGE), clip_sd };
  }
  const groups = input.kind === 'features' ? input.features.length : input.channels.length;
  const span = valuesPerChannel(input);
  const count = new Float64Array(groups);
  const mean = new Float64Array(groups);
  const squares = new Float64Array(groups);
  for (const { frame } of examples) {
    const { values, mask, present } = frame[m];
    if (!present) continue;
    for (let g = 0; g < groups; g++) {
      if (mask[g] !== 1) continue;
      for (let i = g * span; i < (g + 1) * span; i++) {
        // Welford's recurrence: large offsets cost no precision.
        count[g]++;
        const before = values[i] - mean[g];
        mean[g] += before / count[g];
        squares[g] += before * (values[i] - mean[g]);
      }
    }
  }
  const sd = Array.from(squares, (sum, g) => Math.sqrt(sum / Math.max(1, count[g])));
  return { mean: [...mean], sd: sd.map((s) => (s > SMALLEST_SD ? s : 1)), clip_sd };
}
