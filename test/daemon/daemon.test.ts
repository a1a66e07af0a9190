import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { StreamMessage } from '../../src/core/signal.js';
import { Feed } from '../../src/daemon/feed.js';
import { connectStream, type SubscribeParams } from '../../src/io/client/index.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { daemonOnCommand } from '../cli/daemon-on-command.js';
import { feedMessages, feedRecording } from '../cli/feed-recording.js';
import { runAffectd } from '../cli/run-affectd.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const root = join(import.meta.dirname, '..', '..');
const folder = temporaryFolder();
const session = join(folder, 'session.xdf');

beforeAll(async () => {
  await runAffectd([
    'simulate',
    '--duration',
    '15',
    '--seed',
    '5',
    '--faults',
    'drop:gaze@6-9',
    '--out',
    session,
  ]);
});

interface Message {
  readonly stream: string;
  readonly session: string;
  readonly time: number;
  readonly seq: number;
  readonly event?: { code: string; message: string };
  readonly [key: string]: unknown;
}

/** Collects messages until one fits. */
function collect(url: string, streams: ('affect' | 'markers' | 'session' | 'sys' | 'truth')[]) {
  const client = connectStream(url, { WebSocket });
  const messages: Message[] = [];
  const waiting = new Set<() => void>();
  for (const stream of streams) {
    client.on(stream, (message: unknown) => {
      messages.push(message as Message);
      for (const check of waiting) check();
    });
  }
  const until = (fits: (message: Message) => boolean): Promise<Message> =>
    new Promise((resolve) => {
      const check = (): void => {
        const found = messages.find(fits);
        if (!found) return;
        waiting.delete(check);
        resolve(found);
      };
      waiting.add(check);
      check();
    });
  return { client, messages, until };
}

