import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Seconds, VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { passUntil } from '../cli/lock-step.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { RawClient } from '../io/server/daemon.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { modelOf } from './model-of.js';
import { replayedRecording } from './replayed-recording.js';

const HOP_S: Seconds = 0.5;
const WINDOW_S: Seconds = 4;
const END_S: Seconds = 40;
const folder = temporaryFolder();
await ownSettings();
const { cleanups } = cleanUpAfterEach();

const pipeline = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: ${WINDOW_S}, hop_s: ${HOP_S} }
models:
  affect: { type: hi-moe, inputs: { eeg: de }, path: models/none }
`);

interface Line {
  readonly time: Seconds;
  readonly seq: number;
  readonly valid: boolean;
  readonly reason?: string;
  readonly valence: number | null;
  readonly modalities: { readonly eeg: { readonly present: boolean; readonly reason?: string } };
  /** When the subscriber had it, on the session's time. */
  readonly at: Seconds;
}

/** A Muse's program sends EEG and ACC of one name over one connection; `sends`: whether EEG comes at a time, s. */
async function run(name: string, sends: (time: Seconds) => boolean) {
  const clock = new VirtualClock(5000, 1_700_000_000);
  const runners = new Map([
    ['affect', modelOf({ eeg: { channel: 'TP9', feature: 'de_alpha', unit: 'nat' } })],
  ]);
  const loaded = { pipeline, runners };
  const record = join(folder, name);
  const settings = { host: '127.0.0.1', port: 0, engine: 'auto', logLevel: 'silent', record } as const;
  const daemon = await startDaemon({ stdout: new PassThrough(), clock }, loaded, settings, () => {});
  cleanups.push(() => daemon.close());
  const begin = clock.now();
  const subscriber = await RawClient.connect(daemon.server, '/v1/stream');
  await subscriber.request('subscribe', { streams: ['affect', 'sys'], policy: 'buffer' });
  const lines: Line[] = [];
  const codes: string[] = [];
  const listen = async (): Promise<void> => {
    for (;;) {
      const message = await subscriber.next();
      if (message.stream === 'affect')
        lines.push({ ...(message as unknown as Line), at: clock.now() - begin });
      if (message.stream === 'sys') codes.push((message.event as SessionEvent).code);
    }
  };
  const listening = listen().catch(() => {});
  cleanups.push(() => subscriber.socket.terminate());
  const client = await RawClient.connect(daemon.server, '/v1/ingest');
  cleanups.push(() => client.socket.terminate());
  const device = { clock: 'lsl', client: 'muse-program' };
  const eeg = await client.open(
    { name: 'Muse', type: 'EEG', sfreq: 256, channels: ['TP9', 'AF7'], unit: 'uV' },
    device,
  );
  const acc = await client.open(
    { name: 'Muse', type: 'ACC', sfreq: 52, channels: ['x', 'y', 'z'], unit: 'g' },
    device,
  );
  const seqs = new Map([eeg, acc].map((stream) => [stream, 0]));
  const send = (stream: number, sfreq: number, channels: number, from: Seconds, to: Seconds): void => {
    const first = Math.ceil(from * sfreq - 1e-9);
    const places = Array.from({ length: Math.ceil(to * sfreq - 1e-9) - first }, (_, k) => first + k);
    const data = places.map((k) =>
      Array.from({ length: channels }, (_, c) => 20 * Math.sin(k * k * 1e-3 + c)),
    );
    const seq = seqs.get(stream)!;
    seqs.set(stream, seq + 1);
    client.notify('push', { stream, seq, times: places.map((k) => begin + k / sfreq), data });
  };
  for (let k = 1; k <= END_S * 10; k++) {
    const [from, to] = [(k - 1) / 10, k / 10];
    await passUntil(clock, begin + to);
    if (sends(from)) send(eeg, 256, 2, from, to);
    send(acc, 52, 3, from, to);
  }
  await passUntil(clock, begin + END_S + 0.3);
  await daemon.close();
  await listening;
  const again = (await replayedRecording(record, loaded)).filter(({ stream }) => stream === 'affect');
  return { lines, codes, again };
}

const withoutSocket = ({ time, seq, valid, reason, valence, modalities }: Line) => ({
  ...{ time, seq, valid, valence, modalities },
  ...(reason !== undefined && { reason }),
});

describe('a Muse whose EEG drops while its ACC goes on and feeds nothing, as a subscriber sees it', () => {
  it.each([
    { name: 'for 9 s', sends: (t: Seconds) => t < 10 || t >= 19, back: 19 },
    { name: 'for good', sends: (t: Seconds) => t < 10, back: Number.POSITIVE_INFINITY },
  ])('$name', async ({ name, sends, back }) => {
    const { lines, codes, again } = await run(name, sends);
    const last = lines.at(-1)!;
    expect(last.time).toBeGreaterThan(END_S - HOP_S - 1);
    expect(lines.map(({ time }) => time)).toEqual(lines.map((_, k) => WINDOW_S + HOP_S * k));
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, k) => lines[0].seq + k));

    const isSilent = ({ time }: Line): boolean => time > 10.6 && time <= Math.min(back, END_S);
    const silent = lines.filter(isSilent);
    expect(silent.length).toBeGreaterThanOrEqual(back < END_S ? 16 : 56);
    for (const line of silent)
      expect(withoutSocket(line)).toMatchObject({
        ...{ valid: false, reason: 'no-input', valence: null },
        modalities: { eeg: { present: false, reason: 'stale' } },
      });
    // The limit, the look that finds it out, and a hop; then in real time.
    expect(silent[0].at).toBeLessThanOrEqual(10 + 0.6 + 0.1 + HOP_S);
    for (const { at, time } of silent.slice(1)) expect(at - time).toBeLessThanOrEqual(0.2);

    const whole = lines.filter(({ time }) => time <= 10 || time >= back + WINDOW_S);
    expect(whole.every(({ valid, valence }) => valid && valence !== null)).toBe(true);
    // Meanwhile the window refills.
    expect(
      lines.filter(({ time }) => time > back && time < back + WINDOW_S / 2).some(({ valid }) => valid),
    ).toBe(false);
    expect(codes.filter((code) => code === 'stream-stale')).toHaveLength(1);
    expect(codes.filter((code) => code === 'stream-returned')).toHaveLength(back < END_S ? 1 : 0);
    expect(codes).not.toContain('samples-late');

    const own = lines.map(withoutSocket);
    expect(again.slice(0, own.length).map((line) => withoutSocket(line as unknown as Line))).toEqual(own);
  });
});
