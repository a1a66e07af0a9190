import { join } from 'node:path';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { runAffectd } from './run-affectd.js';

const root = join(import.meta.dirname, '..', '..');
const demo = join(root, 'fixtures', 'demo', 'demo.xdf');
const folder = temporaryFolder();

/** Asks the command to end as soon as it has begun. */
async function interrupted(args: readonly string[], reason: string) {
  const asked = new AbortController();
  setImmediate(() => asked.abort(reason));
  return runAffectd(args, { clock: new VirtualClock(), signal: asked.signal });
}

it.each([
  ['run', ['run', '--port', '0', '--log-level', 'silent']],
  ['demo', ['demo', '--port', '0', '--log-level', 'silent']],
  ['replay', ['replay', demo, '--out', join(folder, 'lines.jsonl')]],
  // Its clock stands still: it would look for streams for ever.
  ['streams', ['streams']],
])(
  '%s that is interrupted before it has begun says nothing and ends: 130; 0 where the system asked',
  async (_, args) => {
    for (const [reason, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 0],
      ['EPIPE', 0],
    ] as const)
      expect(await interrupted(args, reason), reason).toEqual({ code, stdout: '', stderr: '' });
  },
);
