import { type ModalityFrame, type ModalityInput, maskLength, valuesPerChannel } from '../../core/model.js';
import type { InputSpec, Standardisation } from '../../model/networks/definition.js';
import type { ModelInputs } from './dataset.js';
import type { Example } from './example.js';

/** Brings the values of a pixel to 0..1, as PRNet does. */
const PIXEL_RANGE = 255;

/** Below this spread a feature is taken as constant and left unscaled. */
const SMALLEST_SD = 1e-6;

/**
 * A model's inputs, standardised as the measured values of training examples are spread, which are gone through once; of
 * an image nothing is measured, its pixels go from 0 to 1.
 *
 * @param with_mask features come with their masks
 */
export function standardisedInputs(
  inputs: ModelInputs,
  examples: readonly Example[],
  clip_sd: number | null,
  with_mask: boolean,
): InputSpec[] {
  const spreads = [...inputs.values()].map((input) => (input.kind === 'image' ? null : new Spread(input)));
  if (spreads.some((spread) => spread !== null))
    for (const { frame } of examples) for (const [m, spread] of spreads.entries()) spread?.add(frame[m]);
  return [...inputs].map(([name, input], m) => ({
    ...input,
    name,
    standardisation: { ...(spreads[m]?.meanAndSd() ?? pixels(input)), clip_sd },
    with_mask: with_mask && input.kind === 'features',
  }));
}

function pixels(input: ModalityInput): Omit<Standardisation, 'clip_sd'> {
  const groups = maskLength(input);
  return { mean: Array(groups).fill(0), sd: Array(groups).fill(PIXEL_RANGE) };
}

/** Mean and standard deviation of each feature of a modality, or of each channel of raw windows. */
class Spread {
  readonly #groups: number;
  /** Values of a group in one frame. */
  readonly #span: number;
  readonly #count: Float64Array;
  readonly #mean: Float64Array;
  readonly #squares: Float64Array;

  constructor(input: ModalityInput) {
    this.#groups = maskLength(input);
    this.#span = valuesPerChannel(input);
    this.#count = new Float64Array(this.#groups);
    this.#mean = new Float64Array(this.#groups);
    this.#squares = new Float64Array(this.#groups);
  }

  add({ values, mask, present }: ModalityFrame): void {
    if (!present) return;
    const span = this.#span;
    for (let g = 0; g < this.#groups; g++) {
      if (mask[g] !== 1) continue;
      let [count, mean, squares] = [this.#count[g], this.#mean[g], this.#squares[g]];
      for (let i = g * span; i < (g + 1) * span; i++) {
        // Welford's recurrence: large offsets cost no precision.
        count++;
        const before = values[i] - mean;
        mean += before / count;
        squares += before * (values[i] - mean);
      }
      [this.#count[g], this.#mean[g], this.#squares[g]] = [count, mean, squares];
    }
  }

  meanAndSd(): Omit<Standardisation, 'clip_sd'> {
    const sd = Array.from(this.#squares, (sum, g) => Math.sqrt(sum / Math.max(1, this.#count[g])));
    return { mean: [...this.#mean], sd: sd.map((s) => (s > SMALLEST_SD ? s : 1)) };
  }
}
