import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/io/lsl/config.js';
import { resolveStreams } from '../../src/io/lsl/resolver.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { runAffectd } from './run-affectd.js';
import { runningClock } from './running-clock.js';

const { clock, stop: stopClock } = runningClock();
const folder = temporaryFolder();
await ownSettings();
const { cleanups } = cleanUpAfterEach();
afterAll(() => stopClock());

interface Written {
  readonly text: string;
  readonly sources: Record<string, { type: string; name?: string; source_id?: string }>;
  readonly models?: Record<string, { path: string }>;
}

/** What `init` writes; it passes `check`. */
async function init(...args: string[]): Promise<Written> {
  const out = join(folder, `${crypto.randomUUID()}.yaml`);
  const { code, stderr } = await runAffectd(['init', ...args, '--out', out], { clock });
  expect(stderr).toContain(`wrote ${out}`);
  expect(code).toBe(0);
  const checked = await runAffectd(['check', out], { clock });
  expect(checked).toMatchObject({ code: 0, stderr: '' });
  const text = readFileSync(out, 'utf8');
  return { text, ...parse(text) };
}

async function simulated(...args: string[]): Promise<string> {
  const out = join(folder, `${crypto.randomUUID()}.xdf`);
  expect((await runAffectd(['simulate', '--duration', '12', '--out', out, ...args], { clock })).code).toBe(0);
  return out;
}

describe('affectd init', () => {
  it.each([
    ['muse', 'models/demo'],
    ['epoc', 'models/demo'],
    ['deap32', 'models/demo'],
    ['seed62', 'models/seed-atam'],
  ])('of a recording of %s takes %s, and its file predicts', async (profile, model) => {
    const recording = await simulated('--profile', profile);
    const { text, sources, models } = await init(recording);
    expect(Object.values(models!).map(({ path }) => path)).toEqual([model]);
    expect(Object.values(sources).every(({ type }) => type === 'websocket')).toBe(true);
    expect(text).toMatch(/# .*SIMULATED.* Hz/);
    const out = join(folder, `${profile}.yaml`);
    writeFileSync(out, text);
    const { code, stdout } = await runAffectd(['replay', recording, '-p', out], { clock });
    expect(code).toBe(0);
    expect(stdout.trim().split('\n').length).toBeGreaterThan(1);
  });

  it('of a wristband takes the model for it', async () => {
    const { models } = await init(await simulated('--only', 'ppg,eda,temp'));
    expect(models!.stress.path).toBe('models/wrist-stress');
  });

  it('says why there is no model', async () => {
    const { text, models } = await init(await simulated('--only', 'acc'));
    expect(models).toBeUndefined();
    expect(text).toContain('No shipped model reads respiration, eye potentials or motion alone');
  });

  it('says of every source, and of every kind of node, why it is there', async () => {
    const { text } = await init(await simulated('--only', 'eeg'));
    const lines = text.split('\n');
    const nodes = lines.flatMap((line, i) => (/^ {2}\w+:/.test(line) ? [i] : []));
    const explained = new Set<string>();
    for (const i of nodes) {
      const kind = /type: ([\w-]+)/.exec(lines.slice(i, i + 2).join(' '))?.[1] ?? '';
      const isExplained = lines[i - 1].trim().startsWith('#');
      expect(isExplained || explained.has(kind), lines[i]).toBe(true);
      if (isExplained && kind !== 'websocket') explained.add(kind);
    }
    expect(text).toContain('# No Gaze was in ');
  });

  it('of the LSL network selects the streams by name', async () => {
    const abort = new AbortController();
    const running = runAffectd(['simulate', '--via', 'lsl', '--profile', 'muse', '--only', 'eeg,eda'], {
      clock,
      signal: abort.signal,
    });
    cleanups.push(() => {
      abort.abort('SIGTERM');
      return running;
    });
    await resolveStreams({ clock, config: loadConfig(), events: () => {} }, { minimum: 3, timeout_s: 1e6 });
    const { text, sources } = await init('--timeout', '0.5');
    expect(sources.eeg).toMatchObject({ type: 'lsl', name: expect.stringMatching(/./) });
    expect(sources.eda).toMatchObject({ type: 'lsl', name: expect.stringMatching(/./) });
    expect(sources.gaze).not.toHaveProperty('name');
    expect(text).toContain('was on the LSL network');
  });

  it('writes nothing over what is there, unless it is forced', async () => {
    const recording = await simulated('--only', 'eeg');
    const out = join(folder, 'mine.yaml');
    writeFileSync(out, 'precious');
    const refused = await runAffectd(['init', recording, '--out', out], { clock });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      `${out} is there already; give another name by --out, or write over it by --force`,
    );
    expect(readFileSync(out, 'utf8')).toBe('precious');
    expect((await runAffectd(['init', recording, '--out', out, '--force'], { clock })).code).toBe(0);
    expect(readFileSync(out, 'utf8')).toContain('sources:');
  });

  it('says that nothing is there, and leaves no file', async () => {
    const out = join(folder, 'none.yaml');
    const { code, stderr } = await runAffectd(['init', '--timeout', '0.2', '--out', out], { clock });
    expect(code).toBe(3);
    expect(stderr).toContain('on the LSL network is no stream that a pipeline takes');
    expect(existsSync(out)).toBe(false);
  });
});
