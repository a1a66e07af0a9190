import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Seconds, VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { encodeSamples } from '../../src/io/protocol/sample-frame.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import { passUntil } from '../cli/lock-step.js';
import { RawClient } from '../io/server/daemon.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { modelOf } from './model-of.js';
import { replayedRecording } from './replayed-recording.js';

/** How often clients look whether there is something to send, what a frame holds, and when devices end, s. */
const STEP_S: Seconds = 0.05;
const FRAME_S: Seconds = 0.25;
const END_S: Seconds = 26;

const folder = temporaryFolder();
const { cleanups, cleanUp } = cleanUpAfterEach();

const pipeline = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
  gaze: { type: websocket, stream_type: Gaze }
  skin: { type: websocket, stream_type: EDA }
  chest: { type: websocket, stream_type: RESP, optional: true }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: 0.1 }
  look: { type: extract, input: gaze, features: [gaze-statistics], window_s: 1, hop_s: 0.1 }
  sweat: { type: extract, input: skin, features: [skin-conductance], window_s: 4, hop_s: 0.1 }
  breath: { type: extract, input: chest, features: [respiration], window_s: 10, hop_s: 0.5 }
models:
  affect: { type: hi-moe, inputs: { eeg: de, gaze: look, skin: sweat }, path: models/none }
