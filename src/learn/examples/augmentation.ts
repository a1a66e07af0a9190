import { z } from 'zod';
import type { ModalityInput } from '../../core/model.js';

export const augmentationSettings = z
  .strictObject({
    rotation_deg: z.number().min(0).max(180).default(0).describe('Turned by up to this, either way.'),
    zoom: z.number().min(0).lt(1).default(0).describe('Enlarged or shrunk by up to this share.'),
    flip: z.boolean().default(false).describe('Every other one, by chance, is mirrored, left for right.'),
    brightness: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe('Lighter or darker by up to this share of the scale.'),
    contrast: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe('Distances from the mean grown or shrunk by up to this share.'),
  })
  .describe('How images are altered while training, each anew every time.');
export type AugmentationSettings = z.infer<typeof augmentationSettings>;

/** What happens to an image. */
export interface Alteration {
  /** Counter-clockwise. */
  readonly rotation_rad: number;
  /** Above 1: enlarged. */
  readonly zoom: number;
  readonly flip: boolean;
  /** Added, as a share of the scale 0..255. */
  readonly brightness: number;
  /** What distances from the mean are multiplied by. */
  readonly contrast: number;
}

/** Always as many numbers are drawn, whatever the settings. */
export function drawAlteration(s: AugmentationSettings, uniform: () => number): Alteration {
  const within = (limit: number): number => limit * (2 * uniform() - 1);
  return {
    rotation_rad: (Math.PI / 180) * within(s.rotation_deg),
    zoom: 1 + within(s.zoom),
    flip: uniform() < 0.5 && s.flip,
    brightness: within(s.brightness),
    contrast: 1 + within(s.contrast),
  };
}

/** The largest value of a colour. */
const WHITE = 255;

/**
 * An image mirrored, turned and enlarged about its middle (bilinear; beyond its edge the edge goes on), then given more or less
 * contrast and light.
 *
 * @param image [H, W, C], 0..255
 */
export function alteredImage(
  image: ArrayLike<number>,
  { height, width, channels }: Pick<ModalityInput & { kind: 'image' }, 'height' | 'width' | 'channels'>,
  { rotation_rad, zoom, flip, brightness, contrast }: Alteration,
): Float32Array {
  const depth = channels.length;
  const out = new Float32Array(height * width * depth);
  const [cos, sin] = [Math.cos(rotation_rad) / zoom, Math.sin(rotation_rad) / zoom];
  const [middleY, middleX] = [(height - 1) / 2, (width - 1) / 2];
  let sum = 0;
  for (let row = 0, to = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const dy = row - middleY;
      const dx = flip ? middleX - column : column - middleX;
      const y = Math.max(0, Math.min(height - 1, middleY + cos * dy + sin * dx));
      const x = Math.max(0, Math.min(width - 1, middleX - sin * dy + cos * dx));
      const [top, left] = [Math.floor(y), Math.floor(x)];
      const [down, right] = [y - top, x - left];
      const above = (top * width + left) * depth;
      // At the last row and column nothing of the next one is taken.
      const below = down > 0 ? above + width * depth : above;
      const beside = right > 0 ? depth : 0;
      for (let c = 0; c < depth; c++, to++) {
        const upper = image[above + c] + right * (image[above + beside + c] - image[above + c]);
        const lower = image[below + c] + right * (image[below + beside + c] - image[below + c]);
        const value = upper + down * (lower - upper);
        out[to] = value;
        sum += value;
      }
    }
  const mean = sum / out.length;
  const offset = mean * (1 - contrast) + WHITE * brightness;
  for (let i = 0; i < out.length; i++) out[i] = Math.max(0, Math.min(WHITE, contrast * out[i] + offset));
  return out;
}
