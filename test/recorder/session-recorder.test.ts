import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import { ConfigurationError } from '../../src/core/errors.js';
import type { SessionEvent } from '../../src/core/event.js';
import { openRecording } from '../../src/io/recordings/open.js';
import type { ThinnedWindow } from '../../src/io/recordings/recording.js';
import { parseSessionLogLine } from '../../src/io/recordings/xdf/session-log.js';
import { SessionRecorder } from '../../src/recorder/session-recorder.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const folder = temporaryFolder();

const info = streamInfo({ type: 'EEG', sfreq: 10, labels: ['Cz'], unit: 'uV' });

function start(name: string) {
  const events: SessionEvent[] = [];
  const path = join(folder, name);
  const clock = new VirtualClock(0, 1e9);
  const recorder = new SessionRecorder(path, { clock, events: (event) => events.push(event) });
  return { recorder, clock, events, files: () => readdirSync(path) };
}

it('gives each session a file of its own, named so that any system takes it', async () => {
  const { recorder, files, events } = start('two');
  for (const session of ['lab', 'a/b: c']) {
    recorder.take({ session, message: { kind: 'open', info } });
    recorder.take({ session, message: { kind: 'chunk', chunk: chunkOf(info, [[1, 2, 3]], 0) } });
  }
  await recorder.close();
  expect(files().sort()).toEqual(['a_b_c_2001-09-09T01-46-40.xdf', 'lab_2001-09-09T01-46-40.xdf']);
  expect(events.map(({ code }) => code)).toEqual([
    'recording-opened',
    'recording-opened',
    'recording-closed',
    'recording-closed',
  ]);
});

it('never writes over a file, whatever the sessions are called', async () => {
  const { recorder, files } = start('same');
  for (const session of ['a b', 'a/b', 'a_b']) recorder.take({ session, message: { kind: 'open', info } });
  await recorder.close();
  expect(files()).toHaveLength(3);
});

it('leaves a file that is readable up to the last chunk when it is killed', async () => {
  const { recorder, files } = start('killed');
  recorder.take({ session: 'lab', message: { kind: 'open', info } });
  for (let t = 0; t < 5; t++)
    recorder.take({ session: 'lab', message: { kind: 'chunk', chunk: chunkOf(info, [[1, 2]], t) } });
  const recording = await openRecording(join(folder, 'killed', files()[0]));
  expect(recording.streams[0].samples).toBe(10);
  await recording.close();
  await recorder.close();
});

it('says at once that the folder cannot be made', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => start('file/below')).toThrow(ConfigurationError);
});

it('notes a reload behind the samples before it; a replay gives the same and says so', async () => {
  const play = async (name: string, isReloaded: boolean) => {
    const { recorder, files } = start(name);
    recorder.take({ session: 'lab', message: { kind: 'open', info } });
    recorder.take({ session: 'new', message: { kind: 'open', info } });
    for (let t = 0; t < 5; t++) {
      recorder.take({ session: 'lab', message: { kind: 'chunk', chunk: chunkOf(info, [[1, 2]], t) } });
      if (isReloaded && t === 2) recorder.reloaded('sha256:a', 'sha256:b');
    }
    await recorder.close();
    const recording = await openRecording(
      join(folder, name, files().find((file) => file.startsWith('lab'))!),
    );
    const told: SessionEvent[] = [];
    const messages = [];
    for await (const message of recording.messages({
      chunk: null,
      clockSync: true,
      events: (e) => told.push(e),
    }))
      messages.push(message);
    await recording.close();
    return { messages, told, streams: recording.streams, inArrivalOrder: recording.inArrivalOrder };
  };
  const [plain, reloaded] = [await play('plain', false), await play('reloaded', true)];
  expect(reloaded.messages).toEqual(plain.messages);
  expect(reloaded.streams).toEqual(plain.streams);
  expect(reloaded.inArrivalOrder).toBe(true);
  expect(plain.told).toEqual([]);
  expect(reloaded.told.map(({ code, level }) => [code, level])).toEqual([['pipeline-reloaded', 'warn']]);
  expect(reloaded.told[0].message).toContain('sha256:a was replaced by sha256:b at stamp 2.100 s');
});

it('notes thinned windows by node, at most ten times a second, and the last ones at the end', async () => {
  const { recorder, clock, files } = start('thinned');
  recorder.take({ session: 'lab', message: { kind: 'open', info } });
  recorder.thinned('nobody', { node: 'a', model: 'm@sha256:0', seq: 0, time: 0 });
  const given = [];
  for (let k = 0; k < 100; k++) {
    if (k % 10 === 0)
      recorder.take({ session: 'lab', message: { kind: 'chunk', chunk: chunkOf(info, [[k, 2]], k / 50) } });
    for (const node of ['a', 'b'])
      if (node === 'a' || k % 2 === 0) {
        const window = { node, model: 'm@sha256:0', seq: k, time: k / 50 + 0.1 };
        given.push(window);
        recorder.thinned('lab', window);
      }
    clock.advance(0.02);
  }
  recorder.close();
  const path = join(folder, 'thinned', files()[0]);
  const lines = [...readFileSync(path, 'latin1').matchAll(/\{"k":"thinned".*?\}/g)].map(
    ([line]) => parseSessionLogLine(line)!,
  );
  const of = (node: string) => lines.filter((line) => line.k === 'thinned' && line.node === node);
  for (const node of ['a', 'b']) {
    const at = of(node).map(({ t }) => t);
    expect(at.length).toBeGreaterThanOrEqual(19);
    // The last one is written because the file ends.
    for (const [i, t] of at.slice(1, -1).entries()) expect(t - at[i]).toBeGreaterThan(0.1 - 1e-9);
  }
  const recording = await openRecording(path);
  const order = ({ node, seq }: ThinnedWindow): string => `${node}${String(seq).padStart(3, '0')}`;
  const sorted = (windows: readonly ThinnedWindow[]) =>
    [...windows].sort((x, y) => (order(x) < order(y) ? -1 : 1));
  expect(sorted(recording.thinned!)).toEqual(sorted(given));
  const kinds = [];
  for await (const { kind } of recording.messages({ chunk: null, clockSync: true, events: () => {} }))
    kinds.push(kind);
  expect(kinds).toEqual(['open', ...Array(10).fill('chunk'), 'close']);
  await recording.close();
});

it.each([
  ['of another shape', '{"k":"thinned","t":1,"node":"a","model":"m"}'],
  [
    'whose numbers and times are not as many',
    '{"k":"thinned","t":1,"node":"a","model":"m","seq":[1],"time":[]}',
  ],
  ['whose times are texts', '{"k":"thinned","t":1,"node":"a","model":"m","seq":[1],"time":["1"]}'],
])('a line of thinned windows %s says nothing', (_, text) => {
  expect(parseSessionLogLine(text)).toBeNull();
});
