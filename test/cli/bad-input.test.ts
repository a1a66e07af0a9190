import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { type CliResult, runAffectd } from './run-affectd.js';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const eegDe = join(import.meta.dirname, '..', '..', 'pipelines', 'eeg-de.yaml');

beforeAll(() => {
  const random = new Random(1);
  const noise = Uint8Array.from({ length: 20_000 }, () => Math.floor(random.uniform() * 256));
  for (const name of ['noise.xdf', 'noise.edf', 'noise.csv', 'noise.bin']) writeFileSync(at(name), noise);
  writeFileSync(at('empty.xdf'), '');
  writeFileSync(at('magic-only.xdf'), 'XDF:');
  writeFileSync(at('text.edf'), 'this is no EDF file\n');
  writeFileSync(at('no-time.csv'), 'EEG.Fp1[uV],EEG.Fp2[uV]\n1,2\n');
  writeFileSync(at('header-only.csv'), 'time,EEG.Fp1[uV]\n');
  writeFileSync(
    at('short.csv'),
    `time,EEG.Fp1[uV]\n${Array.from({ length: 300 }, (_, i) => `${i / 100},${i}\n`).join('')}`,
  );
  writeFileSync(
    at('gaze.csv'),
    `time,Gaze.x[deg]\n${Array.from({ length: 900 }, (_, i) => `${i / 100},${i}\n`).join('')}`,
  );
  writeFileSync(at('broken.yaml'), 'sources:\n  eeg: { type: websocket, stream_type: EEG, colour: red }\n');
  writeFileSync(at('not.yaml'), 'sources: {\n');
  mkdirSync(at('folder'));
});

function expectOneClearLine({ stderr, stdout }: CliResult): void {
  expect(stdout).toBe('');
  const lines = stderr.trim().split('\n');
  expect(lines, stderr).toHaveLength(1);
  expect(lines[0]).toMatch(/^affectd: .{20,}/);
  expect(stderr).not.toMatch(/\n\s+at |unexpected/);
}

describe.each(['features', 'inspect'])('%s', (command) => {
  const pipeline = command === 'features' ? ['-p', eegDe] : [];
  it.each([
    'noise.xdf',
    'noise.edf',
    'noise.csv',
    'noise.bin',
    'empty.xdf',
    'magic-only.xdf',
    'text.edf',
    'no-time.csv',
    'header-only.csv',
    'folder',
    'missing.xdf',
  ])('%s: exit code 3 and one line that names the file', async (name) => {
    const result = await runAffectd([command, at(name), ...pipeline]);
    expect(result.code, result.stderr).toBe(3);
    expectOneClearLine(result);
    expect(result.stderr).toContain(name);
  });
});

it('a recording shorter than a window, or without a stream that is asked for: 3', async () => {
  for (const name of ['short.csv', 'gaze.csv']) {
    const result = await runAffectd(['features', at(name), '-p', eegDe]);
    expect(result.code).toBe(3);
    expectOneClearLine(result);
  }
});

describe('wrong usage', () => {
  it.each<[string, string[]]>([
    ['an unknown command', ['fly']],
    ['an unknown option', ['features', 'x.xdf', '--fast']],
    ['a missing argument', ['features']],
    ['a bad number', ['features', 'x.xdf', '--chunk', 'many']],
    ['a bad choice', ['features', 'x.xdf', '--clock-sync', 'maybe']],
    ['an unknown benchmark', ['bench', 'nothing']],
    ['a bad engine', ['replay', 'x.xdf', '--engine', 'abacus']],
    ['no target', ['simulate']],
    ['an unknown fault', ['simulate', '--out', join(folder, 's.xdf'), '--faults', 'explode:eeg']],
  ])('%s: exit code 2, no stack trace, no data on stdout', async (_, args) => {
    const result = await runAffectd(args);
    expect(result.code, result.stderr).toBe(2);
    expect(result.stdout).toBe('');
    expect(result.stderr.trim()).toMatch(/^affectd: \S/);
    expect(result.stderr).not.toMatch(/\n\s+at /);
  });

  it('a pipeline file that is missing, no YAML or wrong: 2, with the line', async () => {
    for (const [name, expected] of [
      ['missing.yaml', /there is no such file/],
      ['not.yaml', /not\.yaml:\d+:\d+: not valid YAML/],
      ['broken.yaml', /broken\.yaml:2:\d+: sources\.eeg\.colour: unknown key/],
    ] as const) {
      const result = await runAffectd(['features', at('short.csv'), '-p', at(name)]);
      expect(result.code).toBe(2);
      expectOneClearLine(result);
      expect(result.stderr).toMatch(expected);
    }
  });

  it('a pipeline without a model has nothing to predict: 2', async () => {
    const result = await runAffectd(['replay', at('short.csv'), '-p', eegDe]);
    expect(result.code).toBe(2);
    expectOneClearLine(result);
  });
});

