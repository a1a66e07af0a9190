import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import { ConfigurationError } from '../../src/core/errors.js';
import type { SessionEvent } from '../../src/core/event.js';
import { type StreamMessage, streamOf } from '../../src/core/signal.js';
import { openRecording } from '../../src/io/recordings/open.js';
import type { ThinnedWindow } from '../../src/io/recordings/recording.js';
import { parseSessionLogLine } from '../../src/io/recordings/xdf/session-log.js';
import { XdfWriter } from '../../src/io/recordings/xdf/xdf-writer.js';
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
  expect(events.map(({ code }) => code).sort()).toEqual([
    'recording-closed',
    'recording-closed',
    'recording-opened',
    'recording-opened',
  ]);
});

it('never writes over a file, whatever the sessions are called', async () => {
  const { recorder, files } = start('same');
  for (const session of ['a b', 'a/b', 'a_b']) {
    recorder.take({ session, message: { kind: 'open', info } });
    recorder.take({ session, message: { kind: 'chunk', chunk: chunkOf(info, [[1]], 0) } });
  }
  await recorder.close();
  expect(files()).toHaveLength(3);
});

it('leaves a file that is readable up to the last chunk when it is killed', async () => {
  const { recorder, files } = start('killed');
  recorder.take({ session: 'lab', message: { kind: 'open', info } });
  for (let t = 0; t < 5; t++)
    recorder.take({ session: 'lab', message: { kind: 'chunk', chunk: chunkOf(info, [[1, 2]], t) } });
  await recorder.safe('lab');
  const recording = await openRecording(join(folder, 'killed', files()[0]));
  expect(recording.streams[0].samples).toBe(10);
  await recording.close();
  await recorder.close();
});

it('says at once that the folder cannot be made', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(start('file/below').recorder.check()).rejects.toThrow(ConfigurationError);
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
  await recorder.close();
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

it('notes what a session left out as runs of chunks, at most ten times a second, and the last ones at the end', async () => {
  const { recorder, clock, files } = start('dropped');
  const cues = { ...streamInfo({ type: 'Markers', sfreq: 0, labels: ['cue'], unit: '' }), id: 'cues' };
  for (const one of [info, cues]) recorder.take({ session: 'lab', message: { kind: 'open', info: one } });
  const isLeftOut = (k: number): boolean => k % 50 >= 20;
  for (let k = 0; k < 200; k++) {
    for (const [stream, samples] of isLeftOut(k) ? [[info.id, 2] as const, [cues.id, 1] as const] : [])
      recorder.take({ session: 'lab', message: { kind: 'dropped', stream, samples } });
    recorder.take({ session: 'lab', message: { kind: 'chunk', chunk: chunkOf(info, [[k, 2]], k / 5) } });
    recorder.take({
      session: 'lab',
      message: { kind: 'marker', marker: { stream: 'cues', time: k / 5, value: 'cue' } },
    });
    clock.advance(0.004);
  }
  await recorder.close();
  const path = join(folder, 'dropped', files()[0]);
  const lines = [...readFileSync(path, 'latin1').matchAll(/\{"k":"dropped".*?\}/g)];
  // In 0.8 s, of two streams.
  expect(lines.length).toBeGreaterThan(8);
  expect(lines.length).toBeLessThanOrEqual(2 * 9);
  const runs = lines.map(([line]) => (JSON.parse(line) as { chunk: number[] }).chunk.length);
  expect(runs.reduce((sum, n) => sum + n)).toBeLessThanOrEqual(lines.length + 2 * 4);
  const recording = await openRecording(path);
  const left = new Map<string, number>();
  const found: Record<string, number[]> = {};
  for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} })) {
    if (message.kind === 'dropped') left.set(message.stream, message.samples);
    if (message.kind !== 'chunk' && message.kind !== 'marker') continue;
    const id = streamOf(message)!;
    const samples = message.kind === 'chunk' ? message.chunk.times.length : 1;
    const rest = left.get(id) ?? 0;
    found[id] = [...(found[id] ?? []), Math.min(rest, samples)];
    left.set(id, Math.max(0, rest - samples));
  }
  await recording.close();
  const expected = (samples: number) => Array.from({ length: 200 }, (_, k) => (isLeftOut(k) ? samples : 0));
  expect(Object.values(found)).toEqual([expected(2), expected(1)]);
});

