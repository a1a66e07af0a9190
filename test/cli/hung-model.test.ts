import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { IngestConnection } from '../../src/io/client/index.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const affectd = join(import.meta.dirname, '..', '..', 'bin', 'affectd.js');
const folder = temporaryFolder();
const RATE_HZ = 16;
const SPAN_S = 60;

/** Has the daemon's models run in a thread that hangs with its first question, whereupon `marker` exists. */
const hangs = (marker: string, isNative: boolean): string => {
  const program = `
    import { writeFileSync } from 'node:fs';
    import { parentPort, workerData } from 'node:worker_threads';
    parentPort.on('message', ({ stop }) => {
      if (stop) return parentPort.close();
      if (${isNative}) Atomics.store(new Int32Array(workerData.gate), 0, 1);
      writeFileSync(${JSON.stringify(marker)}, '');
      for (;;);
    });
    parentPort.postMessage({ kind: 'ready', engine: 'onnx', detail: 'pretended', unavailable: [] });
  `;
  return `
    import { createRequire, syncBuiltinESMExports } from 'node:module';
    const threads = createRequire('/')('node:worker_threads');
    const url = new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(program)}));
    threads.Worker = class extends threads.Worker {
      constructor(file, options) {
        super(String(file).includes('inference-worker') ? url : file, options);
      }
    };
    syncBuiltinESMExports();
  `;
};

it.skipIf(process.platform === 'win32').each([
  ['in its own code: the daemon ends with 0', false, [0, null]],
  ['in a native call, which nothing stops: the daemon is killed', true, [null, 'SIGKILL']],
] as const)('a model that hangs %s, within 5 s of SIGTERM, and all is recorded', async (_, isNative, end) => {
  const marker = join(folder, `hangs-${isNative}`);
  const record = join(folder, `recorded-${isNative}`);
  const child = spawn(
    process.execPath,
    [
      ...['--import', `data:text/javascript,${encodeURIComponent(hangs(marker, isNative))}`],
      ...[affectd, 'run', '--port', '0', '--log-level', 'silent', '--record', record],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const url = /listens on (\S+)/.exec(line.toString())![1];
  const connection = new IngestConnection(url, { WebSocket, session: 's', client: 'c' });
  const declared = { name: 'band', type: 'EDA', sfreq: RATE_HZ, channels: ['EDA'], unit: 'uS' };
  const stream = connection.open({ ...declared, clock: 'unix' });
  const sent = Array.from({ length: RATE_HZ * SPAN_S }, (_, k) => Math.fround(2 + Math.sin(k / 50)));
  const begin = Date.now() / 1000 - SPAN_S;
  stream.push(
    sent.map((value) => [value]),
    sent.map((_, k) => begin + k / RATE_HZ),
  );
  await stream.drain();
  await vi.waitFor(() => expect(existsSync(marker)).toBe(true), { timeout: 20_000 });
  const asked = performance.now();
  child.kill('SIGTERM');
  const exit = (await once(child, 'exit')) as [number | null, string | null];
  expect(performance.now() - asked).toBeLessThan(5000);
  expect(exit).toEqual(end);
  connection.abandon();
  const recording = await openRecording(
    join(record, readdirSync(record).find((file) => file.endsWith('.xdf'))!),
  );
  const kept: number[] = [];
  for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} }))
    if (message.kind === 'chunk' && message.chunk.info.type === 'EDA') kept.push(...message.chunk.data);
  await recording.close();
  expect(kept).toEqual(sent);
});
