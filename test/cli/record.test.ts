import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { VirtualClock } from '../../src/core/clock.js';
import { type AffectMessage, connectStream } from '../../src/io/client/index.js';
import { openRecording } from '../../src/io/recordings/open.js';
import type { Disk } from '../../src/recorder/disk/disk.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { readRecording } from '../io/recordings/read-recording.js';
import { FaultyDisk } from '../recorder/faulty-disk.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { feedRecording } from './feed-recording.js';
import { runAffectd } from './run-affectd.js';

await ownSettings();
const folder = temporaryFolder();
const { cleanups } = cleanUpAfterEach();
const session = join(folder, 'session.xdf');

beforeAll(async () => {
  // The shorter hole is none for a file's reader, but is one for the daemon.
  const faults = 'drop:gaze@6-9,drop:EEG@7-7.1';
  const { code, stderr } = await runAffectd(['simulate', '--duration', '15', '--faults', faults, '--out', session]); // biome-ignore format: one line
  expect(code, stderr).toBe(0);
});

/** A command that runs until it is told to stop, on a clock that stands still. */
function start(args: readonly string[], disk?: Disk, clock = new VirtualClock(1000, 1e9)) {
  const abort = new AbortController();
  let text = '';
  let wake: () => void = () => {};
  const heard = (seen: string) => {
    text = seen;
    wake();
  };
  const listening = { onOutput: heard, onLog: heard };
  const result = runAffectd(args, { clock, signal: abort.signal, ...listening, ...(disk && { disk }) });
  const stop = () => {
    abort.abort('SIGTERM');
    return result;
  };
  cleanups.push(stop);
  const says = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = pattern.exec(text);
      if (found) return found[0];
      await Promise.race([
        new Promise<void>((resolve) => {
          wake = resolve;
        }),
        result.then(({ stderr }) => Promise.reject(new Error(`ended without ${pattern}: ${stderr}`))),
      ]);
    }
  };
  return { clock, result, stop, says };
}

async function startDaemon(args: readonly string[] = []) {
  const daemon = start(['run', '--port', '0', '--log-level', 'silent', ...args]);
  const url = await daemon.says(/http:\/\/127\.0\.0\.1:\d+\//);
  return { ...daemon, url };
}

const push = ({ url, clock }: { url: string; clock: VirtualClock }, name: string) =>
  feedRecording(url, session, name, clock);

describe('affectd record beside a daemon', () => {
  it('records what is pushed and predicted; replayed, it gives the bytes that were predicted live', async () => {
    const daemon = await startDaemon();
    const out = join(folder, 'recorded.xdf');
    const recorder = start(['record', '--url', daemon.url, '--out', out, '--json']);
    const live: string[] = [];
    const client = connectStream(daemon.url, { WebSocket });
    const ended = new Promise<void>((resolve) => {
      client.on('affect', (message) => {
        const { run, time_unix, age_ms, ...prediction } = message as AffectMessage;
        live.push(JSON.stringify(prediction));
      });
      client.on('sys', ({ event }) => {
        if (event.code === 'session-closed') resolve();
      });
    });
    await client.subscribe({ streams: ['affect', 'sys'], policy: 'buffer' });
    await recorder.says(/\+ the daemon/);
    await push(daemon, 'lab');
    await recorder.says(/session lab has ended/);
    await ended;
    client.close();
    const { code, stdout, stderr } = await recorder.stop();
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/EEG\): \d+ samples at 128\.0 Hz \(nominal 128\), 1 gap, the longest 0\.1/);
    const report = JSON.parse(stdout) as { streams: { name: string; type: string; samples: number }[] };
    expect(report.streams.map(({ type }) => type)).toEqual(expect.arrayContaining(['EEG', 'Gaze', 'Affect']));
    const replayed = await runAffectd(['replay', out, '--session', 'lab']);
    expect(replayed.code, replayed.stderr).toBe(0);
    expect(live.length).toBeGreaterThan(5);
    expect(replayed.stdout.trim().split('\n')).toEqual(live);
  });

  it('stamps predictions on the clock of the streams that they are of', async () => {
    const recording = await openRecording(join(folder, 'recorded.xdf'));
    const affect = recording.streams.find(({ info }) => info.type === 'Affect')!;
    expect(affect.info.channels.map(({ label }) => label).slice(0, 2)).toEqual(['valence', 'arousal']);
    const starts = recording.streams.filter(({ info }) => info.type !== 'Affect').map(({ first }) => first!);
    expect(affect.first! - 4).toBeCloseTo(starts[0], 9);
    const { streams } = await readRecording(recording);
    expect([...streams.values()].find(({ data }) => data.length === 7)!.data[0].some(Number.isFinite)).toBe(
      true,
    );
    await recording.close();
  });

  it('records only what --select asks for', async () => {
    const daemon = await startDaemon();
    const out = join(folder, 'selected.xdf');
    const recorder = start(['record', '--url', daemon.url, '--out', out, '--select', "type='EEG'"]);
    await recorder.says(/\+ the daemon/);
    await push(daemon, 'lab');
    await recorder.says(/session lab has ended/);
    expect((await recorder.stop()).code).toBe(0);
    const recording = await openRecording(out);
    expect(recording.streams.map(({ info }) => info.type)).toEqual(['EEG']);
    await recording.close();
  });

  it('gives its token; without it, says so and how to mend it', async () => {
    const file = join(folder, 'token.txt');
    writeFileSync(file, 'secret\n');
    const daemon = await startDaemon(['--token-file', file]);
    const out = join(folder, 'token.xdf');
    const refused = await start(['record', '--url', daemon.url, '--out', out]).result;
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--token-file')]);
    const taken = start(['record', '--url', daemon.url, '--out', out, '--token-file', file]);
    await taken.says(/\+ the daemon/);
  });

  it('says that no daemon is where it was said to be, and leaves no file', async () => {
    const out = join(folder, 'nobody.xdf');
    const { code, stderr } = await start(['record', '--url', 'ws://127.0.0.1:9', '--out', out]).result;
    expect([code, stderr]).toEqual([1, expect.stringContaining('no daemon answers')]);
    expect(() => readFileSync(out)).toThrow();
  });

  it('keeps a recording whose place it takes', async () => {
    const daemon = await startDaemon();
    const out = join(folder, 'taken.xdf');
    writeFileSync(out, 'somebody’s data');
    const recorder = start(['record', '--url', daemon.url, '--out', out]);
    await recorder.says(/taken_old1\.xdf now/);
    const { code, stderr } = await recorder.stop();
    expect([code, stderr]).toEqual([0, expect.stringContaining('no LSL stream')]);
    expect(readFileSync(join(folder, 'taken_old1.xdf'), 'utf8')).toBe('somebody’s data');
  });
});

