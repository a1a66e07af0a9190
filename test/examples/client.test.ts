import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemClock } from '../../src/core/clock.js';
import { type Daemon, RawClient, startDaemon, until } from '../io/server/daemon.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const folder = join(import.meta.dirname, '..', '..', 'examples', 'client');
let daemon: Daemon;
let started: ChildProcess[] = [];

beforeEach(async () => {
  daemon = await startDaemon({ clock: new SystemClock() });
});
afterEach(async () => {
  for (const child of started) child.kill();
  started = [];
  await daemon.stop();
});

function start(name: string, ...args: string[]) {
  const child = spawn(process.execPath, [join(folder, name), daemon.url, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    line: async () => (await lines.next()).value as string,
    code: async () => (await once(child, 'exit'))[0] as number,
  };
}

function prediction(seq: number, valence: number, valid = true) {
  return {
    stream: 'affect',
    session: 's1',
    node: 'affect',
    seq,
    time: 4 + seq,
    window: [seq, 4 + seq],
    valence,
    arousal: 0,
    interval: null,
    modalities: {},
    valid,
    reason: valid ? null : 'no-input',
    evidence: 'simulated',
    model: 'm',
    pipeline: 'p',
  } as const;
}

describe('examples of the client', () => {
  it('are short, and each is tried here', () => {
    const tried = readFileSync(import.meta.filename, 'utf8');
    for (const name of readdirSync(folder)) {
      const lines = readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('import ') && !line.startsWith('//'));
      expect(lines.length, name).toBeLessThanOrEqual(10);
      expect(tried).toContain(`'${name}'`);
    }
  });

  it('headset.mjs sends a second of two channels', async () => {
    expect(await start('headset.mjs').code()).toBe(0);
    const chunks = daemon.chunks();
    expect(chunks.reduce((sum, { times }) => sum + times.length, 0)).toBe(250);
    expect(chunks.some(({ gapBefore }) => gapBefore)).toBe(false);
  });

  it('marker.mjs marks now', async () => {
    // What is marked is a session that has data.
    const device = await RawClient.connect(daemon, '/v1/ingest');
    const stream = await device.open({ clock: 'unix' }, { session: 's1' });
    await device.request('push', { stream, seq: 0, t0: Date.now() / 1000, data: [[1, 2]] });
    expect(await start('marker.mjs', 's1', 'stimulus').code()).toBe(0);
    const marked = daemon.received.filter(({ message }) => message.kind === 'marker');
    expect(marked).toMatchObject([{ session: 's1', message: { marker: { value: 'stimulus' } } }]);
    await device.close();
  });

  it('several-streams.mjs sends both streams', async () => {
    expect(await start('several-streams.mjs').code()).toBe(0);
    const kinds = daemon.kinds();
    expect(kinds.filter((kind) => kind === 'open')).toHaveLength(2);
    expect(kinds).toContain('marker');
    expect(daemon.chunks().map(({ times }) => times.length)).toEqual([3]);
  });

  it('observable.mjs averages ten valid predictions', async () => {
    const heard = start('observable.mjs').line();
    let seq = 0;
    let isHeard = false;
    heard.then(() => {
      isHeard = true;
    });
    // Connected isn't subscribed yet: it is told until it hears.
    await until(() => {
      if (daemon.sink.subscribers === 1)
        daemon.sink.publish(prediction(seq, seq % 3 ? 0.25 : 1, seq % 3 > 0));
      seq++;
      return isHeard;
    });
    expect(await heard).toBe('0.250');
  });

  it('going-on.mjs hears what came while it was away, and nothing twice', async () => {
    const file = join(temporaryFolder(), 'heard.json');
    daemon.sink.publish(prediction(0, 0.5));
    const first = start('going-on.mjs', 's1', file);
    expect(await first.line()).toBe('affect 0: 0.5');
    daemon.sink.publish(prediction(1, 0.25));
    expect(await first.line()).toBe('affect 1: 0.25');
    await until(() => readFileSync(file, 'utf8').includes(':1}'));
    first.child.kill();
    await until(() => daemon.sink.subscribers === 0);
    daemon.sink.publish(prediction(2, 0.125));
    const second = start('going-on.mjs', 's1', file);
    expect(await second.line()).toBe('affect 2: 0.125');
  });

  it('sensors.mjs names the masked sensor', async () => {
    const { line } = start('sensors.mjs');
    await until(() => daemon.sink.subscribers === 1);
    const sensor = { name: 'x', sfreq: 60, simulated: undefined, channels: [] };
    daemon.sink.publish({
      stream: 'quality',
      session: 's1',
      time: 7,
      inputs: {
        eeg: { ...sensor, type: 'EEG', present: true, reason: null },
        gaze: { ...sensor, type: 'Gaze', present: false, reason: 'stale' },
      },
    });
    expect(await line()).toBe('s1 7 s: gaze is masked (stale)');
  });
});
