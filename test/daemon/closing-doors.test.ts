import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Seconds, VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { loadConfig } from '../../src/io/lsl/config.js';
import { channelsElement } from '../../src/io/lsl/declaration.js';
import { Outlet } from '../../src/io/lsl/outlet.js';
import { encodeSamples } from '../../src/io/protocol/sample-frame.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import { passTill, passUntil } from '../cli/lock-step.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { RawClient } from '../io/server/daemon.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { replayedRecording } from './replayed-recording.js';

const ROUND_S: Seconds = 0.25;
const GOES_S: Seconds = 8;
const END_S: Seconds = 20;
const folder = temporaryFolder();
await ownSettings();
const { cleanups, cleanUp } = cleanUpAfterEach();

const loaded = {
  pipeline: pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
  gaze: { type: websocket, stream_type: Gaze }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
  look: { type: extract, input: gaze, features: [gaze-statistics], window_s: 2, hop_s: 0.5 }
`),
  runners: new Map(),
};

interface Device {
  readonly type: string;
  readonly sfreq: number;
  readonly channels: readonly string[];
  readonly node: string;
}
const headset: Device = { type: 'EEG', sfreq: 64, channels: ['Fz', 'Cz'], node: 'de' };
const tracker: Device = { type: 'Gaze', sfreq: 60, channels: ['left_x', 'left_y'], node: 'look' };

/** A device's connection; `end`: it goes, on purpose where it can say so. */
interface Door {
  readonly send: (data: Float32Array, stamps: Float64Array) => void;
  readonly end: (how: 'closed' | 'cut') => Promise<unknown>;
}

/** What nodes tell and what the recording gives, of a device over LSL and one over WebSocket, of which one may go. */
async function run(
  name: string,
  overLsl: Device,
  overSocket: Device,
  goes?: Device,
  how: 'closed' | 'cut' = 'cut',
) {
  const clock = new VirtualClock(5000, 1_700_000_000);
  const record = join(folder, name);
  const events: SessionEvent[] = [];
  const daemon = await startDaemon(
    { stdout: new PassThrough(), clock },
    loaded,
    { host: '127.0.0.1', port: 0, engine: 'auto', logLevel: 'silent', record, lsl: true },
    (event) => events.push(event),
  );
  cleanups.push(() => daemon.close());
  const outputs: OutputMessage[] = [];
  daemon.runtime.outputs$.subscribe((output) => outputs.push(output));

  const outletOf = async ({ type, sfreq, channels }: Device): Promise<Door> => {
    const declared = channels.map((label) => ({ label, unit: type === 'EEG' ? 'microvolts' : 'px', type }));
    const outlet = await Outlet.create(
      { clock, config: loadConfig(), events: () => {} },
      { name: type, type, channelCount: 2, nominalRate_hz: sfreq, description: [channelsElement(declared)] },
    );
    cleanups.push(() => outlet.close());
    await passTill(clock, () => outlet.consumers > 0);
    return { send: (data, stamps) => void outlet.push(data, stamps), end: () => outlet.close() };
  };
  const clientOf = async ({ type, sfreq, channels }: Device): Promise<Door> => {
    const client = await RawClient.connect(daemon.server, '/v1/ingest');
    cleanups.push(() => client.socket.terminate());
    const unit = type === 'EEG' ? 'uV' : 'px';
    const stream = await client.open({ name: type, type, sfreq, channels, unit }, { clock: 'lsl' });
    let seq = 0;
    return {
      send: (data, times) =>
        client.send(encodeSamples({ stream, seq: seq++, t0: Number.NaN, times, data }, 2)),
      end: (kind) => (kind === 'cut' ? client.kill() : client.request('close', { stream })),
    };
  };
  const doors = new Map([
    [overLsl, await outletOf(overLsl)],
    [overSocket, await clientOf(overSocket)],
  ]);
  const begin = clock.now();
  for (let round = 0; round < END_S / ROUND_S; round++) {
    if (goes && round === GOES_S / ROUND_S) {
      await doors.get(goes)!.end(how);
      doors.delete(goes);
    }
    await passUntil(clock, begin + (round + 1) * ROUND_S);
    for (const [{ sfreq }, door] of doors) {
      const places = Array.from({ length: ROUND_S * sfreq }, (_, i) => round * ROUND_S * sfreq + i);
      const values = places.flatMap((k) => [0, 1].map((c) => 30 + 20 * Math.sin(k * k * 1e-3 + c)));
      door.send(
        Float32Array.from(values),
        Float64Array.from(places, (k) => begin + k / sfreq),
      );
    }
  }
  await passUntil(clock, begin + END_S + 1);
  await daemon.close();
  return {
    told: outputs,
    again: await replayedRecording(record, loaded),
    codes: events.map(({ code }) => code),
  };
}

const linesOf = (outputs: readonly OutputMessage[], { node }: Device): string[] =>
  outputs.flatMap((output) => ('node' in output && output.node === node ? [JSON.stringify(output)] : []));
/** How many windows hold a value. */
const presentOf = (lines: readonly string[]): number =>
  lines.filter((line) => /"values":\[-?\d/.test(line)).length;

describe.each([
  ['a headset over LSL and a tracker over WebSocket', headset, tracker],
  ['a tracker over LSL and a headset over WebSocket', tracker, headset],
] as const)('%s are one session', (name, overLsl, overSocket) => {
  it.each([
    ['that over WebSocket is closed', overSocket, overLsl, 'closed'],
    ['that over WebSocket is cut', overSocket, overLsl, 'cut'],
    ['that over LSL ends', overLsl, overSocket, 'cut'],
  ] as const)('%s, and no byte of the other moves', async (what, goes, stays, how) => {
    const whole = await run(`${name}, ${what}, undisturbed`, overLsl, overSocket);
    await cleanUp();
    const one = await run(`${name}, ${what}`, overLsl, overSocket, goes, how);
    const lines = linesOf(one.told, stays);
    expect(presentOf(lines)).toBeGreaterThanOrEqual(36);
    expect(lines).toEqual(linesOf(whole.told, stays));
    // The one that goes is gone.
    expect(presentOf(linesOf(whole.told, goes))).toBeGreaterThanOrEqual(36);
    expect(presentOf(linesOf(one.told, goes))).toBeLessThan(GOES_S * 2);
    const of = (code: string): number => one.codes.filter((told) => told === code).length;
    expect([of('session-opened'), of('session-closed')]).toEqual([1, 1]);
    for (const { told, again } of [whole, one])
      for (const device of [headset, tracker]) expect(linesOf(again, device)).toEqual(linesOf(told, device));
  });
});
