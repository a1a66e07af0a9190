import type { DatasetRecording, ImageTrial } from '../dataset.js';
import { colours } from './face-crop.js';

/** A person's faces, each of `size` rows of `size` pixels in red, green and blue: one session. */
export function faceRecording(
  person: string,
  size: number,
  images: readonly ImageTrial[],
): DatasetRecording & { readonly kind: 'images' } {
  return {
    person,
    session: '1',
    kind: 'images',
    modality: 'face',
    shape: { channels: colours, height: size, width: size },
    images,
  };
}
