import type { ModalityFrame, ModelFrame } from '../../core/model.js';
import { Random } from '../../core/random.js';
import type { BoundModel } from '../../model/networks/definition.js';
import { type AugmentationSettings, alteredImage, drawAlteration } from './augmentation.js';
import type { Example } from './example.js';

type Alter = (values: Float32Array, modality: number, row: number) => Float32Array;

async function loaded(frame: ModelFrame, row: number, alter: Alter): Promise<ModelFrame> {
  if (!frame.some(({ load }) => load)) return frame;
  return Promise.all(
    frame.map(
      async ({ load, ...modality }, m): Promise<ModalityFrame> =>
        load && modality.present ? { ...modality, values: alter(await load(), m, row) } : modality,
    ),
  );
}

/** Frames with their values there: images are decoded, many at a time. */
export function loadedFrames(
  examples: readonly Pick<Example, 'frame'>[],
  alter: Alter = (values) => values,
): Promise<ModelFrame[]> {
  return Promise.all(examples.map(({ frame }, row) => loaded(frame, row, alter)));
}

/** Loads the frames of training's batches, images altered as the settings ask; the same batch of the same step always gives the same. */
export class FrameLoader {
  constructor(
    private readonly model: Pick<BoundModel, 'inputs'>,
    private readonly settings: { readonly seed: number; readonly augmentation?: AugmentationSettings },
  ) {}

  /** @param step of the whole training, from 0 */
  frames(examples: readonly Example[], step: number): Promise<ModelFrame[]> {
    const { seed, augmentation } = this.settings;
    if (!augmentation) return loadedFrames(examples);
    // Drawn for all rows before the first is loaded: which one is decoded first makes no difference.
    const { uniform } = new Random(seed, `alterations ${step}`);
    const alterations = examples.map(() =>
      this.model.inputs.map(() => drawAlteration(augmentation, uniform)),
    );
    return loadedFrames(examples, (values, m, row) => {
      const input = this.model.inputs[m];
      return input.kind === 'image' ? alteredImage(values, input, alterations[row][m]) : values;
    });
  }
}