it('where a graph began anew is told before the message in which it did, one of samples or a line of the log', async () => {
  const { recorder, files } = start('anew');
  const take = (message: StreamMessage): StreamMessage => {
    recorder.take({ session: 'lab', message });
    return message;
  };
  take({ kind: 'open', info });
  const first = take({ kind: 'chunk', chunk: chunkOf(info, [[1, 2]], 0) });
  const stale = take({ kind: 'stale', stream: info.id, isStale: true });
  take({ kind: 'chunk', chunk: chunkOf(info, [[3, 4]], 1) });
  for (const [given, after] of [first, stale, null].entries())
    recorder.begunAnew('lab', { pipeline: 'p', given, isDown: false, reason: 'it is odd' }, after);
  await recorder.close();
  const recording = await openRecording(join(folder, 'anew', files()[0]));
  expect(recording.problems).toEqual([]);
  const told = [];
  for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} }))
    told.push(message.kind === 'anew' ? [message.anew.given, message.atEnd] : message.kind);
  expect(told).toEqual(['open', [0, false], 'chunk', [1, false], 'stale', 'chunk', [2, true], 'close']);
  await recording.close();
});

it.each([
  'no JSON',
  '{"k":"dropped","t":0,"stream":1,"samples":5}',
  '{"k":"dropped","t":0,"stream":1,"chunk":[1],"samples":[-5]}',
  '{"k":"dropped","t":0,"stream":1,"chunk":[1],"samples":[0.5]}',
  '{"k":"dropped","t":0,"stream":1,"chunk":[1,2],"samples":[5]}',
  '{"k":"dropped","t":0,"stream":1,"chunk":[9],"samples":[5]}',
  '{"k":"dropped","t":0,"stream":7,"chunk":[1],"samples":[5]}',
  '{"k":"anew","t":0,"stream":1,"chunk":1,"pipeline":"p","given":-1,"down":false}',
  '{"k":"anew","t":0,"stream":1,"chunk":1,"pipeline":"p","given":1e999,"down":false}',
  '{"k":"anew","t":0,"stream":1,"chunk":0,"pipeline":"p","given":0,"down":false}',
  '{"k":"anew","t":0,"stream":7,"chunk":1,"pipeline":"p","given":0,"down":false}',
  '{"k":"anew","t":0,"stream":1,"chunk":1,"given":0,"down":false}',
])('a line that can’t be read, or tells of nothing in the file, is one problem of it: %s', async (text) => {
  const path = join(folder, 'nonsense.xdf');
  const writer = XdfWriter.create(path, { start_unix_s: 1e9 });
  writer.open(info, { arrival: true });
  writer.write(chunkOf(info, [[1, 2]], 0));
  for (let k = 0; k < 2; k++) writer.writeLog(0.1, { toJSON: () => ({ text }) } as never);
  writer.close();
  const quoted = JSON.stringify({ text });
  const bytes = readFileSync(path, 'latin1').replaceAll(quoted, text.padEnd(quoted.length));
  writeFileSync(path, bytes, 'latin1');
  const recording = await openRecording(path);
  expect(recording.problems).toEqual([expect.stringMatching(/^[^\n]*its session's log[^\n]*: 2; left out$/)]);
  const kinds = [];
  for await (const { kind } of recording.messages({ chunk: null, clockSync: true, events: () => {} }))
    kinds.push(kind);
  expect(kinds).toEqual(['open', 'chunk', 'close']);
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

it('closes what is open when its session ends, but not when the process does', async () => {
  const lines = async (name: string, isRescued: boolean) => {
    const { recorder, files } = start(name);
    recorder.take({ session: 'lab', message: { kind: 'open', info } });
    recorder.take({ session: 'lab', message: { kind: 'chunk', chunk: chunkOf(info, [[1, 2]], 0) } });
    await recorder.safe('lab');
    if (isRescued) recorder.rescue();
    else await recorder.close();
    const text = readFileSync(join(folder, name, files()[0]), 'latin1');
    return text.match(/\{"k":"\w+"/g);
  };
  expect(await lines('ended', false)).toEqual(['{"k":"open"', '{"k":"close"']);
  expect(await lines('rescued', true)).toEqual(['{"k":"open"']);
});
