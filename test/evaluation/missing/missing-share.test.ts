import { expect, it } from 'vitest';
import { missingShare } from '../../../src/evaluation/missing/missing-share.js';
import { onlyModality } from '../../../src/training/missing.js';
import { framesOf } from './frames.js';

it('counts what was taken of what there was', () => {
  const before = framesOf(4, 2);
  expect(missingShare(before, before)).toBe(0);
  expect(
    missingShare(
      before,
      before.map((frame) => onlyModality(frame, 1)),
    ),
  ).toBe(0.5);
  expect(missingShare([], [])).toBe(0);
});
