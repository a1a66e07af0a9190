import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/io/lsl/config.js';
import { Outlet } from '../../src/io/lsl/outlet.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { runAffectd } from './run-affectd.js';
import { runningClock } from './running-clock.js';

const RATE_HZ = 100;

const { clock, stop: stopClock } = runningClock();
afterAll(() => stopClock());
await ownSettings();
const { cleanups } = cleanUpAfterEach();
const study = join(temporaryFolder(), 'study');
mkdirSync(study);

/** The command, until it is told to end. */
function start(...args: string[]) {
  const abort = new AbortController();
  let text = '';
  let wake = (): void => {};
  const result = runAffectd(['record', '--remote-control', '0', ...args], {
    ...{ clock, signal: abort.signal },
    onLog: (seen) => {
      text = seen;
      wake();
    },
  });
  const stop = () => {
    abort.abort('SIGTERM');
    return result;
  };
  cleanups.push(stop);
  const says = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = pattern.exec(text);
      if (found) return found[1];
      await Promise.race([
        new Promise<void>((resolve) => {
          wake = resolve;
        }),
        result.then(({ stderr }) => Promise.reject(new Error(`ended: ${stderr}`))),
      ]);
    }
  };
  return { result, stop, says };
}

async function control(port: number) {
  const socket = connect(port, '127.0.0.1');
  cleanups.push(() => socket.destroy());
  await once(socket, 'connect');
  return async (line: string): Promise<string> => {
    socket.write(`${line}\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString();
  };
}

/** A device whose samples count up, and go on. */
async function device(name: string, type: string) {
  const network = { clock, config: loadConfig(), events: () => {} };
  const outlet = await Outlet.create(network, { name, type, sourceId: name, nominalRate_hz: RATE_HZ });
  let n = 0;
  const pushing = clock.every(0.1, () => {
    const values = Float32Array.from({ length: RATE_HZ / 10 }, () => n++);
    outlet.push(
      values,
      Float64Array.from(values, (value) => 5000 + value / RATE_HZ),
    );
  });
  cleanups.push(() => {
    pushing.cancel();
    return outlet.close();
  });
  return outlet;
}

async function samplesIn(path: string): Promise<[string, number][]> {
  const recording = await openRecording(path);
  await recording.close();
  expect(recording.problems).toEqual([]);
  return recording.streams.map(({ info, samples }): [string, number] => [info.name, samples]).sort();
}

it('records two devices whenever LabRecorder’s clients say so, each time to a file of its own', async () => {
  const outlets = [await device('cap', 'EEG'), await device('band', 'EDA')];
  const { stop, says } = start('--out', study, '--json');
  const ask = await control(Number(await says(/waits for start at 127\.0\.0\.1:(\d+)/)));
  expect(await ask('stop')).toBe('ERROR: nothing is recorded at present\n');
  for (const command of ['update', 'select all', 'filename {participant:P003} {task:Rest} {modality:eeg}'])
    expect(await ask(command)).toBe('OK');
  const heard = () => Promise.all(outlets.map((outlet) => outlet.waitForConsumers(60)));
  const gone = async () => {
    while (outlets.some((outlet) => outlet.consumers > 0))
      await new Promise((resolve) => setImmediate(resolve));
  };
  const names = ['001', '002'].map(
    (run) => `sub-P003/ses-S001/eeg/sub-P003_ses-S001_task-Rest_run-${run}_eeg.xdf`,
  );
  for (const name of names) {
    expect(await ask('start')).toBe('OK');
    expect(await ask('start')).toMatch(/^ERROR: .* is being recorded already\n$/);
    expect(await ask('filename {root:..}')).toMatch(/^ERROR: a file can only be below/);
    await heard();
    await new Promise<void>((resolve) => clock.after(1, resolve));
    expect(await ask('stop')).toBe('OK');
    const samples = await samplesIn(join(study, name));
    expect(samples.map(([stream]) => stream)).toEqual(['band', 'cap']);
    for (const [, n] of samples) expect(n).toBeGreaterThan(RATE_HZ / 2);
    await gone();
  }
  // A name that is given again: the one that is there gets another, as in LabRecorder.
  expect(await ask('filename {template:same.xdf} {root:pilot}')).toBe('OK');
  for (const _ of [1, 2]) {
    expect(await ask('start')).toBe('OK');
    await heard();
    await new Promise<void>((resolve) => clock.after(1, resolve));
    expect(await ask('stop')).toBe('OK');
    await gone();
  }
  expect(readdirSync(join(study, 'pilot')).sort()).toEqual(['same.xdf', 'same_old1.xdf']);
  // What is still recorded when the command ends is whole, too.
  expect(await ask('filename {template:last}')).toBe('OK');
  expect(await ask('start')).toBe('OK');
  await heard();
  await new Promise<void>((resolve) => clock.after(1, resolve));
  const { code, stdout, stderr } = await stop();
  expect(code, stderr).toBe(0);
  expect(await samplesIn(join(study, 'pilot', 'last.xdf'))).toHaveLength(2);
  const reports = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { out: string }).out);
  expect(reports).toEqual([
    ...names.map((name) => join(study, name)),
    ...['same', 'same', 'last'].map((name) => join(study, 'pilot', `${name}.xdf`)),
  ]);
  expect(readdirSync(join(study, '..'))).toEqual(['study']);
});

it('says that nothing came, to who stops it, and leaves no file', async () => {
  const { stop, says } = start('--out', study, '--select', "name='nobody'");
  const ask = await control(Number(await says(/waits for start at 127\.0\.0\.1:(\d+)/)));
  expect(await ask('filename {template:empty.xdf}')).toBe('OK');
  expect(await ask('start')).toBe('OK');
  expect(await ask('stop')).toMatch(/^ERROR: no LSL stream that fits name='nobody' was found/);
  expect((await stop()).code).toBe(0);
  expect(readdirSync(study)).not.toContain('empty.xdf');
});

it('needs a folder that is there, and a port that is free', async () => {
  for (const [args, message] of [
    [[], '--out'],
    [['--out', join(study, 'missing')], 'is no folder; make it first'],
  ] as const) {
    const { code, stderr } = await start(...args).result;
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  }
  const { says } = start('--out', study);
  const port = await says(/waits for start at 127\.0\.0\.1:(\d+)/);
  const second = await runAffectd(['record', '--remote-control', port, '--out', study], { clock });
  expect([second.code, second.stderr]).toEqual([2, expect.stringContaining('another program has the port')]);
});
