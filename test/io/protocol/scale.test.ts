import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromEmotionML, fromSam, toEmotionML, toSam } from '../../../src/io/protocol/scale.js';

describe('scales', () => {
  it.each([
    [-1, 0, 1],
    [0, 0.5, 5],
    [1, 1, 9],
    [0.12, 0.56, 5.48],
    [-0.3, 0.35, 3.8],
    [0.123457, 0.5617285, 5.493828],
  ])('%f is %f in EmotionML and %f on SAM', (native, emotionML, sam) => {
    expect(toEmotionML(native)).toBe(emotionML);
    expect(toSam(native)).toBe(sam);
    expect(fromEmotionML(emotionML)).toBe(native);
    expect(fromSam(sam)).toBe(native);
  });

  it('comes back exactly for every value of 6 decimals', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), (millionths) => {
        const native = millionths / 1e6;
        expect(fromEmotionML(toEmotionML(native)) === native).toBe(true);
        expect(fromSam(toSam(native)) === native).toBe(true);
      }),
    );
  });
});
