import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { connectStream, openIngest } from '../../src/io/client/index.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const FRAMES = 60;
const FRAME = 10;
const RATE_HZ = 200;

const folder = temporaryFolder();
const { cleanups } = cleanUpAfterEach();
const bin = fileURLToPath(new URL('../../bin/affectd.js', import.meta.url));

const pipeline = join(folder, 'pipeline.yaml');
writeFileSync(
  pipeline,
  `
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 0.5, hop_s: 0.1 }
`,
);

/** A daemon in a process of its own, once it listens, and where. */
async function startProcess(record: string, port: number): Promise<{ child: ChildProcess; url: string }> {
  const args = ['run', pipeline, '--record', record, '--port', String(port), '--log-level', 'error'];
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanups.push(() => void child.kill('SIGKILL'));
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout!.on('data', (data) => {
      text += data;
      const told = /listens on (\S+)/.exec(text)?.[1];
      if (told) resolve(told);
    });
    child.once('exit', () => reject(new Error(`the daemon ended: ${text}`)));
  });
  return { child, url };
}

it('loses and doubles nothing that a client was told is kept when its process is killed', async () => {
  const record = join(folder, 'sessions');
  const first = await startProcess(record, 0);
  const { url } = first;
  const stream = openIngest(url, {
    ...{ WebSocket, client: 'rig', session: 'lab' },
    stream: { name: 'cap', type: 'EEG', sfreq: RATE_HZ, channels: ['Cz'], unit: 'uV', clock: 'session' },
  });
  cleanups.push(() => void stream.close());
  let acked = -1;
  stream.on('ack', (index) => {
    acked = index;
  });
  const heard: { readonly seq: number; readonly run: string }[] = [];
  const subscriber = connectStream(url, { WebSocket });
  cleanups.push(() => subscriber.close());
  subscriber.on('features', ({ seq, run }) => heard.push({ seq, run }));
  await subscriber.subscribe({ streams: ['features'], session: 'lab', policy: 'buffer' });
  let second: ReturnType<typeof startProcess> | null = null;
  let ackedBefore = -1;
  let frame = 0;
  for await (const _ of setInterval((1000 * FRAME) / RATE_HZ)) {
    if (frame < FRAMES)
      stream.push(
        Array.from({ length: FRAME }, (_, i) => [frame * FRAME + i]),
        (frame++ * FRAME) / RATE_HZ,
      );
    if (!second && acked >= 15) {
      first.child.kill('SIGKILL');
      ackedBefore = acked;
      second = once(first.child, 'exit').then(() => startProcess(record, Number(new URL(url).port)));
    }
    if (acked === FRAMES - 1) break;
  }
  const { child } = await second!;
  expect(ackedBefore).toBeLessThan(FRAMES - 20);
  await stream.close();
  child.kill('SIGTERM');
  expect((await once(child, 'exit'))[0]).toBe(0);
  expect(readdirSync(record).filter((name) => name.endsWith('.xdf'))).toHaveLength(2);
  const recording = await openRecording(join(record, readdirSync(record)[0]));
  const values: number[] = [];
  let gaps = 0;
  for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} }))
    if (message.kind === 'chunk' && message.chunk.info.type === 'EEG') {
      values.push(...message.chunk.data);
      gaps += Number(message.chunk.gapBefore);
    }
  await recording.close();
  expect(values).toEqual(Array.from({ length: FRAMES * FRAME }, (_, i) => i));
  expect(gaps).toBe(0);
  const seqs = [...new Set(heard.map(({ seq }) => seq))];
  expect(new Set(heard.map(({ run }) => run)).size).toBe(2);
  expect(seqs.sort((a, b) => a - b)).toEqual(seqs.map((_, i) => i));
  expect(seqs.length).toBeGreaterThan(20);
}, 60_000);
