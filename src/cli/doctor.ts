import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Command } from 'commander';
import { ExitCode } from '../core/errors.js';
import { packageRoot } from '../core/package-root.js';
import type { Finding } from '../health/finding.js';
import { judgeNetwork, systemJoin } from '../health/network-health.js';
import { judgeStream } from '../health/stream-health.js';
import { probeStream } from '../health/stream-probe.js';
import { probeBackends } from '../io/lsl/backend.js';
import type { LslConfig } from '../io/lsl/config.js';
import { type LslContext, systemInterfaces } from '../io/lsl/network.js';
import { Outlet } from '../io/lsl/outlet.js';
import { resolveStreams } from '../io/lsl/resolver.js';
import { DEFAULT_PORT } from '../io/server/server.js';
import { automaticEngines } from '../model/engines/engine.js';
import { probeEnginesApart } from '../model/engines/probe-engines-apart.js';
import { readPipeline } from '../pipeline/file/load.js';
import { type CommandFactory, examples, port } from './command.js';
import { type CommandContext, defaultPipeline, version } from './context.js';
import { lslNetwork } from './lsl-network.js';
import { openOutput } from './output.js';

/** `affectd doctor`: what would keep this machine from working. */
export const doctorCommand: CommandFactory = (context, exit) =>
  new Command('doctor')
    .description(
      'tell what would keep this machine from working, and how to mend it: engines, ports, clock, network, LSL streams, disk',
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
        ...(await checkLsl(context)),
        await checkDisk(),
        await checkFiles(),
      ];
      const output = openOutput('-', context.stdout);
      const ok = findings.every(({ status }) => status !== 'problem');
      const mark = { ok: 'ok     ', note: 'note   ', problem: 'PROBLEM' };
      const lines = findings
        .map(
          ({ check, status, message, mend }) =>
            `${mark[status]} ${check.padEnd(18)} ${message}\n${mend ? `${' '.repeat(27)}-> ${mend}\n` : ''}`,
        )
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
      message: `Node ${process.versions.node} on ${process.platform} ${process.arch}`,
      ...(major >= 20 ? {} : { mend: 'install Node 20 or later' }),
    },
  ];
}

async function checkEngines(): Promise<Finding[]> {
  const probes = await probeEnginesApart();
  const chosen = probes.find(({ name, available }) => available && automaticEngines.includes(name));
  return [
    ...probes.map(
      ({ name, available, reason }): Finding => ({
        check: `engine ${name}`,
        status: available ? 'ok' : 'note',
        message: available
          ? `runs (${reason})${name === chosen?.name ? '; this one is chosen' : ''}`
          : `not available: ${reason}`,
      }),
    ),
    chosen
      ? { check: 'engine', status: 'ok', message: `models run on ${chosen.name}` }
      : {
          check: 'engine',
          status: 'problem',
          message: 'no engine runs',
          mend: 'install again with optional dependencies: npm ci',
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
        message: `${number} can't be used (${error.code})`,
        mend: 'stop what listens there, or use --port',
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
        message: `the wall clock says ${new Date(now * 1000).toISOString()}`,
        mend: 'set it',
      };
}

/** How long to look for streams, and then to listen to them, s. */
const LOOK_S = 1.5;
const LISTEN_S = 2;
/** Streams that are listened to; a laboratory with more knows what it does. */
const MAX_STREAMS = 64;

/** Backends, the network's make-up, discovery of an outlet of our own, and every stream that is there. */
async function checkLsl(context: CommandContext): Promise<Finding[]> {
  const backends = probeBackends().map(
    ({ name, available, reason }): Finding => ({
      check: `lsl ${name}`,
      status: available ? 'ok' : 'note',
      message: available ? reason : `not available: ${reason}`,
    }),
  );
  try {
    const failed = new Set<string>();
    const network: LslContext = {
      ...lslNetwork(context),
      events: ({ code, message }) => {
        if (code === 'network-interface-failed') failed.add(message);
      },
    };
    const { config } = network;
    const made = await judgeNetwork({ interfaces: systemInterfaces(), config, join: systemJoin(config) });
    const outlet = await Outlet.create(network, {
      name: 'affectd doctor',
      type: 'Other',
      sourceId: 'doctor',
    });
    const found = await resolveStreams(network, { timeout_s: LOOK_S });
    await outlet.close();
    const others = found.filter(({ uid }) => uid !== outlet.info.uid);
    const probes = await Promise.all(
      others.slice(0, MAX_STREAMS).map((info) => probeStream(network, info, LISTEN_S)),
    );
    return [
      ...backends,
      ...made,
      judgeDiscovery(others.length < found.length, config),
      ...[...failed].map(
        (message): Finding => ({
          check: 'lsl network',
          status: 'note',
          message,
          mend: "harmless if the devices' network is another one",
        }),
      ),
      ...(others.length > 0 ? [] : [noStream]),
      ...probes.flatMap(judgeStream),
    ];
  } catch (error) {
    const { message } = error as Error;
    return [...backends, { check: 'lsl', status: 'problem', message, mend: 'correct lsl_api.cfg' }];
  }
}

function judgeDiscovery(isFound: boolean, { file, sessionId, multicastPort }: LslConfig): Finding {
  const settings = `${file ?? 'defaults'}, session ${sessionId}`;
  return isFound
    ? { check: 'lsl discovery', status: 'ok', message: `an outlet of our own is found (${settings})` }
    : {
        check: 'lsl discovery',
        status: 'problem',
        message: `an outlet of our own is not found (${settings})`,
        mend: `let UDP ${multicastPort} and 16572 to 16604 through this computer's firewall`,
      };
}

const noStream: Finding = {
  check: 'lsl streams',
  status: 'note',
  message: 'no stream answers',
  mend: "start the device's program and its LSL outlet; if it runs on another computer, open UDP 16571 to 16604 and TCP 16572 to 16604 in the firewall there",
};

async function checkDisk(): Promise<Finding> {
  const { bavail, bsize } = await statfs(process.cwd());
  const free_gb = (bavail * bsize) / 1e9;
  return {
    check: 'disk',
    status: free_gb > 1 ? 'ok' : 'note',
    message: `${free_gb.toFixed(1)} GB free here`,
    ...(free_gb > 1 ? {} : { mend: 'free some before recording: an hour of 32 channels takes about 0.3 GB' }),
  };
}

async function checkFiles(): Promise<Finding> {
  const { problems } = await readPipeline(defaultPipeline);
  if (problems.length > 0)
    return { check: 'pipeline', status: 'problem', message: `default.yaml: ${problems[0].message}` };
  const page = existsSync(join(packageRoot, 'dist', 'dashboard', 'index.html'));
  return page
    ? { check: 'installation', status: 'ok', message: 'default pipeline and page are in place' }
    : { check: 'installation', status: 'problem', message: 'the page is missing', mend: 'npm run build' };
}
