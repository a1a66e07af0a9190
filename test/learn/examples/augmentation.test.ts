import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import {
  type Alteration,
  alteredImage,
  augmentationSettings,
  drawAlteration,
} from '../../../src/learn/examples/augmentation.js';

/** Made by fixtures/training/make_augmentation.py. */
const reference: {
  image: number[][][];
  cases: { alteration: Alteration; altered: number[][][] }[];
} = JSON.parse(
  readFileSync(new URL('../../../fixtures/training/augmentation.json', import.meta.url), 'utf8'),
);
const shape = { height: reference.image.length, width: reference.image[0].length, channels: ['r', 'g', 'b'] };

describe('an altered image', () => {
  it.each(reference.cases)('is what scipy makes of it: $alteration', ({ alteration, altered }) => {
    const found = alteredImage(Uint8Array.from(reference.image.flat(2)), shape, alteration);
    const expected = altered.flat(2);
    expect(found.length).toBe(expected.length);
    for (const [i, value] of expected.entries()) expect(Math.abs(found[i] - value)).toBeLessThan(1e-3);
  });

  it('keeps to the scale, whatever is done to it', () => {
    fc.assert(
      fc.property(
        fc.record({
          rotation_rad: fc.double({ min: -3.2, max: 3.2, noNaN: true }),
          zoom: fc.double({ min: 0.2, max: 3, noNaN: true }),
          flip: fc.boolean(),
          brightness: fc.double({ min: -1, max: 1, noNaN: true }),
          contrast: fc.double({ min: 0, max: 3, noNaN: true }),
        }),
        (alteration) => {
          const found = alteredImage(Uint8Array.from(reference.image.flat(2)), shape, alteration);
          return found.every((value) => value >= 0 && value <= 255);
        },
      ),
    );
  });
});

describe('a drawn alteration', () => {
  const settings = augmentationSettings.parse({
    rotation_deg: 30,
    zoom: 0.15,
    flip: true,
    brightness: 0.2,
    contrast: 0.3,
  });

  it('fills the ranges of the settings, and no more', () => {
    const { uniform } = new Random(1);
    const drawn = Array.from({ length: 2000 }, () => drawAlteration(settings, uniform));
    const range = (of: (a: Alteration) => number): [number, number] => [
      Math.min(...drawn.map(of)),
      Math.max(...drawn.map(of)),
    ];
    const turned = range(({ rotation_rad }) => (180 / Math.PI) * rotation_rad);
    for (const [found, low, high] of [
      [turned, -30, 30],
      [range(({ zoom }) => zoom), 0.85, 1.15],
      [range(({ brightness }) => brightness), -0.2, 0.2],
      [range(({ contrast }) => contrast), 0.7, 1.3],
    ] as const) {
      const slack = (high - low) / 100;
      expect(found[0]).toBeGreaterThanOrEqual(low - 1e-9);
      expect(found[0]).toBeLessThan(low + slack);
      expect(found[1]).toBeLessThanOrEqual(high + 1e-9);
      expect(found[1]).toBeGreaterThan(high - slack);
    }
    const flipped = drawn.filter(({ flip }) => flip).length;
    expect(flipped).toBeGreaterThan(900);
    expect(flipped).toBeLessThan(1100);
  });

  it('changes nothing without settings', () => {
    const nothing = drawAlteration(augmentationSettings.parse({}), new Random(3).uniform);
    const image = Uint8Array.from(reference.image.flat(2));
    expect([...alteredImage(image, shape, nothing)]).toEqual([...image]);
  });
});