`);

const model = modelOf({
  eeg: { channel: 'Cz', feature: 'de_alpha', unit: 'nat' },
  gaze: { channel: 'gaze', feature: 'gaze_missing', unit: '1' },
  skin: { channel: 'skin', feature: 'eda_level', unit: 'uS' },
});

interface Device {
  readonly type: string;
  readonly sfreq: number;
  readonly channels: readonly string[];
  readonly unit: string;
}
const headset: Device = { type: 'EEG', sfreq: 1000, channels: ['Cz'], unit: 'uV' };
const tracker: Device = { type: 'Gaze', sfreq: 60, channels: ['left_x', 'left_y'], unit: 'deg' };
const wristband: Device = { type: 'EDA', sfreq: 4, channels: ['EDA'], unit: 'uS' };
const belt: Device = { type: 'RESP', sfreq: 40, channels: ['chest'], unit: '' };

/** Something of a device that waits to be sent. */
interface Frame {
  readonly place: number;
  readonly seq: number;
  readonly stamps: Float64Array;
  readonly data: Float32Array;
}

/** One of a client's streams. */
interface Stream {
  readonly device: Device;
  id: number;
  readonly queue: Frame[];
  /** What was sent and isn't acknowledged. */
  sent: Frame[];
}

/** A client of the wire, in whatever language: it sends stream by stream what waits, when it was cut. */
class Client {
  readonly #streams: readonly Stream[];
  #socket: RawClient | null = null;
  /** Which stream's frames it sends again; null: it sends as frames come about. */
  #resends: number | null = null;
  #isOpen: boolean[] = [];

  constructor(
    readonly connect: () => Promise<RawClient>,
    readonly name: string,
    devices: readonly Device[],
    readonly begin: Seconds,
  ) {
    this.#streams = devices.map((device) => ({ device, id: -1, queue: [], sent: [] }));
  }

  /** Connects, and opens its streams; `opens`: all of them first, or each when its turn comes. */
  async start(opens: Opens = 'first'): Promise<void> {
    this.#socket = await this.connect();
    this.#isOpen = this.#streams.map(() => false);
    this.#resends = 0;
    if (opens === 'first') for (let i = 0; i < this.#streams.length; i++) await this.#open(i);
  }

  cut(): Promise<void> {
    const socket = this.#socket!;
    this.#socket = null;
    return socket.kill();
  }

  async #open(index: number): Promise<void> {
    const stream = this.#streams[index];
    const { type, sfreq, channels, unit } = stream.device;
    const declared = { name: type, type, sfreq, channels, unit };
    const params = { client: this.name, resume: true, clock: 'lsl', stream: declared };
    let answer = await this.#socket!.request('open', params);
    while (!answer.result) answer = await this.#socket!.next();
    const { stream: id, last_seq } = answer.result as { stream: number; last_seq: number | null };
    stream.id = id;
    stream.queue.unshift(...stream.sent.filter(({ seq }) => seq > (last_seq ?? -1)));
    stream.sent = [];
    this.#isOpen[index] = true;
  }

  /** Its devices have measured what lies between two times, on the clock of the run. */
  measure(from: Seconds, to: Seconds): void {
    for (let place = Math.round(from / FRAME_S); place < Math.round(to / FRAME_S); place++)
      for (const { device, queue } of this.#streams) {
        const { sfreq, channels } = device;
        const n = Math.round(FRAME_S * sfreq);
        const samples = Array.from({ length: n }, (_, i) => place * n + i);
        const stamps = Float64Array.from(samples, (k) => this.begin + k / sfreq);
        const data = samples.flatMap((k) =>
          channels.map((_, c) => 20 + 5 * Math.sin((k / sfreq) * (2 + c)) + 3 * Math.sin(k * k * 1e-3 + c)),
        );
        queue.push({ place, seq: place, stamps, data: Float32Array.from(data) });
      }
  }

  /** Sends what waits, so many frames at most while it sends again. */
  async send(most: number): Promise<void> {
    if (!this.#socket) return;
    for (let left = most; left > 0 && this.#resends !== null && this.#waits; ) {
      const stream = this.#streams[this.#resends];
      if (!this.#isOpen[this.#resends]) await this.#open(this.#resends);
      while (left > 0 && stream.queue.length > 0) {
        this.#sendNext(stream);
        left--;
      }
      if (left > 0) this.#resends = (this.#resends + 1) % this.#streams.length;
    }
    if (this.#isOpen.every(Boolean) && !this.#waits) this.#resends = null;
    if (this.#resends !== null) return;
    while (this.#waits) {
      const [next] = [...this.#streams].sort(
        (a, b) =>
          (a.queue[0]?.place ?? Number.POSITIVE_INFINITY) - (b.queue[0]?.place ?? Number.POSITIVE_INFINITY),
      );
      this.#sendNext(next);
    }
  }

  get #waits(): boolean {
    return this.#streams.some(({ queue }) => queue.length > 0);
  }

  #sendNext(stream: Stream): void {
    const frame = stream.queue.shift()!;
    const { seq, stamps, data } = frame;
    stream.sent.push(frame);
    this.#socket!.send(
      encodeSamples(
        { stream: stream.id, seq, t0: Number.NaN, times: stamps, data },
        stream.device.channels.length,
      ),
    );
  }
}

type Opens = 'first' | 'each';

interface RunOptions {
  /** Devices send what they measured in so long, s. */
  readonly burst_s?: Seconds;
  /** When its connection is not there, once or more. */
  readonly cuts?: readonly (readonly [from: Seconds, to: Seconds])[];
  /** Whether it sends nothing once it is back. */
  readonly isMute?: boolean;
  readonly devices?: readonly Device[];
  readonly opens?: Opens;
  /** How many frames go through its network in a step while it sends again. Default: all. */
  readonly frames_a_step?: number;
  /** Whether somebody else's belt is in the session, whose connection stays. */
  readonly hasBelt?: boolean;
}

/** What the session said of one window, to the last bit. */
interface Line {
  readonly node: string;
  readonly time: Seconds;
  readonly text: string;
  /** When it was told, on the session's time, s. */
  readonly at: Seconds;
}
const linesOf = (outputs: readonly OutputMessage[], at: Seconds): Line[] =>
  outputs.flatMap((output) =>
    'node' in output ? [{ node: output.node, time: output.time, text: JSON.stringify(output), at }] : [],
  );
const textsOf = (lines: readonly Line[]): string[] => lines.map(({ text }) => text);
const breathOf = (lines: readonly Line[]): Line[] => lines.filter(({ node }) => node === 'breath');
const latest_s = (lines: readonly Line[]): Seconds => Math.max(...lines.map(({ at, time }) => at - time));

async function run(
  name: string,
  {
    burst_s = FRAME_S,
    cuts = [],
    isMute = false,
    devices = [headset, tracker, wristband],
    opens = 'first',
    frames_a_step = Number.POSITIVE_INFINITY,
    hasBelt = false,
  }: RunOptions,
) {
  const clock = new VirtualClock(5000, 1_700_000_000);
  const loaded = { pipeline, runners: new Map([['affect', model]]) };
  const record = join(folder, name);
  const events: SessionEvent[] = [];
  const daemon = await startDaemon(
    { stdout: new PassThrough(), clock },
    loaded,
    { host: '127.0.0.1', port: 0, engine: 'auto', logLevel: 'silent', record },
    (event) => events.push(event),
  );
  cleanups.push(() => daemon.close());
  const told: Line[] = [];
  const begin = clock.now();
  daemon.runtime.outputs$.subscribe((output) => told.push(...linesOf([output], clock.now() - begin)));
  const connect = async (): Promise<RawClient> => {
    const client = await RawClient.connect(daemon.server, '/v1/ingest');
    cleanups.push(() => client.socket.terminate());
    return client;
  };
  const client = new Client(connect, 'lab', devices, begin);
  const other = hasBelt ? new Client(connect, 'belt', [belt], begin) : null;
  await client.start();
  await other?.start();
  /** The newest window that was told before the client was back. */
  let closed = Number.NEGATIVE_INFINITY;
  const steps = (t: Seconds): number => Math.round(t / STEP_S);
  for (let step = 1; step <= steps(END_S); step++) {
    await passUntil(clock, begin + step * STEP_S);
    if (cuts.some(([from]) => step === steps(from))) await client.cut();
    if (cuts.some(([, to]) => step === steps(to))) {
      closed = Math.max(...told.map(({ time }) => time));
      await client.start(opens);
    }
    if (step % steps(burst_s) === 0)
      for (const one of [client, other]) one?.measure(step * STEP_S - burst_s, step * STEP_S);
    if (closed === Number.NEGATIVE_INFINITY || !isMute) await client.send(frames_a_step);
    await other?.send(Number.POSITIVE_INFINITY);
  }
  await passUntil(clock, clock.now() + 0.4);
  await daemon.close();
  return {
    closed,
    // When the disk is there is no part of what a session tells.
    codes: events.map(({ code }) => code).filter((code) => !code.startsWith('recording-')),
    told,
    again: linesOf(await replayedRecording(record, loaded), END_S),
  };
}

/** Of a run with cuts and one without: what closed before the client was back is masked, and nothing else differs. */
async function expectWhole(name: string, options: RunOptions & Required<Pick<RunOptions, 'cuts'>>) {
  const whole = await run(`${name}-undisturbed`, { ...options, cuts: [] });
  await cleanUp();
  const resent = await run(name, options);
  expect(whole.told.length).toBeGreaterThan(500);
  const [[from]] = options.cuts;
  const mayDiffer = ({ node, time }: Line): boolean =>
    node !== 'breath' && time > from - FRAME_S && time <= resent.closed;
  const placeOf = ({ node, time }: Line): string => `${node} at ${time}`;
  const known = new Set(textsOf(whole.told));
  const differing = resent.told.filter((line) => !known.has(line.text) && !mayDiffer(line));
  expect(differing.map(placeOf)).toEqual([]);
  expect(resent.told.map(placeOf).sort()).toEqual(whole.told.map(placeOf).sort());
  expect(resent.codes).not.toContain('samples-dropped');
  expect(textsOf(resent.again)).toEqual(textsOf(resent.told));
  return { whole, resent };
}

describe('a client that was cut and sends stream by stream what waits gives the bytes of one that wasn’t', () => {
  it.each([
    ['all opened first', { opens: 'first' }],
    ['each opened when its turn comes, over a slow network', { opens: 'each', frames_a_step: 4 }],
  ] as const)('all of them, where it is back before a sensor is silent: %s', async (how, options) => {
    const burst_s = 1.5;
    const { whole, resent } = await expectWhole(`short, ${how}`, {
      burst_s,
      cuts: [[9.3, 10.8]],
      ...options,
    });
    expect(textsOf(resent.told).sort()).toEqual(textsOf(whole.told).sort());
    expect(resent.codes).toEqual(whole.codes);
  });

  it.each([
    ['1.5 s', { cuts: [[10.1, 11.6]] }],
    ['1.5 s, over a slow network', { cuts: [[10.1, 11.6]], frames_a_step: 2 }],
    ['9 s, over a slow network', { cuts: [[10.1, 19.1]], frames_a_step: 4 }],
    [
      '9 s, its slowest sensor first',
      { cuts: [[10.1, 19.1]], frames_a_step: 2, devices: [wristband, tracker, headset] },
    ],
    ['9 s, each opened when its turn comes', { cuts: [[10.1, 19.1]], frames_a_step: 4, opens: 'each' }],
    ['9 s, and again in the middle of it', { cuts: [[10.1, 15.1], [15.7, 19.1]], frames_a_step: 4 }], // biome-ignore format: pairs
    ['9 s, beside somebody else’s belt', { cuts: [[10.1, 19.1]], frames_a_step: 4, hasBelt: true }],
    ['9 s, of its one stream, beside a belt', { cuts: [[10.1, 19.1]], devices: [headset], hasBelt: true }],
  ] as const)('but for windows that closed meanwhile: %s', async (how, options) => {
    const { resent } = await expectWhole(how, options);
    expect(resent.codes).toContain('stream-stale');
    expect(resent.closed).toBeGreaterThan(options.cuts[options.cuts.length - 1][1] - 1);
  });

  it('or holds up the others for 1 s, where it sends nothing', async () => {
    const options: RunOptions = { hasBelt: true, devices: [headset] };
    const whole = await run('unmuted', options);
    await cleanUp();
    const mute = await run('mute', { ...options, cuts: [[10.1, 15.1]], isMute: true });
    expect(breathOf(whole.told).filter(({ text }) => /"values":\[\d/.test(text)).length).toBeGreaterThan(9);
    expect(textsOf(breathOf(mute.told))).toEqual(textsOf(breathOf(whole.told)));
    expect(latest_s(breathOf(whole.told).filter(({ time }) => time > 11))).toBeLessThan(0.3);
    expect(latest_s(breathOf(mute.told).filter(({ time }) => time > 11))).toBeLessThan(1.3);
    expect(textsOf(mute.again)).toEqual(textsOf(mute.told));
  });
});
