import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StreamMessage } from '../../src/core/signal.js';
import { Feed } from '../../src/daemon/feed.js';
import type { CallName, CallResult } from '../../src/io/protocol/calls.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { daemonOnCommand } from '../cli/daemon-on-command.js';
import { feedMessages } from '../cli/feed-recording.js';
import { runAffectd } from '../cli/run-affectd.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const eeg = streamInfo({ type: 'EEG', labels: ['F3', 'F4'], sfreq: 100, unit: 'uV' });
const odd = { ...streamInfo({ type: 'ACC', labels: ['x'], sfreq: 50, unit: 'g' }), name: 'shaken' };

function* worn(seconds: number): Generator<StreamMessage> {
  for (const info of [eeg, odd]) yield { kind: 'open', info };
  for (let k = 0; k < seconds * 10; k++)
    for (const info of [eeg, odd]) {
      const n = info.sfreq / 10;
      const rows = info.channels.map((_, c) => Array.from({ length: n }, (_, i) => Math.sin(k * n + i + c)));
      yield { kind: 'chunk', chunk: chunkOf(info, rows, 50 + k / 10) };
    }
}

describe('what a running daemon answers', () => {
  it('is what its sessions, its pipeline and its markers are, in the recording too', async () => {
    const folder = temporaryFolder();
    const daemon = await daemonOnCommand(['run', 'default', '--record', folder, '--log-level', 'silent']);
    const ask = async <N extends CallName>(path: string, body?: unknown): Promise<CallResult<N>> => {
      const answer = await fetch(new URL(path, daemon.url), {
        ...(body !== undefined && {
          ...{ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) },
        }),
      });
      return (await answer.json()) as CallResult<N>;
    };
    expect(await ask('/v1/sessions')).toEqual({ sessions: [] });
    expect(await ask('/v1/sessions/lab/marker', { text: 'early' })).toMatchObject({
      code: 'unknown-session',
    });
    const marked: number[] = [];
    const feed = new Feed({ url: daemon.url, session: 'lab', client: 'test' });
    await feedMessages(feed, worn(12), daemon.clock, async (chunks) => {
      if (chunks !== 160) return;
      const { sessions } = await ask<'sessions'>('/v1/sessions');
      expect(sessions).toMatchObject([
        {
          ...{ session: 'lab', time: expect.any(Number), zero_unix: expect.any(Number) },
          streams: [
            { name: 'eeg', type: 'EEG', sfreq: 100, channels: ['F3', 'F4'], sources: ['eeg'], stale: false },
            { name: 'shaken', type: 'ACC', sources: [] },
          ],
        },
      ]);
      expect(sessions[0].streams.map(({ samples }) => samples)).toEqual([800, 400]);
      expect(sessions[0].streams[0].last).toBeCloseTo(7.99, 5);
      const pipeline = await ask<'pipeline'>('/v1/pipeline');
      const model = pipeline.nodes.find(({ section }) => section === 'models');
      expect(pipeline.nodes.map(({ node }) => node)).toEqual(
        expect.arrayContaining([...(model?.inputs ?? ['?'])]),
      );
      expect(pipeline.sessions[0].sources).toMatchObject({ eeg: 'eeg', gaze: null });
      expect(pipeline.sessions[0].told.affect).toBeGreaterThan(3);
      // The click was half a second ago.
      const time_unix = daemon.clock.unix() - 0.5;
      for (const asked of [{ time_unix }, {}]) {
        const { time } = await ask<'marker'>('/v1/sessions/lab/marker', { text: 'film "A"', ...asked });
        marked.push(time);
      }
      for (const wrong of [daemon.clock.unix() - 61, daemon.clock.unix() + 5])
        expect(await ask('/v1/sessions/lab/marker', { text: 'x', time_unix: wrong })).toMatchObject({
          code: 'too-long-ago',
        });
    });
    const [ago, now] = marked;
    expect(now - ago).toBeCloseTo(0.5, 4);
    // The last sample was measured now: its stamp is what now is in session time.
    expect(now).toBeCloseTo(7.99, 1);
    const { messages } = await ask<'history'>('/v1/sessions/lab/history?streams=affect,markers,session');
    const times = (stream: string) =>
      messages.flatMap((line) => (line.stream === stream && 'time' in line ? [line.time] : []));
    expect(times('affect').length).toBeGreaterThan(10);
    expect(times('markers')).toEqual([ago, now].map((time) => expect.closeTo(time, 5)));
    expect(messages.filter(({ stream }) => stream === 'session')).toHaveLength(1);
    await daemon.stop();
    const [file] = readdirSync(folder).filter((name) => name.endsWith('.xdf'));
    const { stdout } = await runAffectd([
      ...['replay', join(folder, file), '--session', 'lab', '--streams', 'affect,markers'],
    ]);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const recorded = lines.filter(({ stream }) => stream === 'markers');
    expect(recorded.map(({ text, source }) => [text, source])).toEqual(
      Array(2).fill(['film "A"', 'affectd-markers']),
    );
    expect(recorded.map(({ time }) => time)).toEqual(times('markers'));
    // The session may have gone on, in silence, until the daemon was stopped.
    const replayed = lines.flatMap(({ stream, time }) => (stream === 'affect' ? [time] : []));
    expect(replayed.slice(0, times('affect').length)).toEqual(times('affect'));
  });
});
