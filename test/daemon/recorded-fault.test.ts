import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { encodeSamples } from '../../src/io/protocol/sample-frame.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import { passUntil } from '../cli/lock-step.js';
import { RawClient } from '../io/server/daemon.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { watchedNode } from '../pipeline/watched-node.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { replayedRecording } from './replayed-recording.js';

const RATE_HZ = 100;
const folder = temporaryFolder();
const { cleanups } = cleanUpAfterEach();

const whole = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: 0.5 }
  z: { type: normalize, input: de, min_s: 0 }
`);

it('a daemon’s recording of a session whose graph failed once replays to the same lines', async () => {
  const clock = new VirtualClock(5000, 1_700_000_000);
  const record = join(folder, 'sessions');
  const events: SessionEvent[] = [];
  const settings = { host: '127.0.0.1', port: 0, engine: 'auto', logLevel: 'silent', record } as const;
  let failures = 0;
  const pipeline = watchedNode(whole, 'z', ({ time }) => {
    if (time === 4 && failures++ === 0) throw new RangeError('it is odd');
  });
  const loaded = { pipeline, runners: new Map() };
  const daemon = await startDaemon({ stdout: new PassThrough(), clock }, loaded, settings, (event) =>
    events.push(event),
  );
  cleanups.push(() => daemon.close());
  const lines: OutputMessage[] = [];
  daemon.runtime.outputs$.subscribe((output) => lines.push(output));
  const client = await RawClient.connect(daemon.server, '/v1/ingest');
  cleanups.push(() => client.socket.terminate());
  const stream = await client.open({ type: 'EEG', sfreq: RATE_HZ, channels: ['Cz'] }, { clock: 'lsl' });
  const begin = clock.now();
  for (let seq = 0; seq < 10; seq++) {
    await passUntil(clock, begin + seq + 1);
    const data = Float32Array.from(
      { length: RATE_HZ },
      (_, i) => 20 * Math.sin((seq * RATE_HZ + i) ** 2 * 1e-3),
    );
    client.send(encodeSamples({ stream, seq, t0: begin + seq, times: null, data }, 1));
  }
  await passUntil(clock, begin + 10.3);
  await daemon.close();
  expect(events.filter(({ code }) => code === 'session-failed')).toHaveLength(1);
  const featuresOf = (outputs: readonly OutputMessage[]) =>
    outputs.filter(({ stream: kind }) => kind === 'features');
  const told = featuresOf(lines);
  expect(told.length).toBeGreaterThan(15);
  const again = featuresOf(await replayedRecording(record, { pipeline: whole, runners: new Map() }));
  expect(again).toEqual(told);
});
