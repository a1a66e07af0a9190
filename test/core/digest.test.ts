import { expect, it } from 'vitest';
import { canonicalJson, digestOf } from '../../src/core/digest.js';

it('does not depend on the order of keys or on undefined members', () => {
  const a = { x: 1, y: [1, { b: null, a: 'é' }], z: undefined };
  const b = { y: [1, { a: 'é', b: null }], x: 1 };
  expect(canonicalJson(a)).toBe('{"x":1,"y":[1,{"a":"é","b":null}]}');
  expect(digestOf(a)).toBe(digestOf(b));
});

it('tells values apart', () => {
  expect(digestOf({ x: 1 })).not.toBe(digestOf({ x: '1' }));
  expect(digestOf([1, 2])).not.toBe(digestOf([2, 1]));
});
