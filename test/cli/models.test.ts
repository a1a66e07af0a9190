import { describe, expect, it } from 'vitest';
import { runAffectd } from './run-affectd.js';

describe('affectd models', () => {
  it('lists what is installed, what it needs and tells, and on what evidence', async () => {
    const { code, stdout } = await runAffectd(['models', '--json']);
    expect(code).toBe(0);
    const { models } = JSON.parse(stdout);
    expect(models.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['demo', 'seed-atam', 'wrist-stress']),
    );
    expect(models.find(({ name }: { name: string }) => name === 'demo')).toMatchObject({
      type: 'hi-moe',
      tells: ['valence', 'arousal', 'ranking:valence', 'ranking:arousal'],
      evidence: 'simulated',
    });
    expect((await runAffectd(['models'])).stdout).toContain('evidence  simulated');
  });

  it('verifies one, and names what there is where there is none of the name', async () => {
    const verified = await runAffectd(['models', 'verify', 'demo']);
    expect(verified.code).toBe(0);
    expect(verified.stdout).toMatch(/holds {3}artefacts[\s\S]*demo: simulated/);
    const missing = await runAffectd(['models', 'verify', 'nobody']);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toBe(
      'affectd: there is no model nobody: affectd models lists those that there are; or name the folder of one\n',
    );
  });
});
