// Writes fixtures/demo/demo.xdf, the session that `affectd demo` plays: a simulated person whose eye tracker is away for a
// while. To be run, after a build, whenever the simulation changes.
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [out = join(root, 'fixtures', 'demo', 'demo.xdf')] = process.argv.slice(2);
const person = ['--profile', 'epoc', '--seed', '7', '--duration', '180', '--faults', 'drop:gaze@70-95'];
execFileSync(process.execPath, [join(root, 'bin', 'affectd.js'), 'simulate', ...person, '--out', out], {
  stdio: 'inherit',
});
