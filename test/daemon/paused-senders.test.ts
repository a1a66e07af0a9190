import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { type Seconds, VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { loadConfig } from '../../src/io/lsl/config.js';
import { channelsElement } from '../../src/io/lsl/declaration.js';
import { Outlet } from '../../src/io/lsl/outlet.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import { passTill, passUntil } from '../cli/lock-step.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { RawClient } from '../io/server/daemon.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { modelOf } from './model-of.js';
import { replayedRecording } from './replayed-recording.js';

const ROUND_S: Seconds = 0.25;
const HOP_S: Seconds = 0.1;
/** From the one to the other, on the session's time, the model answers nothing; and when devices end, s. */
const STUCK: readonly [from: Seconds, to: Seconds] = [5, 25];
const END_S: Seconds = 32;

/** When one of them sends texts so long that it is read more slowly, s; how many; and their length, bytes. */
const LONG_AT_S: Seconds = 10;
const LONG_TEXTS = 5;
const LONG_BYTES = 4_000_000;

const folder = temporaryFolder();
await ownSettings();
const { cleanups, cleanUp } = cleanUpAfterEach();

const pipeline = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
  gaze: { type: websocket, stream_type: Gaze }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: ${HOP_S} }
  look: { type: extract, input: gaze, features: [gaze-statistics], window_s: 1, hop_s: 0.25 }
models:
  affect: { type: hi-moe, inputs: { eeg: de }, path: models/none }
