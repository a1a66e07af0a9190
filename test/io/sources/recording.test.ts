import { join } from 'node:path';
import { firstValueFrom, take, toArray } from 'rxjs';
import { expect, it } from 'vitest';
import { SystemClock, VirtualClock } from '../../../src/core/clock.js';
import { InputError } from '../../../src/core/errors.js';
import { SharedSessions } from '../../../src/io/sources/door/shared-sessions.js';
import { recordingSource } from '../../../src/io/sources/recording.js';

const demo = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'demo', 'demo.xdf');
const create = (path: string, clock: VirtualClock) =>
  recordingSource.create(
    { path, speed: 1 },
    { clock, events: () => {}, session: 'lab', sessions: new SharedSessions() },
  );

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

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('completes behind its last message, the streams closed', async () => {
  const source = recordingSource.create(
    { path: demo, speed: 1e9 },
    { clock: new SystemClock(), events: () => {}, session: 'lab', sessions: new SharedSessions() },
  );
  const messages = await firstValueFrom(source.messages$.pipe(toArray()));
  const count = (kind: string): number => messages.filter(({ message }) => message.kind === kind).length;
  expect(count('open')).toBeGreaterThan(5);
  expect(count('close')).toBe(count('open'));
  expect(messages.at(-1)?.message.kind).toBe('close');
});

it('gives nothing more once nobody listens, before it is open or after', async () => {
  const clock = new VirtualClock();
  const source = create(demo, clock);
  let heard = 0;
  source.messages$.subscribe(() => heard++).unsubscribe();
  for (let k = 0; k < 20; k++) await turn();
  clock.advance(10);
  await turn();
  expect(heard).toBe(0);
  const subscription = source.messages$.subscribe(() => heard++);
  while (heard < 12) {
    await turn();
    clock.advance(0.1);
  }
  subscription.unsubscribe();
  const before = heard;
  clock.advance(10);
  for (let k = 0; k < 20; k++) await turn();
  expect(heard).toBe(before);
});
