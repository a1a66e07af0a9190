import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { ExitCode } from '../core/errors.js';
import type { SessionEvent } from '../core/event.js';
import { probeEngines } from '../engines/choose.js';
import { probeBackends } from '../lsl/backend.js';
import { Outlet } from '../lsl/outlet.js';
import { resolveStreams } from '../lsl/resolver.js';
import { readPipeline } from '../topology/load.js';
import { type CommandFactory, examples, port } from './command.js';
import { type CommandContext, defaultPipeline, packageRoot, version } from './context.js';
import { DEFAULT_PORT } from './daemon-options.js';
import { lslNetwork } from './lsl-network.js';
import { openOutput } from './output.js';

interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'note' | 'problem';
  readonly message: string;
}

/** `affectd doctor`: what would keep this machine from working. */
export const doctorCommand: CommandFactory = (context, exit) =>
  new Command('doctor')
    .description(
      'tell what would keep this machine from working: engines, ports, clock, network interfaces, disk',
    )
    .option('--port <port>', 'port that the daemon would use', port, DEFAULT_PORT)
    .option('--json', 'machine-readable report')
    .addHelpText('after', examples('affectd doctor', 'affectd doctor --json'))
    .action(async (options: { port: number; json?: boolean }) => {
      const findings = [
        ...checkPlatform(),
        ...(await checkEngines()),
        await checkPort(options.port),
        checkClock(context),
        checkInterfaces(),
        ...(await checkLsl(context)),
        await checkDisk(),
        await checkFiles(),
      ];
      const output = openOutput('-', context.stdout);
      const ok = findings.every(({ status }) => status !== 'problem');
      const mark = { ok: 'ok     ', note: 'note   ', problem: 'PROBLEM' };
      const lines = findings
        .map(({ check, status, message }) => `${mark[status]} ${check.padEnd(18)} ${message}\n`)
        .join('');
      await output.write(options.json ? `${JSON.stringify({ ok, version, findings })}\n` : lines);
      if (!ok) exit(ExitCode.failed);
    });

function checkPlatform(): Finding[] {
  const major = Number(process.versions.node.split('.')[0]);
  return [
    {
      check: 'node',
      status: major >= 20 ? 'ok' : 'problem',
      message: `Node ${process.versions.node} on ${process.platform} ${process.arch}${major >= 20 ? '' : '; install Node 20 or later'}`,
    },
  ];
}

async function checkEngines(): Promise<Finding[]> {
  const probes = await probeEngines();
  const chosen = probes.find(({ available }) => available);
  return [
    ...probes.map(
      ({ name, available, reason }): Finding => ({
        check: `engine ${name}`,
        status: available ? 'ok' : 'note',
        message: available
          ? `runs${name === chosen?.name ? '; this one is chosen' : ''}`
          : `not available: ${reason ?? 'unknown reason'}`,
      }),
    ),
    chosen
      ? { check: 'engine', status: 'ok', message: `models run on ${chosen.name}` }
      : {
          check: 'engine',
          status: 'problem',
          message: 'no engine runs; reinstall with optional dependencies',
        },
  ];
}

function checkPort(number: number): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      resolve({
        check: 'port',
        status: 'problem',
        message: `${number} can't be used (${error.code}); stop what listens there, or use --port`,
      });
    });
    server.listen(number, '127.0.0.1', () => {
      server.close(() => resolve({ check: 'port', status: 'ok', message: `${number} is free on 127.0.0.1` }));
    });
  });
}

/** Stamps of the year 2020 or before mean a clock that was never set. */
const PLAUSIBLE_UNIX_S = 1_577_836_800;

function checkClock({ clock }: CommandContext): Finding {
  const now = clock.unix();
  return now > PLAUSIBLE_UNIX_S
    ? {
        check: 'clock',
        status: 'ok',
        message: `${new Date(now * 1000).toISOString()}; monotonic clock at ${clock.now().toFixed(3)} s`,
      }
    : {
        check: 'clock',
        status: 'problem',
        message: `the wall clock says ${new Date(now * 1000).toISOString()}; set it`,
      };
}

const VIRTUAL_INTERFACE = /^(tun|tap|wg|docker|veth|br-|vEthernet|utun|ppp|zt|tailscale)/i;

function checkInterfaces(): Finding {
  const names = Object.entries(networkInterfaces())
    .filter(([, addresses]) => addresses?.some(({ internal }) => !internal))
    .map(([name]) => name);
  const virtual = names.filter((name) => VIRTUAL_INTERFACE.test(name));
  const list = names.join(', ') || 'loopback only';
  return virtual.length > 0
    ? {
        check: 'network',
        status: 'note',
        message: `${list}; ${virtual.join(', ')} look like a VPN or container: they may hide devices`,
      }
    : { check: 'network', status: 'ok', message: list };
}

/** Backends, settings, discovery's port, and whether a multicast query to ourselves comes back. */
async function checkLsl(context: CommandContext): Promise<Finding[]> {
  const backends = probeBackends().map(
    ({ name, available, reason }): Finding => ({
      check: `lsl ${name}`,
      status: available ? 'ok' : 'note',
      message: available ? reason : `not available: ${reason}`,
    }),
  );
  try {
    const failed: string[] = [];
    const network = {
      ...lslNetwork(context),
      events: (event: SessionEvent) => {
        failed.push(event.message);
      },
    };
    const outlet = await Outlet.create(network, {
      name: 'affectd doctor',
      type: 'Other',
      sourceId: 'doctor',
    });
    const query = `uid='${outlet.info.uid}'`;
    const found = await resolveStreams(network, { query, minimum: 1, timeout_s: 2 });
    await outlet.close();
    const { file, sessionId } = network.config;
    const settings = `${file ?? 'defaults'}, session ${sessionId}`;
    const reached = found.length > 0;
    return [
      ...backends,
      {
        check: 'lsl discovery',
        status: reached ? 'ok' : 'problem',
        message: reached
          ? `an outlet of our own is found (${settings})`
          : `an outlet of our own is not found: a firewall may block UDP ${network.config.multicastPort} (${settings})`,
      },
      ...failed.map((message): Finding => ({ check: 'lsl network', status: 'note', message })),
    ];
  } catch (error) {
    return [...backends, { check: 'lsl', status: 'problem', message: (error as Error).message }];
  }
}

async function checkDisk(): Promise<Finding> {
  const { bavail, bsize } = await statfs(process.cwd());
  const free_gb = (bavail * bsize) / 1e9;
  return {
    check: 'disk',
    status: free_gb > 1 ? 'ok' : 'note',
    message: `${free_gb.toFixed(1)} GB free here${free_gb > 1 ? '' : '; an hour of 32 channels takes about 0.3 GB'}`,
  };
}

async function checkFiles(): Promise<Finding> {
  const { problems } = await readPipeline(defaultPipeline);
  if (problems.length > 0)
    return { check: 'pipeline', status: 'problem', message: `default.yaml: ${problems[0].message}` };
  const page = existsSync(join(packageRoot, 'dist', 'dashboard', 'index.html'));
  return page
    ? { check: 'installation', status: 'ok', message: 'default pipeline and page are in place' }
    : { check: 'installation', status: 'problem', message: 'the page is missing; run npm run build' };
}