describe('--out', () => {
  it('in a folder that is not there: 2', async () => {
    const result = await runAffectd(['simulate', '--out', at('nowhere/s.xdf')]);
    expect(result.code).toBe(2);
    expectOneClearLine(result);
  });

  it('leaves nothing half-written when the input is unusable', async () => {
    const before = readdirSync(folder).sort();
    await runAffectd(['features', at('short.csv'), '-p', eegDe, '--out', at('out.csv')]);
    await runAffectd(['features', at('noise.xdf'), '-p', eegDe, '--out', at('out.csv')]);
    expect(readdirSync(folder).sort()).toEqual(before);
  });
});

describe('check', () => {
  it('tells every problem of every file, and machines too', async () => {
    const text = await runAffectd(['check', at('broken.yaml'), eegDe]);
    expect(text.code).toBe(2);
    expect(text.stderr).toMatch(/broken\.yaml:2:\d+: sources\.eeg\.colour: unknown key/);
    const json = await runAffectd(['check', at('broken.yaml'), '--json']);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      problems: [{ line: 2, path: 'sources.eeg.colour' }],
    });
    const fine = await runAffectd(['check', eegDe, '--json']);
    expect(fine.code).toBe(0);
    expect(JSON.parse(fine.stdout)).toEqual({ ok: true, problems: [] });
  });

  it('passes a pipeline whose model is still to be trained, and names the command where there is a recipe', async () => {
    const own = at('untrained.yaml');
    const transforms = 'transforms:\n  a: { type: extract, input: eeg, features: [differential-entropy] }\n';
    writeFileSync(
      own,
      `sources:\n  eeg: { type: websocket, stream_type: EEG }\n${transforms}models:\n  m: { type: atam, path: nowhere, inputs: { eeg: a } }\n`,
    );
    const without = await runAffectd(['check', own]);
    expect(without.stderr).toContain('a model is a folder with a manifest.json, which affectd train writes');
    mkdirSync(at('nowhere'));
    writeFileSync(at(join('nowhere', 'train.yaml')), '');
    const command = `affectd train ${at(join('nowhere', 'train.yaml'))}`;
    const text = await runAffectd(['check', own]);
    expect(text.code, text.stderr).toBe(0);
    expect(text.stderr).toContain(command);
    expect(text.stdout).toMatch(/ok\n$/);
    const json = JSON.parse((await runAffectd(['check', own, '--json'])).stdout);
    expect(json).toMatchObject({ ok: true, problems: [], untrained: [{ line: 6, path: 'models.m' }] });
    const run = await runAffectd(['run', own, '--port', '0']);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(command);
    expect(run.stderr.trim().split('\n')).toHaveLength(1);
  });
});

it('help and version are fine: 0', async () => {
  for (const args of [['--help'], ['--version'], ['help'], ['replay', '--help']]) {
    const result = await runAffectd(args);
    expect(result.code, args.join(' ')).toBe(0);
    expect(result.stdout).not.toBe('');
  }
  expect((await runAffectd(['replay', '--help'])).stdout).toMatch(/Examples:/);
});
