import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configFile, tiny } from '../learn/evaluate/tiny.js';
import { runAffectd } from './run-affectd.js';

const quick = { ...tiny, seeds: [1], ablations: [], main: undefined, sweeps: {}, paper: [] };

describe('affectd evaluate', () => {
  it('writes a report and prints where it is', async () => {
    const { path, out } = configFile(quick);
    const { code, stdout, stderr } = await runAffectd(['evaluate', path, '--out', out, '--workers', '1']);
    expect([code, stdout]).toEqual([0, `${join(out, 'report.md')}\n`]);
    expect(stderr).toContain('fold 2 of 2 done (atam, seed 1, people 2 of 2)');
    expect(readFileSync(join(out, 'report.md'), 'utf8')).toContain('# Evaluation: tiny');
  });

  it('says LEAKY first where anything is', async () => {
    const { path, out } = configFile({ ...quick, splits: [{ kind: 'window', folds: 2 }] });
    const refused = await runAffectd(['evaluate', path, '--out', out, '--workers', '1']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--leaky runs it, and says so in every output');
    expect(existsSync(out)).toBe(false);
    const args = ['evaluate', path, '--out', out, '--workers', '1', '--leaky'];
    expect((await runAffectd(args)).stdout).toBe(`LEAKY ${join(out, 'report.md')}\n`);
    const json = JSON.parse((await runAffectd([...args, '--json'])).stdout);
    expect(json).toMatchObject({ label: 'LEAKY', splits: [{ label: 'LEAKY' }] });
  });

  it('ends with 2 where the file is wrong or missing, and with one line', async () => {
    const { path } = configFile({ ...quick, models: [{ ...quick.models[0], type: 'atom' }] });
    for (const file of [path, join(dirname(path), 'none.yaml')]) {
      const { code, stderr } = await runAffectd(['evaluate', file]);
      expect(code).toBe(2);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).toContain(file);
    }
  });

  it('refuses a model that does not fit the data before anything is trained', async () => {
    const [model] = quick.models;
    const { path, out } = configFile({ ...quick, models: [{ ...model, modalities: ['face'] }] });
    const { code, stderr } = await runAffectd(['evaluate', path, '--out', out]);
    expect(code).toBe(2);
    expect(stderr).toContain('model atam: modalities: face: the data have eeg, eye');
  });

  it('keeps what is finished when it is interrupted', async () => {
    const { path, out } = configFile(quick);
    const stop = new AbortController();
    const args = ['evaluate', path, '--out', out, '--workers', '1'];
    const onLog = (text: string): void => {
      if (text.includes('fold 1 of 2')) stop.abort('SIGINT');
    };
    expect((await runAffectd(args, { signal: stop.signal, onLog })).code).toBe(130);
    expect((await runAffectd(args)).stderr).toContain('1 of 2 folds are there from an earlier run');
  });
});
