import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lastResort } from '../../src/daemon/last-resort.js';

const root = join(import.meta.dirname, '..', '..');

function resort(rescues: readonly (() => void)[]) {
  const told: string[] = [];
  const codes: number[] = [];
  const stderr = { write: (text: string) => told.push(text) > 0 };
  return { fault: lastResort(new Set(rescues), stderr, (code) => codes.push(code)), told, codes };
}

it('a fault that nothing contained ends with one line and 1, once all is saved that can be', () => {
  const saved: string[] = [];
  const { fault, told, codes } = resort([
    () => saved.push('a'),
    () => {
      throw new Error('the disk is full');
    },
    () => saved.push('b'),
  ]);
  fault(new Error('out of order\nmore'));
  expect(saved).toEqual(['a', 'b']);
  expect(told).toEqual([
    'affectd: unexpected: out of order; a recording is cut; please report it with the command that you ran\n',
  ]);
  expect(codes).toEqual([1]);
});

it('it says whether recordings are whole, where there are any', () => {
  const whole = resort([() => {}]);
  whole.fault('odd');
  expect(whole.told[0]).toContain('unexpected: odd; recordings are complete up to here; please report');
  const none = resort([]);
  none.fault('odd');
  expect(none.told[0]).toContain('unexpected: odd; please report');
});

it.each([
  ['a throw', "setImmediate(() => { throw new Error('boom'); })"],
  ['a promise that nobody owns', "Promise.reject(new Error('boom'))"],
])('the command ends so after %s', (_, fault) => {
  // Strikes once the daemon listens.
  const strike = `
    const { write } = process.stdout;
    process.stdout.write = function (...args) {
      if (String(args[0]).includes('listens')) ${fault};
      return write.apply(this, args);
    };
  `;
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      ...['--import', `data:text/javascript,${encodeURIComponent(strike)}`],
      ...[join(root, 'bin', 'affectd.js'), 'run', '--port', '0', '--log-level', 'silent'],
    ],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('affectd: unexpected: boom; please report it with the command that you ran\n');
  expect(status).toBe(1);
});
