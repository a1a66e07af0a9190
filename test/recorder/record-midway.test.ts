import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import type { StreamMessage } from '../../src/core/signal.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { SessionRecorder } from '../../src/recorder/session-recorder.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { ScriptedDisk, type Step, sessions, settled, troubledSessions } from './recorded-parts.js';

const folder = temporaryFolder();
let runs = 0;

/** Records `steps` from the one numbered `from` to the one numbered `to`. */
async function recorded(steps: readonly Step[], from: number, to: number) {
  const path = join(folder, `midway-${runs++}`);
  mkdirSync(path);
  const disk = new ScriptedDisk();
  const clock = new VirtualClock(0, 1e9);
  const recorder = new SessionRecorder(path, {
    ...{ clock, disk, events: () => {}, sync: 'always', onRequest: true, limits: { bytes: 6000 } },
  });
  let stopped: Promise<unknown> | null = null;
  for (const [k, step] of steps.entries()) {
    if (k === from) recorder.start('lab');
    if (k === to) stopped = recorder.stop('lab');
    if (step.do === 'take') recorder.take({ session: 'lab', message: step.message });
    else if (step.do === 'thinned') recorder.thinned('lab', step.window);
    else if (step.do === 'reload') recorder.reloaded('sha256:a', step.to);
    else if (step.do === 'fail') disk.failing = step.how;
    else {
      await settled();
      clock.advance(step.s);
      await settled();
    }
  }
  disk.failing = null;
  for (let i = 0; i < 3; i++) {
    await settled();
    clock.advance(11);
  }
  await settled();
  await stopped;
  await recorder.close();
  return path;
}

/** What a session's messages say holds: open streams by name, what they feed, and which are silent. */
function heldBy(messages: readonly StreamMessage[]) {
  const names = new Map<string, string>();
  const open = new Map<string, number>();
  const bound = new Map<string, string>();
  const stale = new Set<string>();
  let zero: number | null = null;
  const forget = (name: string): void => {
    stale.delete(name);
    for (const [source, other] of bound) if (other === name) bound.delete(source);
  };
  for (const message of messages) {
    if (message.kind === 'zero') zero = message.time;
    else if (message.kind === 'open') {
      const { id, name, channels } = message.info;
      names.set(id, name);
      // One of another layout is another stream.
      if (open.get(name) !== channels.length) forget(name);
      open.set(name, channels.length);
    } else if (message.kind === 'bind') bound.set(message.source, names.get(message.stream)!);
    else if (message.kind === 'stale' && message.isStale) stale.add(names.get(message.stream)!);
    else if (message.kind === 'stale') stale.delete(names.get(message.stream)!);
    else if (message.kind === 'close') {
      open.delete(names.get(message.id)!);
      forget(names.get(message.id)!);
    }
  }
  return { zero, open: new Set([...open].map(String)), stale, bound: new Set([...bound].map(String)) };
}

const isSample = ({ kind }: StreamMessage): boolean => kind === 'chunk' || kind === 'marker';

/** Samples, each by itself. */
const samplesOf = (messages: readonly StreamMessage[]): unknown[] =>
  messages.flatMap((message) => {
    if (message.kind === 'marker') return [[message.marker.time, message.marker.value]];
    if (message.kind !== 'chunk') return [];
    const { info, times, data } = message.chunk;
    return [...times].map((time, i) => [
      ...[info.name, time],
      ...info.channels.map((_, c) => data[c * times.length + i]),
    ]);
  });

async function messagesIn(path: string) {
  const files = readdirSync(path);
  if (files.length === 0) return { messages: [], events: [], problems: [] };
  const recording = await openRecording(join(path, files[0]));
  expect(recording.inArrivalOrder).toBe(true);
  const messages: StreamMessage[] = [];
  const events: SessionEvent[] = [];
  const options = { chunk: null, clockSync: true, events: (event: SessionEvent) => events.push(event) };
  for await (const message of recording.messages(options)) messages.push(message);
  await recording.close();
  return { messages, events, problems: recording.problems };
}

const stretch = fc.tuple(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: 0, max: 1, noNaN: true }),
);
const takenIn = (steps: readonly Step[]): StreamMessage[] =>
  steps.flatMap((step) => (step.do === 'take' ? [step.message] : []));

it('a recording of a stretch of a session says what holds at its beginning, and has all samples of the stretch and no others', async () => {
  await fc.assert(
    fc.asyncProperty(sessions, stretch, async (steps, [a, b]) => {
      const from = 1 + Math.floor(Math.min(a, b) * (steps.length - 1));
      const to = from + Math.floor(Math.abs(a - b) * (steps.length - from));
      const { messages, events, problems } = await messagesIn(await recorded(steps, from, to));
      expect(problems).toEqual([]);
      const taken = takenIn(steps.slice(from, to));
      expect(samplesOf(messages)).toEqual(samplesOf(taken));
      // Markers alone have no time at which lines could stand that no marker follows.
      if (!taken.some(({ kind }) => kind === 'chunk')) return;
      const before = [...takenIn(steps.slice(0, from)), ...taken.slice(0, taken.findIndex(isSample))];
      const { open, ...held } = heldBy(messages.slice(0, messages.findIndex(isSample)));
      const { open: expected, ...rest } = heldBy(before);
      expect(held).toEqual(rest);
      // What came and went before the first sample stands in the file without a line.
      for (const stream of expected) expect(open).toContain(stream);
      const codes = events.map(({ code }) => code).filter((code) => code.startsWith('recording'));
      expect(codes).toEqual(['recording-starts-midway']);
    }),
    { numRuns: 150 },
  );
}, 60_000);

it('so it does when its disk fails now and then', async () => {
  await fc.assert(
    fc.asyncProperty(troubledSessions, stretch, async (steps, [a]) => {
      const from = 1 + Math.floor(a * (steps.length - 1));
      const { messages } = await messagesIn(await recorded(steps, from, steps.length + 1));
      expect(samplesOf(messages)).toEqual(samplesOf(takenIn(steps.slice(from))));
    }),
    { numRuns: 150 },
  );
}, 60_000);
