import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../setup/temporary-folder.js';

const root = join(import.meta.dirname, '..', '..');

/** Pages whose commands run here as they are written, in their order, in a folder of their own. */
const pages = ['docs/how-to/start-a-pipeline-file.md'];

/** Commands that don't, and why. */
const exceptions: ReadonlyMap<string, string> = new Map([
  ['npx affectd init', 'needs an LSL network of its own: test/cli/init.test.ts'],
]);

function commandsOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```(?:sh|bash)\n(.*?)^```$/gms)].flatMap(([, block]) =>
    block.trim().split('\n'),
  );
}

describe('commands of the docs', () => {
  it('that are left out are there', () => {
    const all = pages.flatMap(commandsOf);
    for (const command of exceptions.keys()) expect(all).toContain(command);
  });

  it.each(pages)('%s', (page) => {
    const folder = temporaryFolder();
    const programs = join(folder, 'programs');
    mkdirSync(programs);
    // What `npx affectd` is where the package is installed.
    const npx = join(programs, 'npx');
    writeFileSync(
      npx,
      `#!/bin/sh\nshift\nexec '${process.execPath}' '${join(root, 'bin', 'affectd.js')}' "$@"\n`,
    );
    chmodSync(npx, 0o755);
    const env = { ...process.env, PATH: `${programs}:${process.env.PATH}` };
    const commands = commandsOf(page).filter((command) => !exceptions.has(command));
    expect(commands.length).toBeGreaterThan(1);
    for (const command of commands)
      execFileSync('sh', ['-euc', command], { cwd: folder, env, stdio: 'pipe', encoding: 'utf8' });
  });
});
