import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shippedPipelines } from '../../src/pipeline/file/shipped-pipelines.js';
import { runAffectd } from './run-affectd.js';

interface Listed {
  readonly name: string;
  readonly file: string;
  readonly needs: readonly string[];
  readonly takes: readonly string[];
  readonly models: readonly { readonly path: string; readonly tells: object | null }[];
}

describe('affectd pipelines', () => {
  it('tells what each shipped pipeline needs and gives', async () => {
    const { code, stdout, stderr } = await runAffectd(['pipelines']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('eeg-de\n  needs EEG\n  gives features: differential-entropy\n');
    expect(stdout).toContain(
      'seed\n  needs any of EEG, Gaze\n  gives valence, arousal (atam, models/seed-atam)\n',
    );
    expect(stdout).toContain(
      'wrist\n  needs any of PPG, EDA, TEMP\n  gives class (baseline, stress) (prnet, models/wrist-stress)\n',
    );
    expect(stdout).toContain('  gives indices: pupil_index, ');
    expect(stdout).toMatch(
      /^himoe-dreamer\n {2}needs any of EEG, ECG\n {2}gives (?:predictions once its hi-moe is trained: affectd train models.himoe-dreamer.train\.yaml|valence, .*)$/m,
    );
  });

  it('names no model without a recipe or a manifest', async () => {
    const { stdout } = await runAffectd(['pipelines', '--json']);
    const { pipelines } = JSON.parse(stdout) as { pipelines: Listed[] };
    expect(pipelines.map(({ name }) => name)).toEqual(shippedPipelines());
    for (const { name, models, needs, takes } of pipelines) {
      expect(needs.length + takes.length, name).toBeGreaterThan(0);
      for (const { path, tells } of models)
        expect(existsSync(join(path, tells ? 'manifest.json' : 'train.yaml')), name).toBe(true);
    }
  });
});

describe('a shipped pipeline by its name', () => {
  it('is found by check', async () => {
    expect(await runAffectd(['check', 'muse', 'eeg-de.yaml'])).toMatchObject({
      code: 0,
      stdout: '2 files: ok\n',
    });
  });

  it('that does not exist is told from those that do', async () => {
    const { code, stderr } = await runAffectd(['check', 'mouse']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^affectd: mouse: there is no such file; .* shipped one: deap, default, .*, wrist\n$/,
    );
  });

  it('is found by replay, which says how to train a model that is missing', async () => {
    const demo = join(import.meta.dirname, '../../fixtures/demo/demo.xdf');
    const replayed = await runAffectd(['replay', demo, '-p', 'himoe-deap']);
    expect(replayed.code).toBe(2);
    expect(replayed.stderr).toMatch(/do it first: affectd train .*himoe-deap.train\.yaml\n$/);
  });
});
