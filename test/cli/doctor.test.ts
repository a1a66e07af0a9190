import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Finding } from '../../src/health/finding.js';
import { loadConfig } from '../../src/io/lsl/config.js';
import { channelsElement } from '../../src/io/lsl/declaration.js';
import { Outlet } from '../../src/io/lsl/outlet.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { runAffectd } from './run-affectd.js';
import { runningClock } from './running-clock.js';

await ownSettings();

it('looks at every LSL stream that is there: what it says, and what it sends', async () => {
  const { clock, stop } = runningClock();
  const network = { clock, config: loadConfig(), events: () => {} };
  const offer = (name: string) =>
    Outlet.create(network, {
      ...{ name, type: 'EEG', sourceId: name, nominalRate_hz: 50, channelFormat: 'float32' },
      description: [channelsElement([{ label: 'Cz', unit: 'microvolts', type: 'EEG' }])],
    });
  const [volts, silent] = [await offer('volts'), await offer('silent')];
  let sent = 0;
  const sending = clock.every(0.02, () =>
    volts.push(Float32Array.of(2e-5 * Math.sin(++sent)), Float64Array.of(clock.now())),
  );
  const { code, stdout, stderr } = await runAffectd(['doctor', '--port', '0', '--json'], { clock });
  sending.cancel();
  await Promise.all([volts.close(), silent.close()]);
  stop();
  expect(code, stderr).toBe(1);
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
  expect(ok).toBe(false);
  const of = (check: string) => findings.filter((finding) => finding.check === check);
  expect(of('lsl discovery')[0]).toMatchObject({ status: 'ok' });
  expect(of('multicast')[0].mend).toContain('ResolveScope');
  expect(of('stream volts')).toEqual([
    expect.objectContaining({ status: 'problem', message: expect.stringContaining('volts declared as uV') }),
  ]);
  expect(of('stream silent')).toEqual([
    expect.objectContaining({ status: 'problem', message: expect.stringContaining('not one sample') }),
  ]);
  expect(of('stream affectd doctor')).toEqual([]);
  for (const finding of findings)
    if (finding.status === 'problem' && finding.check !== 'installation') expect(finding.mend).toBeTruthy();
});

it('says nothing but its findings: what native libraries write to stderr, lines of their stacks, is kept from it', () => {
  const affectd = fileURLToPath(new URL('../../bin/affectd.js', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [affectd, 'doctor', '--port', '0'], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^ok +node /m);
  expect(stdout).toMatch(/^ok +engine onnx +runs/m);
  expect(stdout).not.toMatch(/^\s+at /m);
});
