import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { VirtualClock } from '../../src/core/clock.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { Feed } from '../../src/daemon/feed.js';
import { connectStream } from '../../src/io/client/index.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { loggedSources } from '../../src/pipeline/run/match-streams.js';
import { replay } from '../../src/pipeline/run/replay.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { modelOf } from './model-of.js';

const RATE_HZ = 100;
const SPAN_S = 20;
const info = streamInfo({ type: 'EEG', sfreq: RATE_HZ, labels: ['Cz'], unit: 'uV' });
const pipeline = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: 0.01 }
models:
  affect: { type: hi-moe, inputs: { eeg: de }, path: models/none }
`);

it('a device that sends 20 s at once to a model that stands still has a line for each window, and the replay of its recording the same', async () => {
  const clock = new VirtualClock();
  const record = join(temporaryFolder(), 'sessions');
  let letGo = (): void => {};
  const isFree = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const runner = modelOf({ eeg: { channel: 'Cz', feature: 'de_alpha', unit: 'nat' } }, () => isFree);
  const loaded = { pipeline, runners: new Map([['affect', runner]]) };
  const options = { host: '127.0.0.1', port: 0, engine: 'auto', logLevel: 'silent', record } as const;
  const daemon = await startDaemon({ stdout: new PassThrough(), clock }, loaded, options, () => {});
  /** Lets time pass until something is so. */
  const until = async (isSo: () => boolean): Promise<void> => {
    for (let k = 0; k < 100_000 && !isSo(); k++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(0.001);
    }
    expect(isSo()).toBe(true);
  };
  const client = connectStream(daemon.server.url, { WebSocket });
  const lines: { readonly reason: string | null; readonly text: string }[] = [];
  client.on('affect', ({ time_unix: _, age_ms: __, run: ___, ...line }) =>
    lines.push({ reason: line.reason, text: JSON.stringify(line) }),
  );
  const subscribed = client.subscribe({ streams: ['affect'], session: 's', policy: 'buffer' });
  let isSubscribed = false;
  subscribed.then(() => {
    isSubscribed = true;
  });
  await until(() => isSubscribed);

  const feed = new Feed({ url: daemon.server.url, session: 's', client: 'test' });
  const values = Float64Array.from({ length: SPAN_S * RATE_HZ }, (_, k) => 20 * Math.sin(k * k * 1e-4));
  feed.send({ kind: 'open', info });
  feed.send({ kind: 'chunk', chunk: chunkOf(info, [values], 0) });
  const windows = (SPAN_S - 1) * RATE_HZ + 1;
  const dropped = (): number => daemon.runtime.sessions.get('s')?.droppedWindows ?? 0;
  await until(() => dropped() > windows - 1030);
  letGo();
  let isClosed = false;
  const closing = feed.close().then(() => {
    isClosed = true;
  });
  await until(() => isClosed && daemon.runtime.sessions.size === 0 && lines.length >= windows);
  await closing;
  client.close();
  await daemon.close();

  const left = lines.filter(({ reason }) => reason === 'overloaded');
  expect(left.length).toBeGreaterThan(windows - 1030);
  expect(lines.length - left.length).toBeGreaterThan(1000);
  expect(lines.map(({ text }) => JSON.parse(text).seq)).toEqual(lines.map((_, seq) => seq));

  const recording = await openRecording(join(record, readdirSync(record)[0]));
  const again: string[] = [];
  for await (const output of replay(recording.messages({ chunk: null, clockSync: true, events: () => {} }), {
    ...{ session: 's', loaded, events: () => {}, batch: 16 },
    inArrivalOrder: recording.inArrivalOrder,
    logged: loggedSources(pipeline, recording.bound),
    thinned: recording.thinned,
  }))
    if (output.kind === 'prediction') again.push(JSON.stringify(output.prediction));
  await recording.close();
  expect(again).toEqual(lines.map(({ text }) => text));
});
