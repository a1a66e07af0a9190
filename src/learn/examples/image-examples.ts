import { InputError } from '../../core/errors.js';
import type { ModalityInput, ModelFrame } from '../../core/model.js';
import type { Dataset, ImageTrial, Label } from '../datasets/dataset.js';
import { type ModelInputs, originOf } from './dataset.js';
import { type Example, withFrame } from './example.js';
import { onlyPlace } from './session-places.js';

const NOTHING = new Float32Array();
/** An image has no time. */
const timeless = { window: [0, 0], since_start: 0, since_onset: 0 } as const;

/**
 * The examples of a data set of images: each decodes its image when its frame's values are loaded, and nothing of it is held.
 * Throws `InputError` where there is none.
 */
export async function imageExamples(
  dataset: Dataset,
  people: readonly string[],
  relabel: (label: Label) => Label,
): Promise<{ readonly inputs: ModelInputs; readonly examples: readonly Example[] }> {
  const inputs = new Map<string, ModalityInput>();
  const examples: Example[] = [];
  for (const person of people)
    for await (const recording of dataset.recordings(person)) {
      if (recording.kind !== 'images') continue;
      const { modality, shape } = recording;
      inputs.set(modality, { kind: 'image', ...shape, upstream: `released:${dataset.name}` });
      const mask = new Uint8Array(shape.channels.length).fill(1);
      for (const image of recording.images) {
        const frame: ModelFrame = [{ values: NOTHING, mask, present: true, load: () => pixelsOf(image) }];
        const origin = originOf(recording, image, onlyPlace);
        const label = relabel(image.label);
        examples.push(withFrame({ ...origin, ...timeless, label }, () => frame));
      }
    }
  if (inputs.size > 1)
    throw new TypeError(`${dataset.name}: images of several kinds, ${[...inputs.keys()].join(', ')}`);
  if (examples.length === 0) throw new InputError('training-empty', `${dataset.name}: no labelled image`);
  return { inputs, examples };
}

async function pixelsOf(image: ImageTrial): Promise<Float32Array> {
  return Float32Array.from(await image.read());
}
