import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Seconds, VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { openIngest, type Refusal } from '../../src/io/client/index.js';
import { openRecording } from '../../src/io/recordings/open.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import { passTill, passUntil } from '../cli/lock-step.js';
import { httpRequest } from '../io/server/daemon.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { FaultyDisk } from '../recorder/faulty-disk.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const RATE_HZ = 100;
const FRAME = 10;
const FULL_S: readonly [from: Seconds, to: Seconds] = [5, 12];
const END_S: Seconds = 18;

const folder = temporaryFolder();
const { cleanups } = cleanUpAfterEach();

const loaded = {
  pipeline: pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: 0.1 }
`),
  runners: new Map(),
};

async function run(name: string, fault: FaultyDisk['fault']) {
  const clock = new VirtualClock(5000, 1_700_000_000);
  const disk = new FaultyDisk();
  const record = join(folder, name);
  const events: SessionEvent[] = [];
  const settings = { host: '127.0.0.1', port: 0, engine: 'auto', logLevel: 'silent', record } as const;
  const daemon = await startDaemon({ stdout: new PassThrough(), clock, disk }, loaded, settings, (event) =>
    events.push(event),
  );
  cleanups.push(() => daemon.close());
  const rows: OutputMessage[] = [];
  daemon.runtime.outputs$.subscribe((output) => {
    // How long the disk takes at the end is of no interest.
    if (output.stream === 'features' && output.time <= END_S) rows.push(output);
  });
  const declared = { name: 'cap', type: 'EEG', sfreq: RATE_HZ, channels: ['Cz'], unit: 'uV' };
  const streams = ['one', 'two'].map((session) => {
    const stream = openIngest(daemon.server.url, {
      WebSocket,
      timers: clock,
      session,
      client: session,
      stream: declared,
    });
    const refusals: Refusal[] = [];
    let acked = -1;
    stream.on('nack', (refusal) => refusals.push(refusal));
    stream.on('ack', (index) => {
      acked = index;
    });
    return { stream, refusals, acked: () => acked };
  });
  await passTill(clock, () => streams.every(({ stream }) => stream.id !== null));
  const begin = clock.now();
  const ready: number[] = [];
  for (let frame = 0; frame < (END_S * RATE_HZ) / FRAME; frame++) {
    const at = (frame * FRAME) / RATE_HZ;
    disk.fault = at >= FULL_S[0] && at < FULL_S[1] ? fault : null;
    for (const { stream } of streams)
      stream.push(
        Array.from({ length: FRAME }, (_, i) => [frame * FRAME + i]),
        at,
      );
    await passUntil(clock, begin + at + FRAME / RATE_HZ);
    // What the disk does takes the machine's time.
    await new Promise((resolve) => setTimeout(resolve, 4));
    if (frame % 10 === 9) ready.push((await httpRequest(daemon.server.port, '/readyz')).status);
  }
  let isDrained = false;
  Promise.all(streams.map(({ stream }) => stream.drain())).then(() => {
    isDrained = true;
  });
  await passTill(clock, () => isDrained);
  const metrics = (await httpRequest(daemon.server.port, '/metrics')).body;
  await daemon.close();
  const kept = await Promise.all(
    ['one', 'two'].map(async (session) => {
      const values: number[] = [];
      for (const file of readdirSync(record).filter((file) => file.startsWith(session))) {
        const recording = await openRecording(join(record, file));
        for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} }))
          if (message.kind === 'chunk' && message.chunk.info.type === 'EEG')
            values.push(...message.chunk.data);
        await recording.close();
      }
      return new Set(values);
    }),
  );
  return { rows, events, streams, ready, kept, metrics, disk };
}

it.each([
  ['write', 'ENOSPC', 'disk-full'],
  ['datasync', 'EIO', 'disk-failed'],
  ['write', 'EROFS', 'disk-read-only'],
] as const)(
  '%s: %s for 7 s: predictions go on, devices are told %s, and every sample is kept in the end',
  async (on, code, told) => {
    const well = await run(`well-${code}`, null);
    const sick = await run(`sick-${code}`, { on, code });
    expect(sick.rows).toEqual(well.rows);
    expect(sick.rows.length).toBeGreaterThan(300);
    expect(new Set(well.ready)).toEqual(new Set([200]));
    expect(sick.ready.slice(0, 5)).toEqual(Array(5).fill(200));
    expect(sick.ready.slice(6, 11)).toEqual(Array(5).fill(503));
    expect(sick.ready.at(-1)).toBe(200);
    const frames = (END_S * RATE_HZ) / FRAME;
    for (const { refusals, acked, stream } of sick.streams) {
      expect(refusals.length).toBeGreaterThan(50);
      expect(new Set(refusals.map((refusal) => refusal.code))).toEqual(new Set([told]));
      expect(refusals.every(({ held }) => held)).toBe(true);
      // A frame that was taken right before the disk failed may wait for the sync that fails.
      expect(refusals[0].index).toBeGreaterThan(40);
      expect(acked()).toBe(frames - 1);
      expect(stream.unacknowledged).toBe(0);
    }
    const all = new Set(Array.from({ length: END_S * RATE_HZ }, (_, i) => i));
    for (const kept of [...sick.kept, ...well.kept]) expect(kept).toEqual(all);
    expect(sick.disk.open).toBe(0);
    const codes = sick.events.map((event) => event.code);
    expect(codes.filter((event) => event === 'recording-failed')).toHaveLength(2);
    expect(codes.filter((event) => event === 'recording-continued')).toHaveLength(2);
    expect(codes).not.toContain('samples-lost');
    expect(sick.metrics).toContain('affectd_recordings_failing 0');
  },
);
