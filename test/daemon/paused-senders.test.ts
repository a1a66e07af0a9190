import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { type Seconds, VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import type { ModelFrame, ModelRunner } from '../../src/core/model.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { openRecording } from '../../src/io/recordings/open.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import { loggedSources } from '../../src/pipeline/run/match-streams.js';
import { outputMessage } from '../../src/pipeline/run/output-messages.js';
import { replay } from '../../src/pipeline/run/replay.js';
import { passUntil } from '../cli/lock-step.js';
import { RawClient } from '../io/server/daemon.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const START_S: Seconds = 5000;
const ROUND_S: Seconds = 0.25;
const HOP_S: Seconds = 0.1;
/** From the one to the other, on the session's time, the model answers nothing; and when devices end, s. */
const STUCK: readonly [from: Seconds, to: Seconds] = [5, 25];
const END_S: Seconds = 32;

const folder = temporaryFolder();
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

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

/** Says what one feature says, once nothing holds it up. */
function modelHeldBy(held: () => Promise<void> | null): ModelRunner {
  const feature = { channel: 'Cz', feature: 'de_alpha', unit: 'nat' };
  return {
    ...{ name: 'affect', id: 'affect@sha256:0', type: 'hi-moe', engine: 'none', fuses: false },
    worth: { evidence: 'none', broken: null, reason: null, scope: null },
    inputs: new Map([['eeg', { name: 'eeg', kind: 'features', upstream: '', features: [feature] }]]),
    validity: { min_present: 1, required: [] },
    predict: async (frames: readonly ModelFrame[]) => {
      await held();
      const one = { arousal: 0, weights: [1], routing: [], interval: null };
      return frames.map(([{ values }]) => ({ ...one, valence: Math.tanh(values[0] / 10) }));
    },
    close: async () => {},
  } as unknown as ModelRunner;
}

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

/** Two devices with a connection each, which send whether they are read or not; the model may be stuck meanwhile. */
async function run(name: string, isStuck: boolean) {
  const clock = new VirtualClock(START_S);
  let letGo = (): void => {};
  let stuck: Promise<void> | null = null;
  const loaded = { pipeline, runners: new Map([['affect', modelHeldBy(() => stuck)]]) };
  const record = join(folder, name);
  const events: SessionEvent[] = [];
  const daemon = await startDaemon(
    { stdout: new PassThrough(), clock },
    loaded,
    { host: '127.0.0.1', port: 0, engine: 'auto', logLevel: 'silent', record },
    (event) => events.push(event),
  );
  cleanups.push(() => daemon.close());
  const outputs: OutputMessage[] = [];
  daemon.runtime.outputs$.subscribe((output) => outputs.push(output));
  const connect = async ({ type, sfreq, channels }: Device) => {
    const client = await RawClient.connect(daemon.server, '/v1/ingest');
    cleanups.push(() => client.socket.terminate());
    const id = await client.open({ name: type, type, sfreq, channels, unit: 'uV' }, { clock: 'session' });
    let seq = 0;
    return (from: Seconds, to: Seconds): void => {
      const places = Array.from(
        { length: Math.round((to - from) * sfreq) },
        (_, k) => Math.round(from * sfreq) + k,
      );
      client.send({
        ...{ jsonrpc: '2.0', method: 'push' },
        params: {
          ...{ stream: id, seq: seq++ },
          times: places.map((k) => k / sfreq),
          data: places.map((k) => channels.map((_, c) => 20 * Math.sin(k * k * 1e-3 + c))),
        },
      });
    };
  };
  const send = [await connect(headset), await connect(tracker)];
  let paused_s = 0;
  for (let t = ROUND_S; t <= END_S; t += ROUND_S) {
    await passUntil(clock, START_S + t);
    if (isStuck && t === STUCK[0])
      stuck = new Promise((resolve) => {
        letGo = resolve;
      });
    if (t === STUCK[1]) letGo();
    if (t === STUCK[1]) stuck = null;
    if (daemon.runtime.busy('default')) paused_s += ROUND_S;
    for (const one of send) one(t - ROUND_S, t);
  }
  await passUntil(clock, clock.now() + 0.4);
  await daemon.close();
  const recording = await openRecording(join(record, readdirSync(record)[0]));
  const again: OutputMessage[] = [];
  for await (const output of replay(recording.messages({ chunk: null, clockSync: true, events: () => {} }), {
    ...{ session: 'default', loaded, events: () => {}, features: true, batch: 16 },
    inArrivalOrder: recording.inArrivalOrder,
    logged: loggedSources(pipeline, recording.bound),
    thinned: recording.thinned,
  })) {
    const message = outputMessage('default', output);
    if (message) again.push(message);
  }
  await recording.close();
  return { paused_s, codes: events.map(({ code }) => code), told: textsOf(outputs), again: textsOf(again) };
}

describe('two senders of one session, a connection each', () => {
  it('give the bytes of an undisturbed run although they were asked to wait for long', async () => {
    const undisturbed = await run('undisturbed', false);
    const disturbed = await run('disturbed', true);
    expect(undisturbed.paused_s).toBe(0);
    expect(disturbed.paused_s).toBeGreaterThan(10);
    for (const code of ['samples-late', 'stream-stale', 'windows-dropped', 'samples-dropped'])
      expect(disturbed.codes).not.toContain(code);
    expect(undisturbed.told.length).toBeGreaterThan(500);
    expect(disturbed.told.slice().sort()).toEqual(undisturbed.told.slice().sort());
    expect(disturbed.again).toEqual(disturbed.told);
  });
});
