import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { runAffectd } from './run-affectd.js';

const root = join(import.meta.dirname, '..', '..');
const affectd = join(root, 'bin', 'affectd.js');
const eegDe = join(root, 'pipelines', 'eeg-de.yaml');
const demo = join(root, 'fixtures', 'demo', 'demo.xdf');
const folder = temporaryFolder();
const recording = join(folder, 'session.csv');

beforeAll(() => {
  const rows = Array.from({ length: 2000 }, (_, i) => `${i / 100},${Math.sin(i)}\n`);
  writeFileSync(recording, `time,EEG.Fp1[uV]\n${rows.join('')}`);
});

/** The exit code and stderr of a shell command line. */
async function shell(line: string): Promise<{ code: number | null; stderr: string }> {
  const child = spawn('bash', ['-o', 'pipefail', '-c', line], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr };
}

describe('--out', () => {
  it('does not write over the input: 2', async () => {
    const before = readFileSync(recording, 'utf8');
    const result = await runAffectd(['features', recording, '-p', eegDe, '--out', recording]);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/is the input; choose another place/);
    expect(readFileSync(recording, 'utf8')).toBe(before);
  });

  it('does not take a folder: 2', async () => {
    const result = await runAffectd(['features', recording, '-p', eegDe, '--out', folder]);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/is a folder; name a file in it/);
  });

  it.skipIf(process.platform === 'win32')(
    'writes to a device or pipe instead of putting a file in its place',
    async () => {
      const pipe = join(folder, 'pipe');
      execFileSync('mkfifo', [pipe]);
      const reader = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      reader.stdout.on('data', (data: Buffer) => {
        text += data.toString();
      });
      const result = await runAffectd(['features', recording, '-p', eegDe, '--out', pipe]);
      await once(reader, 'close');
      expect(result.code, result.stderr).toBe(0);
      expect(statSync(pipe).isFIFO()).toBe(true);
      expect(text.split('\r\n')).toHaveLength(1 + 17 + 1);
    },
  );
});

describe.skipIf(process.platform === 'win32')('stdout', () => {
  it.each([
    `node ${affectd} features ${recording} -p ${eegDe} | head -1`,
    `node ${affectd} replay ${demo} | head -1`,
    `node ${affectd} replay --help | head -1`,
  ])('closed by its reader is fine: %s', async (line) => {
    const { code, stderr } = await shell(line);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^(affectd: .*\n)*$/);
  });

  it
    .skipIf(!statSync('/dev/full', { throwIfNoEntry: false })?.isCharacterDevice())
    .each([`features ${recording} -p ${eegDe}`, `inspect ${recording}`, '--help'])(
    'on a full disk is one line and 1: affectd %s',
    async (args) => {
      const { code, stderr } = await shell(`node ${affectd} ${args} > /dev/full`);
      expect(code).toBe(1);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).toMatch(/^affectd: stdout: can't be written \(ENOSPC\)/);
    },
  );
});

it('simulate says when no daemon answers: 1', async () => {
  const result = await runAffectd([
    'simulate',
    '--via',
    'websocket',
    '--url',
    'ws://127.0.0.1:9',
    '--duration',
    '1',
  ]);
  expect(result.code).toBe(1);
  expect(result.stderr).toMatch(/no daemon answers at ws:\/\/127\.0\.0\.1:9; start one with affectd run/);
});

it.skipIf(process.platform === 'win32')('the demo ends on SIGTERM with 0, in time', async () => {
  const child = spawn(process.execPath, [affectd, 'demo', '--port', '0', '--log-level', 'silent'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(0);
});

it('a pipeline file of aliases that unfold without end is refused in one line: 2', async () => {
  const bomb = join(folder, 'bomb.yaml');
  const levels = Array.from(
    { length: 9 },
    (_, i) => `k${i + 1}: &k${i + 1} [${Array(9).fill(`*k${i}`).join(', ')}]`,
  );
  writeFileSync(bomb, `k0: &k0 [a, a]\n${levels.join('\n')}\n`);
  const result = await runAffectd(['check', bomb]);
  expect(result.code).toBe(2);
  expect(result.stderr.trim().split('\n')).toHaveLength(1);
});
