import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openRecording } from '../../src/io/recordings/open.js';
import { recordSteps, type Step } from '../recorder/recorded-parts.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { runAffectd } from './run-affectd.js';

const folder = temporaryFolder();
const [whole, parts, troubled] = ['whole', 'parts', 'troubled'].map((name) => join(folder, name));

const filesIn = (path: string): string[] =>
  readdirSync(path)
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
    .map((file) => join(path, file));

beforeAll(async () => {
  const session = join(folder, 'session.xdf');
  await runAffectd([
    'simulate',
    '--duration',
    '14',
    '--seed',
    '3',
    '--out',
    session,
    '--faults',
    'drop:gaze@6-9',
  ]);
  const recording = await openRecording(session);
  const steps: Step[] = [];
  for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} })) {
    steps.push({ do: 'take', message });
    if (steps.length % 20 === 0) steps.push({ do: 'wait', s: 0.1 });
  }
  await recording.close();
  const fails = steps.flatMap((step, i): Step[] => {
    if (i % 150 === 100) return [step, { do: 'fail', how: i % 300 === 100 ? 'unsynced' : 'torn' }];
    return i % 150 === 130 ? [step, { do: 'fail', how: null }, { do: 'wait', s: 11 }] : [step];
  });
  await recordSteps(whole, steps);
  await recordSteps(parts, steps, { limits: { bytes: 100_000 } });
  await recordSteps(troubled, fails, { limits: { bytes: 200_000 } });
});

describe('a recording in parts', () => {
  it('is there in several files, and in one', () => {
    expect(filesIn(whole)).toHaveLength(1);
    expect(filesIn(parts).length).toBeGreaterThan(3);
    expect(filesIn(troubled).length).toBeGreaterThan(3);
  });

  it.each([
    ['replay', ['--streams', 'affect,features,markers,quality,truth']],
    ['features', []],
    ['events', []],
  ])(
    '%s: gives the bytes of one file, by a part, several of them, or the folder',
    async (command, options) => {
      const expected = await runAffectd([command, ...filesIn(whole), ...options]);
      expect(expected.code, expected.stderr).toBe(0);
      expect(expected.stdout.split('\n').length).toBeGreaterThan(10);
      for (const named of [[parts], [filesIn(parts)[1]], filesIn(parts), [troubled]]) {
        const { stdout, stderr, code } = await runAffectd([command, ...named, ...options]);
        expect(code, stderr).toBe(0);
        expect(stdout).toBe(expected.stdout);
      }
    },
  );

  it('inspect tells the same of it', async () => {
    const expected = await runAffectd(['inspect', '--json', ...filesIn(whole)]);
    expect(JSON.parse(expected.stdout).streams.length).toBeGreaterThan(3);
    for (const path of [parts, filesIn(parts)[2], troubled])
      expect((await runAffectd(['inspect', '--json', path])).stdout).toBe(expected.stdout);
  });
});
