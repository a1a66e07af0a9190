import { expect, it } from 'vitest';
import { HOLD_S, LastSign, LEAST_S } from '../../../../src/signal/features/signs/signs.js';

it('says nothing before it could have seen a sign, then holds each for a while', () => {
  const last = new LastSign();
  expect(last.verdict(100)).toBeNaN();
  last.began(100);
  last.began(105);
  expect(last.verdict(100 + LEAST_S - 0.1)).toBeNaN();
  expect(last.verdict(100 + LEAST_S)).toBe(0);
  last.seen(120);
  expect(last.verdict(120 + HOLD_S)).toBe(1);
  expect(last.verdict(120 + HOLD_S + 0.1)).toBe(0);
});

it('begins anew where the clock was set back, and takes no sign from a future that was', () => {
  const last = new LastSign();
  last.began(1000);
  last.seen(1050);
  last.began(5);
  expect(last.verdict(6)).toBeNaN();
  expect(last.verdict(5 + LEAST_S)).toBe(0);
});
