import type { Random } from '../core/random.js';

/** What a drawn face shows, -1..1. */
export interface ShownAffect {
  readonly valence: number;
  readonly arousal: number;
}

type Colour = readonly [red: number, green: number, blue: number];

/** Rows and columns over which an edge goes from one colour to the other, in pixels. */
const EDGE_PX = 1;
const EYE_WHITE: Colour = [240, 240, 235];
const PUPIL: Colour = [40, 30, 30];
const INSIDE_OF_MOUTH: Colour = [70, 20, 25];

/**
 * A cartoon of a face as `size` rows of `size` pixels in red, green and blue: [size, size, 3], 0..255. Valence bends the mouth
 * (corners up: 1), arousal opens eyes and mouth and raises the brows. Where the head stands, how large it is and how it leans,
 * its colours, the light and the noise are drawn, and tell of neither.
 */
export function drawFace({ valence, arousal }: ShownAffect, size: number, random: Random): Uint8Array {
  const between = (low: number, high: number): number => random.between(low, high);
  const openness = (arousal + 1) / 2;
  const ground: Colour = [between(20, 230), between(20, 230), between(20, 230)];
  const tone = between(0.35, 1);
  const skin: Colour = [235 * tone, 195 * tone, 165 * tone];
  const hair: Colour = [between(20, 120), between(15, 90), between(10, 60)];
  const lips: Colour = [between(120, 190), between(40, 90), between(50, 100)];
  const scale = between(0.8, 1.05);
  const lean = between(-0.25, 0.25);
  const [cos, sin] = [Math.cos(lean) / scale, Math.sin(lean) / scale];
  const [centreX, centreY] = [between(-0.1, 0.1), between(-0.1, 0.1)];
  const [lightX, lightY] = [between(-0.15, 0.15), between(-0.15, 0.15)];
  const noise = between(0, 12);
  const eyeHeight = 0.03 + 0.11 * openness;
  const brow = -0.4 - 0.1 * openness;
  const lipHeight = 0.035 + 0.08 * openness;
  const soft = (2 * EDGE_PX) / (size * scale);

  const out = new Uint8Array(size * size * 3);
  const colour: [number, number, number] = [0, 0, 0];
  for (let row = 0, to = 0; row < size; row++)
    for (let column = 0; column < size; column++, to += 3) {
      const px = (2 * column + 1) / size - 1;
      const py = (2 * row + 1) / size - 1;
      // The face's own coordinates: x to its left eye, y to its chin, about 1 at its edge.
      const [dx, dy] = [px - centreX, py - centreY];
      const x = cos * dx + sin * dy;
      const y = -sin * dx + cos * dy;
      const side = Math.abs(x) - 0.3;
      [colour[0], colour[1], colour[2]] = ground;
      paint(colour, hair, coverage(ellipse(x, y + 0.12, 0.76, 0.9), soft));
      paint(colour, skin, coverage(ellipse(x, y - 0.05, 0.68, 0.86), soft));
      paint(colour, hair, coverage(box(side, y - brow, 0.15, 0.025), soft));
      const eye = coverage(ellipse(side, y + 0.18, 0.16, eyeHeight), soft);
      paint(colour, EYE_WHITE, eye);
      paint(colour, PUPIL, eye * coverage(ellipse(side, y + 0.18, 0.07, 0.07), soft));
      paint(colour, PUPIL, 0.4 * coverage(box(x, y - 0.12, 0.03, 0.12), soft));
      const along = x / 0.36;
      const mouth = y - 0.45 - 0.16 * valence * (0.5 - along * along);
      const closing = Math.sqrt(Math.max(0, 1 - along * along));
      paint(colour, lips, coverage(box(x, mouth, 0.36, lipHeight * closing + 0.015), soft));
      paint(
        colour,
        INSIDE_OF_MOUTH,
        openness * coverage(box(x, mouth, 0.28, 0.6 * lipHeight * closing), soft),
      );
      const light = 1 + lightX * px + lightY * py;
      for (let c = 0; c < 3; c++)
        out[to + c] = Math.max(0, Math.min(255, Math.round(light * colour[c] + noise * random.gaussian())));
    }
  return out;
}

/** About how far a point lies outside an ellipse; below 0: inside. */
function ellipse(x: number, y: number, width: number, height: number): number {
  const reach = Math.sqrt((x / width) * (x / width) + (y / height) * (y / height));
  return (reach - 1) * Math.min(width, height);
}

function box(x: number, y: number, width: number, height: number): number {
  return Math.max(Math.abs(x) - width, Math.abs(y) - height);
}

/** Share of a pixel that lies inside. */
function coverage(distance: number, soft: number): number {
  return Math.max(0, Math.min(1, 0.5 - distance / soft));
}

function paint(onto: [number, number, number], colour: Colour, share: number): void {
  for (let c = 0; c < 3; c++) onto[c] += share * (colour[c] - onto[c]);
}
