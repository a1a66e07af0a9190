import { expect, it } from 'vitest';
import { missingShare } from '../../../../src/learn/evaluate/missing/missing-share.js';
import { withFrame } from '../../../../src/learn/examples/example.js';
import { onlyModality } from '../../../../src/learn/examples/missing.js';
import { windowsOf } from './frames.js';

it('counts what was taken of what there was', () => {
  const before = windowsOf(4, 2);
  expect(missingShare(before, before)).toBe(0);
  expect(
    missingShare(
      before,
      before.map((window) => withFrame(window, () => onlyModality(window.frame, 1))),
    ),
  ).toBe(0.5);
  expect(missingShare([], [])).toBe(0);
});
