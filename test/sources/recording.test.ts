import { join } from 'node:path';
import { firstValueFrom, take, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import { InputError } from '../../src/core/errors.js';
import { recordingSource } from '../../src/sources/recording.js';

const demo = join(import.meta.dirname, '..', '..', 'fixtures', 'demo', 'demo.xdf');
const create = (path: string, clock: VirtualClock) =>
  recordingSource.create({ path, speed: 1 }, { clock, events: () => {}, session: 'lab' });

/** Messages of a new source on a clock that is moved on until they are there. */
async function firstTen(source: ReturnType<typeof create>, clock: VirtualClock) {
  let done = false;
  const messages = firstValueFrom(source.messages$.pipe(take(10), toArray())).finally(() => {
    done = true;
  });
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(0.1);
  }
  return messages;
}

it('plays a file into the session it is given, streams first', async () => {
  const clock = new VirtualClock();
  const messages = await firstTen(create(demo, clock), clock);
  expect(messages.every(({ session }) => session === 'lab')).toBe(true);
  expect(messages.slice(0, 9).every(({ message }) => message.kind === 'open')).toBe(true);
  expect(messages[9].message.kind).toBe('chunk');
});

it('each subscriber gets the file from its start', async () => {
  const clock = new VirtualClock();
  const source = create(demo, clock);
  expect(await firstTen(source, clock)).toEqual(await firstTen(source, clock));
});

it('a file that cannot be read ends the source with a clear error', async () => {
  await expect(firstValueFrom(create('missing.xdf', new VirtualClock()).messages$)).rejects.toBeInstanceOf(
    InputError,
  );
});