describe('affectd record on a disk that fails', () => {
  it('says at once that nothing can be written there', async () => {
    const disk = new FaultyDisk();
    disk.fault = { on: 'create', code: 'EROFS' };
    const out = join(folder, 'read-only.xdf');
    const { code, stderr } = await start(['record', '--out', out], disk).result;
    expect([code, stderr]).toEqual([2, expect.stringContaining(`--out ${out}: cannot be written (EROFS)`)]);
    expect((await start(['record', '--out', folder]).result).stderr).toContain('is a folder');
  });

  it('tells it, holds what comes, and goes on in another part, that reads as one with the first', async () => {
    const daemon = await startDaemon();
    const disk = new FaultyDisk();
    const out = join(folder, 'full.xdf');
    const recorder = start(['record', '--url', daemon.url, '--out', out, '--json'], disk);
    await recorder.says(/\+ the daemon/);
    disk.room = 50_000;
    await push(daemon, 'lab');
    await recorder.says(/WARNING: .*full\.xdf: can't be written \(ENOSPC\).*held/);
    await recorder.says(/session lab has ended/);
    disk.room = Number.POSITIVE_INFINITY;
    recorder.clock.advance(10);
    await recorder.says(/goes on recording, to .*full_part2\.xdf/);
    const { code, stdout, stderr } = await recorder.stop();
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/wrote .*full\.xdf, full_part2\.xdf: \d+ streams/);
    const report = JSON.parse(stdout) as { out: string; parts: string[]; streams: { lost: number }[] };
    expect(report.parts).toEqual([out, out.replace('.xdf', '_part2.xdf')]);
    expect(report.streams.every(({ lost }) => lost === 0)).toBe(true);
    const joined = await runAffectd(['replay', out, '--session', 'lab']);
    const whole = await runAffectd(['replay', join(folder, 'recorded.xdf'), '--session', 'lab']);
    expect(joined.code, joined.stderr).toBe(0);
    expect(joined.stdout).toBe(whole.stdout);
  });

  it('to the end says how much is lost, and exits 1', async () => {
    const daemon = await startDaemon();
    const disk = new FaultyDisk();
    const out = join(folder, 'failing.xdf');
    const recorder = start(['record', '--url', daemon.url, '--out', out, '--json'], disk);
    await recorder.says(/\+ the daemon/);
    disk.fault = { on: 'write', code: 'EIO' };
    await push(daemon, 'lab');
    await recorder.says(/session lab has ended/);
    const { code, stdout, stderr } = await recorder.stop();
    expect([code, stderr]).toEqual([1, expect.stringMatching(/ (\d+) of \1 samples are lost/)]);
    expect(JSON.parse(stdout)).toMatchObject({ parts: [] });
    expect(disk.open).toBe(0);
  });
});

describe('affectd record --repair', () => {
  it('writes a mended copy beside the file, and leaves the file as it is', async () => {
    const cut = join(folder, 'cut.xdf');
    const bytes = readFileSync(session).subarray(0, 60_000);
    writeFileSync(cut, bytes);
    const { code, stdout, stderr } = await runAffectd(['record', '--repair', cut, '--json']);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('samples saved');
    const mended = join(folder, 'cut-repaired.xdf');
    expect(JSON.parse(stdout)).toMatchObject({ out: mended, needed: true });
    expect(readFileSync(cut).equals(bytes)).toBe(true);
    const inspected = await runAffectd(['inspect', mended, '--json']);
    expect((JSON.parse(inspected.stdout) as { problems: string[] }).problems).toEqual([]);
    const again = await runAffectd(['record', '--repair', mended]);
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('nothing to mend')]);
  });

  it('refuses to write over the file, and what is no recording', async () => {
    expect((await runAffectd(['record', '--repair', session, '--out', session])).code).toBe(2);
    const text = join(folder, 'text.xdf');
    writeFileSync(text, 'no recording');
    expect((await runAffectd(['record', '--repair', text])).code).toBe(3);
    expect((await runAffectd(['record', '--repair', join(folder, 'missing.xdf')])).code).toBe(2);
  });
});
