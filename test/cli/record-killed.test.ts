import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { SystemClock } from '../../src/core/clock.js';
import { loadConfig } from '../../src/io/lsl/config.js';
import { Outlet } from '../../src/io/lsl/outlet.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const RATE_HZ = 500;
const CHUNK = 25;
const PARTS = 2;

const folder = temporaryFolder();
await ownSettings();
const { cleanups } = cleanUpAfterEach();
const bin = fileURLToPath(new URL('../../bin/affectd.js', import.meta.url));

it('a process that is killed leaves all that came, but for the last that was on its way to the disk', async () => {
  const network = { clock: new SystemClock(), config: loadConfig(), events: () => {} };
  const outlet = await Outlet.create(network, {
    ...{ name: 'cap', type: 'EEG', sourceId: 'cap-1', nominalRate_hz: RATE_HZ, channelCount: 1 },
    channelFormat: 'double64',
  });
  cleanups.push(() => outlet.close());
  const out = join(folder, 'killed.xdf');
  const args = ['record', '--out', out, '--select', "name='cap'", '--part-s', '1'];
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  cleanups.push(() => void child.kill('SIGKILL'));
  let told = '';
  child.stderr.on('data', (text) => {
    told += text;
  });
  await outlet.waitForConsumers(60);
  const pushed_s: number[] = [];
  for await (const _ of setInterval((1000 * CHUNK) / RATE_HZ)) {
    const now_s = network.clock.now();
    const values = Float64Array.from({ length: CHUNK }, () => pushed_s.push(now_s) - 1);
    outlet.push(
      values,
      values.map((n) => n / RATE_HZ),
    );
    // It is in the middle of its third part.
    if (told.includes(`_part${PARTS + 1}.xdf`)) break;
  }
  child.kill('SIGKILL');
  const killed_s = network.clock.now();
  await once(child, 'exit');
  const recording = await openRecording(out);
  expect(recording.files).toHaveLength(PARTS + 1);
  const values: number[] = [];
  for await (const message of recording.messages({ chunk: null, clockSync: false, events: () => {} }))
    if (message.kind === 'chunk') values.push(...message.chunk.data);
  await recording.close();
  // From the first sample that it heard on, each once.
  const [first] = values;
  expect(values).toEqual(Array.from(values, (_, i) => first + i));
  // 100 ms and a sync; the rest is for machines that do much else.
  const missing_s = killed_s - (pushed_s[values.at(-1)! + 1] ?? killed_s);
  expect(missing_s).toBeLessThan(1);
  expect(statSync(out).mode & 0o777).toBe(0o600);
});
