import { expect, it } from 'vitest';
import { errorOf, owned } from '../../src/core/owned.js';

it('what goes wrong in work that nobody waits for is told to its owner, as an error', async () => {
  const told: string[] = [];
  const tell = ({ message }: Error): void => void told.push(message);
  for (const work of [undefined, Promise.resolve(1), Promise.reject(new Error('one')), Promise.reject('two')])
    owned(work, tell);
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual(['one', 'two']);
});

it('whatever was thrown is an error', () => {
  const error = new RangeError('far');
  expect(errorOf(error)).toBe(error);
  expect(errorOf(null).message).toBe('null');
});
