import { existsSync } from 'node:fs';
import { ConfigurationError } from '../../../core/errors.js';
import { damaged, missing } from '../dataset-error.js';

/** A part of an image file, in its own pixels; what of it lies outside the image is left out. */
export interface FaceCrop {
  readonly path: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Channels of a decoded image, side by side in each pixel. */
export const colours = ['red', 'green', 'blue'] as const;

/** What of the package is used here. */
type Sharp = {
  (path: string, options: { failOn: 'error' }): SharpImage;
  cache(keep: boolean): unknown;
};
interface SharpImage {
  metadata(): Promise<{ readonly width?: number; readonly height?: number }>;
  extract(box: { left: number; top: number; width: number; height: number }): SharpImage;
  resize(width: number, height: number, options: { fit: 'fill'; kernel: 'cubic' }): SharpImage;
  toColourspace(space: 'srgb'): SharpImage;
  removeAlpha(): SharpImage;
  raw(): SharpImage;
  toBuffer(): Promise<Uint8Array>;
}

let decoder: Promise<Sharp> | null = null;

/** Decodes images. Not a dependency: who trains on no images needs none of its 17 MB. */
function loadDecoder(): Promise<Sharp> {
  // Named indirectly: no build may need the package.
  const specifier: string = 'sharp';
  decoder ??= import(specifier).then(
    ({ default: loaded }: { default: Sharp }) => {
      // Each file is read once an epoch: keeping them would only take memory.
      loaded.cache(false);
      return loaded;
    },
    (cause: unknown) => {
      decoder = null;
      throw new ConfigurationError(
        'image-decoder-missing',
        'images are decoded by the package sharp, which does not load; install it: npm install sharp@0.35',
        { cause },
      );
    },
  );
  return decoder;
}

/**
 * The face in an image, in red, green and blue, as `size` rows of `size` pixels: [size, size, 3], 0..255. Files may be JPEG, PNG,
 * TIFF, GIF or WebP. Throws `InputError` that names the file where it is missing or can't be decoded.
 */
export async function readFace({ path, ...box }: FaceCrop, size: number): Promise<Uint8Array> {
  const open = await loadDecoder();
  try {
    const image = open(path, { failOn: 'error' });
    const { width = 0, height = 0 } = await image.metadata();
    const [left, top] = [Math.max(0, Math.floor(box.left)), Math.max(0, Math.floor(box.top))];
    const right = Math.min(width, Math.ceil(box.left + box.width));
    const bottom = Math.min(height, Math.ceil(box.top + box.height));
    if (right <= left || bottom <= top)
      throw new Error(`its face box lies outside its ${width} x ${height} pixels`);
    const pixels = await image
      .extract({ left, top, width: right - left, height: bottom - top })
      .resize(size, size, { fit: 'fill', kernel: 'cubic' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer();
    if (pixels.length !== size * size * colours.length) throw new Error('it has no three colours');
    return pixels;
  } catch (cause) {
    if (!existsSync(path)) throw missing(path, 'the list names it: get the whole data set');
    const [why] = (cause as Error).message.split('\n');
    throw damaged(path, `no image that can be decoded (${why.trim()})`, cause);
  }
}
