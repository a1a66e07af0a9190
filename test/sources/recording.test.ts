import { join } from 'node:path';
import { firstValueFrom, take, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import { InputError } from '../../src/core/errors.js';
import { recordingSource } from '../../src/sources/recording.js';

const demo = join(import.meta.dirname, '..', '..', 'fixtures', 'demo', 'demo.xdf');
const create = (path: string, clock: VirtualClock) =>
  recordingSource.create({ path, speed: 1 }, { clock, events: () => {}, session: 'lab' });

it('plays a file into the session it is given, streams first', async () => {
  const messages = await firstValueFrom(create(demo, new VirtualClock()).messages$.pipe(take(10), toArray()));
  expect(messages.every(({ session }) => session === 'lab')).toBe(true);
  expect(messages.slice(0, 9).every(({ message }) => message.kind === 'open')).toBe(true);
  expect(messages[9].message.kind).toBe('chunk');
});

it('each subscriber gets the file from its start', async () => {
  const source = create(demo, new VirtualClock());
  const first = () => firstValueFrom(source.messages$.pipe(take(10), toArray()));
  expect(await first()).toEqual(await first());
});

it('a file that cannot be read ends the source with a clear error', async () => {
  await expect(firstValueFrom(create('missing.xdf', new VirtualClock()).messages$)).rejects.toBeInstanceOf(
    InputError,
  );
});