describe('affectd run', () => {
  it('gives over WebSocket the bytes that replay gives for the same chunks', async () => {
    const replayed = await runAffectd(['replay', session, '--session', 'lab']);
    expect(replayed.code, replayed.stderr).toBe(0);
    const daemon = await daemonOnCommand(['run', '--log-level', 'silent']);
    const [plain, curious] = [
      collect(daemon.url, ['affect', 'sys', 'truth']),
      collect(daemon.url, ['affect', 'sys']),
    ];
    const wanted: SubscribeParams = { streams: ['affect', 'sys'], session: '*', policy: 'buffer' };
    await plain.client.subscribe({ ...wanted, streams: ['affect', 'sys', 'truth'] });
    await curious.client.subscribe({ ...wanted, explain: true });
    await feedRecording(daemon.url, session, 'lab', daemon.clock);
    await plain.until(({ event }) => event?.code === 'session-closed');
    await curious.until(({ event }) => event?.code === 'session-closed');
    for (const { client } of [plain, curious]) client.close();
    expect((await daemon.stop()).code).toBe(0);
    const live = ({ messages }: typeof plain) =>
      messages
        .filter(({ stream }) => stream === 'affect')
        .map(({ run, time_unix, age_ms, ...prediction }) => {
          expect([typeof run, typeof time_unix, typeof age_ms]).toEqual(['string', 'number', 'number']);
          return JSON.stringify(prediction);
        });
    expect(live(plain)).toEqual(replayed.stdout.trim().split('\n'));
    const truths = await runAffectd(['replay', session, '--session', 'lab', '--streams', 'truth']);
    const heard = plain.messages.filter(({ stream }) => stream === 'truth');
    expect(
      heard.map(({ time_unix: _, age_ms: __, seq: ___, run: ____, ...truth }) => JSON.stringify(truth)),
    ).toEqual(truths.stdout.trim().split('\n'));
    // Whoever asks for explanations beside them gets those of replay.
    const explained = await runAffectd(['replay', session, '--session', 'lab', '--explain']);
    expect(live(curious)).toEqual(explained.stdout.trim().split('\n'));
  });

  it('tells markers, and where a session begins, as replay does; whoever comes late hears where it began', async () => {
    const daemon = await daemonOnCommand([
      'run',
      '--record',
      join(folder, 'marked'),
      '--log-level',
      'silent',
    ]);
    const { client, messages, until } = collect(daemon.url, ['markers', 'session', 'sys']);
    await client.subscribe({ streams: ['markers', 'session', 'sys'], session: '*', policy: 'buffer' });
    const eeg = streamInfo({ type: 'EEG', labels: ['Fz'], sfreq: 100, unit: 'uV' });
    const cues = {
      ...streamInfo({ type: 'Markers', labels: ['cue'], sfreq: 0, unit: '' }),
      id: 'cues',
      name: 'experiment',
    };
    const late = collect(daemon.url, ['session']);
    const feed = new Feed({ url: daemon.url, session: 'marked', client: 'test' });
    const told: StreamMessage[] = [
      { kind: 'open', info: eeg },
      { kind: 'open', info: cues },
    ];
    for (let k = 0; k < 100; k++) {
      const samples = Float64Array.from({ length: 10 }, (_, i) => Math.sin(k + i));
      told.push({ kind: 'chunk', chunk: chunkOf(eeg, [samples], 50 + k / 10) });
      const marker = { stream: 'cues', time: 50.05 + k / 10, value: `cue ${k}` };
      if (k % 25 === 20) told.push({ kind: 'marker', marker });
    }
    await feedMessages(feed, told, daemon.clock, async (chunks) => {
      if (chunks !== 50) return;
      await late.client.subscribe({ streams: ['session'], policy: 'latest' });
      await late.until(({ stream }) => stream === 'session');
    });
    await until(({ event }) => event?.code === 'session-closed');
    for (const one of [client, late.client]) one.close();
    await daemon.stop();
    const plain = ({ time_unix: _, age_ms: __, seq: ___, run: ____, ...line }: Message) => line;
    const live = messages.filter(({ stream }) => stream === 'markers').map(plain);
    expect(live.map(({ text, source }) => [text, source])).toEqual(
      [20, 45, 70, 95].map((k) => [`cue ${k}`, 'experiment']),
    );
    const [file] = readdirSync(join(folder, 'marked')).filter((name) => name.endsWith('.xdf'));
    const recorded = join(folder, 'marked', file);
    const replayed = await runAffectd([
      'replay',
      recorded,
      '--session',
      'marked',
      '--streams',
      'session,markers',
    ]);
    const [began, ...markers] = replayed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(live).toEqual(markers);
    const [heard] = late.messages.map(plain);
    expect(heard).toEqual({ ...began, zero_unix: expect.any(Number), recording: [] });
    expect(messages.filter(({ stream }) => stream === 'session').map(plain)).toEqual([heard]);
  });

  it('serves ATAM over a socket: its attention weights add up to 1, and go to what is there', async () => {
    const file = join(folder, 'seed62.xdf');
    const faults = 'drop:eeg@24-';
    const only = ['--profile', 'seed62', '--only', 'eeg,gaze', '--duration', '40', '--faults', faults];
    await runAffectd(['simulate', ...only, '--out', file]);
    const pipeline = join(root, 'pipelines', 'seed.yaml');
    const daemon = await daemonOnCommand(['run', pipeline, '--log-level', 'silent']);
    const { client, messages, until } = collect(daemon.url, ['affect', 'sys']);
    await client.subscribe({ streams: ['affect', 'sys'], session: '*', policy: 'buffer' });
    await feedRecording(daemon.url, file, 'seed', daemon.clock);
    await until(({ event }) => event?.code === 'session-closed');
    client.close();
    await daemon.stop();
    const weights = messages
      .filter(({ stream, valid }) => stream === 'affect' && valid)
      .map(({ modalities }) => {
        const { eeg, eye } = modalities as Record<'eeg' | 'eye', { weight: number; present: boolean }>;
        expect(eeg.weight + eye.weight).toBeCloseTo(1, 5);
        return [eeg.present, eye.present, eeg.weight] as const;
      });
    expect(weights.length).toBeGreaterThan(4);
    expect(weights.some(([eeg, eye, weight]) => eeg && eye && weight > 0 && weight < 1)).toBe(true);
    expect(weights.at(-1)).toEqual([false, true, 0]);
  });

  it('ends on SIGTERM with 0 and on an interrupt with 130, telling its clients that it goes', async () => {
    for (const [reason, code] of [
      ['SIGTERM', 0],
      ['SIGINT', 130],
    ] as const) {
      const daemon = await daemonOnCommand(['run', '--log-level', 'silent']);
      const socket = new WebSocket(`${daemon.url.replace('http', 'ws')}v1/stream`);
      await new Promise((resolve) => socket.once('open', resolve));
      const closed = new Promise<number>((resolve) => socket.once('close', resolve));
      const result = await daemon.stop(reason);
      expect(result.code).toBe(code);
      expect(await closed).toBe(1001);
    }
  });

  it('takes a changed pipeline file, and keeps the old one when the new one is unusable', async () => {
    const file = join(folder, 'lab.yaml');
    copyFileSync(join(root, 'pipelines', 'default.yaml'), file);
    const text = readFileSync(file, 'utf8');
    const daemon = await daemonOnCommand(['run', file, '--log-level', 'silent'], true);
    const { client, messages, until } = collect(daemon.url, ['affect', 'sys']);
    await client.subscribe({ streams: ['affect', 'sys'], session: '*', policy: 'buffer' });
    const feed = new Feed({ url: daemon.url, session: 'lab', client: 'test' });
    const recording = await openRecording(session);
    const read = recording.messages({ chunk: null, clockSync: true, events: () => {} });
    await feedMessages(feed, read, daemon.clock, async (sent) => {
      if (sent === 80) {
        writeFileSync(file, text.replace('type: mask', 'type: musk'));
        const kept = await until(({ event }) => event?.code === 'pipeline-kept');
        expect(kept.event?.message).toMatch(/lab\.yaml:\d+:\d+: .*did you mean mask/);
      }
      if (sent === 120) {
        writeFileSync(file, `# mended\n${text}`);
        const reloaded = await until(({ event }) => event?.code === 'pipeline-reloaded');
        expect(reloaded.event?.message).toMatch(/lab\.yaml is in force; every node goes on$/);
      }
    });
    await recording.close();
    await until(({ event }) => event?.code === 'session-closed');
    client.close();
    await daemon.stop();
    const predictions = messages.filter(({ stream }) => stream === 'affect');
    expect(predictions.map(({ seq, time }) => [seq, time])).toEqual(
      predictions.map((_, k) => [k, 4 + 0.5 * k]),
    );
    expect(predictions.at(-1)?.time).toBeGreaterThanOrEqual(15);
  });

  it('goes on when what a changed pipeline file names cannot be opened', async () => {
    const file = join(folder, 'player.yaml');
    const pipeline = (source: string): string =>
      `sources: { eeg: { ${source}, stream_type: EEG } }
transforms: { de: { type: extract, input: eeg, features: [differential-entropy] } }\n`;
    writeFileSync(file, pipeline('type: websocket'));
    const daemon = await daemonOnCommand(['run', file, '--log-level', 'silent'], true);
    const { client, until } = collect(daemon.url, ['sys']);
    await client.subscribe({ streams: ['sys'], session: '*', policy: 'buffer' });
    writeFileSync(file, pipeline('type: recording, path: nowhere.xdf'));
    const kept = await until(({ event }) => event?.code === 'pipeline-kept');
    expect(kept.event?.message).toContain('nowhere.xdf');
    writeFileSync(file, pipeline(`type: recording, path: ${session}`));
    await until(({ event }) => event?.code === 'session-opened');
    client.close();
    expect((await daemon.stop()).code).toBe(0);
  });

  it('records sessions so that their replay gives the same bytes', async () => {
    const sessions = join(folder, 'sessions');
    const daemon = await daemonOnCommand(['run', '--record', sessions, '--log-level', 'silent']);
    const { client, messages, until } = collect(daemon.url, ['affect', 'sys']);
    await client.subscribe({ streams: ['affect', 'sys'], session: '*', policy: 'buffer' });
    await feedRecording(daemon.url, session, 'lab', daemon.clock);
    await until(({ event }) => event?.code === 'recording-closed');
    await until(({ event }) => event?.code === 'session-closed');
    client.close();
    await daemon.stop();
    const [file, ...others] = readdirSync(sessions);
    expect(others).toEqual([]);
    expect(file).toMatch(/^lab_1970-01-01T00-00-\d\d\.xdf$/);
    const replayed = await runAffectd(['replay', join(sessions, file), '--session', 'lab']);
    expect(replayed.code, replayed.stderr).toBe(0);
    const live = messages
      .filter(({ stream }) => stream === 'affect')
      .map(({ time_unix: _, age_ms: __, run: ___, ...prediction }) => JSON.stringify(prediction));
    expect(replayed.stdout.trim().split('\n')).toEqual(live);
  });

  it('prints what the nodes that console sinks name make, as JSON lines', async () => {
    const file = join(folder, 'console.yaml');
    const text = readFileSync(join(root, 'pipelines', 'default.yaml'), 'utf8');
    writeFileSync(
      file,
      `${text}  lines: { type: console, input: affect }\n  skins: { type: console, input: skin }\n`,
    );
    const daemon = await daemonOnCommand(['run', file, '--log-level', 'silent']);
    const { client, until } = collect(daemon.url, ['sys']);
    await client.subscribe({ streams: ['sys'], session: '*', policy: 'buffer' });
    await feedRecording(daemon.url, session, 'lab', daemon.clock);
    await until(({ event }) => event?.code === 'session-closed');
    client.close();
    const { stdout } = await daemon.stop();
    const lines = stdout.trim().split('\n').slice(1);
    for (const node of ['affect', 'skin']) {
      const numbers = lines.flatMap((line) => (JSON.parse(line).node === node ? [JSON.parse(line).seq] : []));
      expect(numbers.length, node).toBeGreaterThan(20);
      expect(numbers, node).toEqual(numbers.map((_, i) => i));
    }
    expect(new Set(lines.map((line) => JSON.parse(line).node))).toEqual(new Set(['affect', 'skin']));
  });

  it('does not start on a port that is taken: 2', async () => {
    const daemon = await daemonOnCommand(['run', '--log-level', 'silent']);
    const taken = await runAffectd(['run', '--port', new URL(daemon.url).port]);
    expect(taken.code).toBe(2);
    expect(taken.stderr.trim().split('\n').at(-1)).toMatch(/^affectd: port \d+ on 127\.0\.0\.1 is taken/);
    await daemon.stop();
  });

  it('does not listen to other machines without a token: 2', async () => {
    const result = await runAffectd(['run', '--host', '0.0.0.0', '--port', '0']);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/give a token \(--token-file FILE\)/);
  });
});

describe('affectd demo', () => {
  it('says first that all is simulated and how to connect, then predicts', async () => {
    const daemon = await daemonOnCommand(['demo', '--log-level', 'silent'], true);
    expect(daemon.output().split('\n')[0]).toMatch(/SIMULATED/);
    expect(daemon.output()).toMatch(/v1\/ingest/);
    const { client, until } = collect(daemon.url, ['affect', 'truth']);
    await client.subscribe({ streams: ['affect', 'truth'] });
    expect(await until(({ stream }) => stream === 'truth')).toMatchObject({ session: 'demo' });
    const valid = await until((message) => message.valid === true);
    expect(valid).toMatchObject({ session: 'demo', evidence: 'simulated', simulated: true });
    expect(valid.time).toBeLessThan(20);
    client.close();
    expect((await daemon.stop('SIGINT')).code).toBe(130);
  });
});
