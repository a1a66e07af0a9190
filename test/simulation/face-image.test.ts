import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { drawFace } from '../../src/simulation/face-image.js';

const SIZE = 48;
const draw = (valence: number, arousal: number, seed = 'a') =>
  drawFace({ valence, arousal }, SIZE, new Random(seed));

/** Rows in which two images differ by more than noise would. */
function rowsThatDiffer(a: Uint8Array, b: Uint8Array): number[] {
  return Array.from({ length: SIZE }, (_, row) => row).filter((row) => {
    const own = 3 * SIZE;
    return a.subarray(row * own, (row + 1) * own).some((value, i) => Math.abs(value - b[row * own + i]) > 30);
  });
}

describe('a drawn face', () => {
  it('is the same for the same numbers, and another for others', () => {
    expect(draw(0.3, -0.2)).toEqual(draw(0.3, -0.2));
    expect(draw(0.3, -0.2, 'b')).not.toEqual(draw(0.3, -0.2));
    expect(draw(0.3, -0.2)).toHaveLength(3 * SIZE * SIZE);
  });

  it('shows valence about its mouth alone', () => {
    const rows = rowsThatDiffer(draw(-1, 0), draw(1, 0));
    expect(rows.length).toBeGreaterThan(2);
    expect(Math.min(...rows)).toBeGreaterThan(SIZE / 2);
  });

  it('shows arousal about eyes and mouth', () => {
    const rows = rowsThatDiffer(draw(0, -1), draw(0, 1));
    expect(rows.some((row) => row < SIZE / 2)).toBe(true);
    expect(rows.some((row) => row > SIZE / 2)).toBe(true);
  });
});