`);

const alpha = { channel: 'Cz', feature: 'de_alpha', unit: 'nat' };

interface Device {
  readonly type: string;
  readonly sfreq: number;
  readonly channels: readonly string[];
}
const headset: Device = { type: 'EEG', sfreq: 100, channels: ['Cz'] };
const tracker: Device = { type: 'Gaze', sfreq: 60, channels: ['left_x', 'left_y'] };

/** What nodes told, to the last bit. */
const textsOf = (outputs: readonly OutputMessage[]): string[] =>
  outputs.flatMap((output) => ('node' in output ? [JSON.stringify(output)] : []));

interface RunOptions {
  /** Whether the session lags behind for a while, so that its senders are asked to wait. */
  readonly isStuck?: boolean;
  /** Whether the headset sends texts that count as many messages. */
  readonly isLong?: boolean;
  /** How the tracker's samples come. */
  readonly tracker?: 'websocket' | 'lsl';
}

/** Two devices with a connection each, which send whether they are read or not. */
async function run(
  name: string,
  { isStuck = false, isLong = false, tracker: door = 'websocket' }: RunOptions,
) {
  const clock = new VirtualClock(5000, 1_700_000_000);
  let letGo = (): void => {};
  let stuck: Promise<void> | undefined;
  const loaded = { pipeline, runners: new Map([['affect', modelOf({ eeg: alpha })]]) };
  const record = join(folder, name);
  const events: SessionEvent[] = [];
  const daemon = await startDaemon(
    { stdout: new PassThrough(), clock },
    loaded,
    {
      host: '127.0.0.1',
      port: 0,
      engine: 'auto',
      logLevel: 'silent',
      record,
      ...(door === 'lsl' && { lsl: true }),
    },
    (event) => events.push(event),
  );
  cleanups.push(() => daemon.close());
  vi.spyOn(daemon.runtime, 'busy').mockImplementation(() => stuck);
  const outputs: OutputMessage[] = [];
  daemon.runtime.outputs$.subscribe((output) => outputs.push(output));
  const connect = async ({ type, sfreq, channels }: Device) => {
    const client = await RawClient.connect(daemon.server, '/v1/ingest');
    cleanups.push(() => client.socket.terminate());
    const id = await client.open({ name: type, type, sfreq, channels, unit: 'uV' }, { clock: 'lsl' });
    let seq = 0;
    return (stamps: readonly Seconds[], data: readonly (readonly number[])[], bytes = 0): void => {
      const params = { stream: id, seq: seq++, times: stamps, data };
      client.send(JSON.stringify({ jsonrpc: '2.0', method: 'push', params }).padEnd(bytes));
    };
  };
  const connectOutlet = async ({ type, sfreq, channels }: Device) => {
    const declared = channels.map((label) => ({ label, unit: 'px', type }));
    const outlet = await Outlet.create(
      { clock, config: loadConfig(), events: () => {} },
      { name: type, type, channelCount: 2, nominalRate_hz: sfreq, description: [channelsElement(declared)] },
    );
    cleanups.push(() => outlet.close());
    await passTill(clock, () => outlet.consumers > 0);
    return (stamps: readonly Seconds[], data: readonly (readonly number[])[]): void =>
      void outlet.push(Float32Array.from(data.flat()), Float64Array.from(stamps));
  };
  const sendLook = await (door === 'lsl' ? connectOutlet : connect)(tracker);
  const sendHead = await connect(headset);
  const begin = clock.now();
  const samplesOf = ({ sfreq, channels }: Device, from: Seconds) => {
    const places = Array.from({ length: ROUND_S * sfreq }, (_, k) => Math.round(from * sfreq) + k);
    return [
      places.map((k) => begin + k / sfreq),
      places.map((k) => channels.map((_, c) => Math.fround(20 * Math.sin(k * k * 1e-3 + c)))),
    ] as const;
  };
  let paused_s = 0;
  for (let t = ROUND_S; t <= END_S; t += ROUND_S) {
    await passUntil(clock, begin + t);
    if (isStuck && t === STUCK[0])
      stuck = new Promise((resolve) => {
        letGo = resolve;
      });
    if (t === STUCK[1]) {
      letGo();
      stuck = undefined;
    }
    if (daemon.runtime.busy('default')) paused_s += ROUND_S;
    const longs = LONG_TEXTS * ROUND_S;
    const isOfThem = isLong && t >= LONG_AT_S && t < LONG_AT_S + longs;
    sendHead(...samplesOf(headset, t - ROUND_S), isOfThem ? LONG_BYTES : 0);
    sendLook(...samplesOf(tracker, t - ROUND_S));
  }
  await passUntil(clock, clock.now() + 0.4);
  const metric =
    await daemon.runtime.options.metrics?.registry.getSingleMetricAsString('affectd_throttled_total');
  const throttled = Number(/ (\d+)$/.exec(metric ?? '')?.[1] ?? 0);
  await daemon.close();
  const again = await replayedRecording(record, loaded);
  return {
    paused_s,
    throttled,
    codes: events.map(({ code }) => code),
    told: textsOf(outputs),
    again: textsOf(again),
  };
}

/** A run that was disturbed and its replay give what an undisturbed one gives, and tell nothing of it. */
async function expectUndisturbed(name: string, options: RunOptions) {
  const undisturbed = await run(`${name}-undisturbed`, { ...options, isStuck: false, isLong: false });
  await cleanUp();
  const disturbed = await run(name, options);
  for (const code of ['samples-late', 'stream-stale', 'windows-dropped', 'samples-dropped'])
    expect([code, disturbed.codes.some((told) => told === code)]).toEqual([code, false]);
  expect(undisturbed.told.length).toBeGreaterThan(500);
  // The model's lines come later, against those of other nodes.
  expect(disturbed.told.slice().sort()).toEqual(undisturbed.told.slice().sort());
  expect(disturbed.again).toEqual(disturbed.told);
  return { undisturbed, disturbed };
}

describe('two senders of one session give the bytes of an undisturbed run', () => {
  it('although both were asked to wait for long', async () => {
    const { undisturbed, disturbed } = await expectUndisturbed('both', { isStuck: true });
    expect(undisturbed.paused_s).toBe(0);
    expect(disturbed.paused_s).toBeGreaterThan(10);
  });

  it('although one was asked to wait for long, and the other, over LSL, could not be', async () => {
    const { disturbed } = await expectUndisturbed('lsl', { isStuck: true, tracker: 'lsl' });
    expect(disturbed.paused_s).toBeGreaterThan(10);
  });

  it('although one was read more slowly, as it sent too much', async () => {
    const { undisturbed, disturbed } = await expectUndisturbed('throttled', { isLong: true });
    expect(undisturbed.throttled).toBe(0);
    expect(disturbed.throttled).toBeGreaterThan(0);
  });
});
