import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import { lineSchemas } from '../../src/io/protocol/output.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { type CliResult, runAffectd } from './run-affectd.js';

const folder = temporaryFolder();
const session = join(folder, 'session.xdf');
const faulty = join(folder, 'faulty.xdf');
const SIMULATE = ['simulate', '--duration', '20', '--seed', '11'];

let reference: CliResult;
beforeAll(async () => {
  await runAffectd([...SIMULATE, '--out', session]);
  await runAffectd([...SIMULATE, '--out', faulty, '--faults', 'drop:gaze@15-,nan:EDA@0-']);
  reference = await runAffectd(['replay', session]);
});

const lines = ({ stdout }: { stdout: string }) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('replay', () => {
  it('gives a line for every window from the first full one on', () => {
    expect(reference.code, reference.stderr).toBe(0);
    const predictions = lines(reference);
    expect(predictions.map(({ time }) => time)).toEqual(Array.from({ length: 33 }, (_, k) => 4 + 0.5 * k));
    expect(predictions.map(({ seq }) => seq)).toEqual(predictions.map((_, k) => k));
    expect(predictions.every((line) => line.session === 'session' && line.evidence === 'simulated')).toBe(
      true,
    );
    expect(predictions.filter(({ time }) => time >= 6).every(({ valid }) => valid)).toBe(true);
    expect(predictions[0]).not.toHaveProperty('time_unix');
    const strict = lineSchemas.affect.strict();
    for (const line of predictions) expect(strict.safeParse(line).error?.issues ?? []).toEqual([]);
  });

  it.each([['1'], ['7'], ['4096']])('gives the same bytes with --chunk %s', async (chunk) => {
    expect((await runAffectd(['replay', session, '--chunk', chunk])).stdout).toBe(reference.stdout);
  });

  it.each([['3.7'], ['3.7', '--speed', '1000'], ['7', '--worker']])(
    'gives the same bytes with --restore-every %s %s %s',
    async (...restore) => {
      const { stdout, code, stderr } = await runAffectd(['replay', session, '--restore-every', ...restore]);
      expect(code, stderr).toBe(0);
      expect(stdout).toBe(reference.stdout);
    },
  );

  it('gives the same lines of all streams, and the same features, stopped every second', async () => {
    const streams = ['--streams', 'session,affect,markers,truth,quality,indices,features'];
    for (const command of [
      ['replay', faulty, ...streams],
      ['features', faulty],
      ['features', faulty, '-p', 'physio'],
    ]) {
      const whole = await runAffectd(command);
      const parts = await runAffectd([...command, '--restore-every', '1']);
      expect(parts).toEqual(whole);
    }
    const inThreads = await runAffectd(['features', faulty, '--restore-every', '9', '--worker']);
    expect(inThreads).toEqual(await runAffectd(['features', faulty]));
  });

  it.each([['--restore-every', '1'], ['--worker']])('serves no session with %s', async (...options) => {
    const { code, stderr } = await runAffectd(['replay', session, '--serve', ...options]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/cannot be used with option '--serve'/);
  });

  it('gives the same bytes at --speed 50', async () => {
    const clock = new VirtualClock();
    let done = false;
    const run = runAffectd(['replay', session, '--speed', '50'], { clock }).finally(() => {
      done = true;
    });
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(0.01);
    }
    expect((await run).stdout).toBe(reference.stdout);
    expect(clock.now()).toBeGreaterThan(19 / 50);
  });

  it('explains each line where it is asked to, and tells the rest of it as before', async () => {
    const { stdout, code } = await runAffectd(['replay', session, '--explain']);
    expect(code).toBe(0);
    const explained = lines({ stdout });
    const plain = explained.map(({ contribution: _, ...line }) => `${JSON.stringify(line)}\n`).join('');
    expect(plain).toBe(reference.stdout);
    for (const { contribution, modalities, abstained = {} } of explained) {
      const present = Object.keys(modalities).filter((name) => modalities[name].present);
      expect(Object.keys(contribution ?? {})).toEqual(present);
      for (const changes of Object.values(contribution ?? {}))
        expect(Object.keys(changes as object)).toEqual(
          ['valence', 'arousal'].filter((dimension) => !(dimension in abstained)),
        );
    }
  });

  it('gives the same bytes to a file', async () => {
    const out = join(folder, 'out.jsonl');
    expect((await runAffectd(['replay', session, '--out', out])).stdout).toBe('');
    expect(readFileSync(out, 'utf8')).toBe(reference.stdout);
  });

  it('masks what is missing, and says why', async () => {
    const predictions = lines(await runAffectd(['replay', faulty]));
    const at = (time: number) => predictions.find((line) => line.time === time);
    expect(at(15).modalities.eye).toMatchObject({ present: true });
    expect(at(16).modalities.eye).toEqual({ present: false, coverage: 0, weight: 0, reason: 'stale' });
    expect(at(12).modalities.eda).toMatchObject({ present: false, weight: 0 });
    expect(at(12).valid).toBe(true);
  });

  it('garbage in a masked sensor leaves every bit of the output as it was', async () => {
    const files = await Promise.all(
      ['nan:EDA@0-', 'nan:EDA@0-,late:EDA@3-9', 'flat:EDA@0-,nan:EDA@0-'].map(async (faults, i) => {
        const out = join(folder, `garbage-${i}.xdf`);
        await runAffectd([...SIMULATE, '--out', out, '--faults', faults]);
        return runAffectd(['replay', out, '--session', 's']);
      }),
    );
    expect(lines(files[0])[10].modalities.eda.present).toBe(false);
    for (const file of files.slice(1)) expect(file.stdout).toBe(files[0].stdout);
  });

  it('refuses a model that was trained behind other transforms: 2, with the line', async () => {
    const own = join(folder, 'own.yaml');
    const { writeFileSync } = await import('node:fs');
    const text = readFileSync(join(import.meta.dirname, '..', '..', 'pipelines', 'default.yaml'), 'utf8');
    writeFileSync(own, text.replace('high_hz: 45', 'high_hz: 30'));
    for (const args of [
      ['replay', session, '-p', own],
      ['check', own],
    ]) {
      const result = await runAffectd(args);
      expect(result.code).toBe(2);
      expect(result.stdout).toBe('');
      expect(result.stderr).toMatch(/own\.yaml.*: the transforms before input eeg are not those/);
    }
  });
});
