import { expect, it } from 'vitest';
import { Switch } from '../../../src/pipeline/run/switch.js';

function using(value: Switch<string>, name: string, log: string[], refuses = false): () => void {
  return value.use((next) => {
    log.push(`${name} gets ready for ${next}`);
    if (refuses) throw new Error(`${name} can't`);
    return () => log.push(`${name} goes over to ${next}`);
  });
}

it('is replaced for all its users at once, when all are ready', () => {
  const [value, log] = [new Switch('a'), [] as string[]];
  using(value, 'one', log);
  const leave = using(value, 'other', log);
  const goOver = value.prepare('b');
  expect(value.value).toBe('a');
  goOver();
  expect(value.value).toBe('b');
  leave();
  value.prepare('c')();
  expect(log).toEqual([
    'one gets ready for b',
    'other gets ready for b',
    'one goes over to b',
    'other goes over to b',
    'one gets ready for c',
    'one goes over to c',
  ]);
});

it('is replaced for none of them where one is not ready', () => {
  const [value, log] = [new Switch('a'), [] as string[]];
  using(value, 'one', log);
  using(value, 'other', log, true);
  expect(() => value.prepare('b')).toThrow("other can't");
  expect(value.value).toBe('a');
  expect(log).not.toContain('one goes over to b');
});
