// Opens and closes sessions and LSL outlets at a daemon for long, and shows whether its memory, descriptors or timers grow.
//
//   node scripts/soak.mjs [--sessions 10000] [--outlets 1000] [--minutes 0 --streams 20]     (needs `npm run build`)
//
// One daemon each, as a process of its own, with `default.yaml`. Sessions: ten senders open a session, send a second of EEG, and close
// it, again and again under other names. Outlets: ten at a time come, send, and go. Minutes: so many sessions send EEG in real time and
// are recorded. Memory is read between rounds; its slope is that of the least squares over the last two thirds.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { SystemClock } from '../dist/core/clock.js';
import { IngestConnection } from '../dist/io/client/index.js';
import { addressOf, sendCounters } from './counted-streams.mjs';

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '10000' },
    outlets: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '0' },
    streams: { type: 'string', default: '20' },
  },
});
const TOGETHER = 10;
const RATE_HZ = 250;
const LABELS = ['Fp1', 'Fp2', 'C3', 'C4'];
const clock = new SystemClock();
const folder = mkdtempSync(join(tmpdir(), 'soak-'));
process.env.LSLAPICFG = join(folder, 'lsl_api.cfg');
writeFileSync(
  process.env.LSLAPICFG,
  `[multicast]\nResolveScope = machine\n[lab]\nSessionID = soak-${process.pid}\n`,
);
const wait_s = (s) => new Promise((resolve) => clock.after(s, resolve));

async function metricsOf(url) {
  const answer = await fetch(new URL('/metrics', url));
  if (!answer.ok) throw new Error(`${url}: ${answer.status} for /metrics`);
  const text = await answer.text();
  const told = (name) =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  return {
    at_s: clock.now(),
    rss_mb: told('process_resident_memory_bytes') / 2 ** 20,
    descriptors: told('process_open_fds'),
    resources: told('nodejs_active_resources'),
    sessions: told('affectd_sessions'),
    refused: told('affectd_protocol_errors_total'),
  };
}

/** MB an hour, of the last two thirds. */
function slopeOf(figures) {
  const late = figures.slice(Math.floor(figures.length / 3));
  const mean = (of) => late.reduce((sum, one) => sum + of(one), 0) / late.length;
  const [t, m] = [mean(({ at_s }) => at_s), mean(({ rss_mb }) => rss_mb)];
  const over = late.reduce((sum, { at_s, rss_mb }) => sum + (at_s - t) * (rss_mb - m), 0);
  const under = late.reduce((sum, { at_s }) => sum + (at_s - t) ** 2, 0);
  return (3600 * over) / under;
}

async function soak(name, args, rounds, round) {
  const child = spawn(
    process.execPath,
    ['bin/affectd.js', 'run', 'default', '--port', '0', '--log-level', 'silent', ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const url = await addressOf(child);
  const figures = [];
  for (let k = 0; k < rounds; k++) {
    await round(url, k);
    if (k % Math.ceil(rounds / 60) === 0) figures.push(await metricsOf(url));
  }
  // Sessions whose streams were closed end after a while.
  await wait_s(15);
  const last = await metricsOf(url);
  child.kill('SIGTERM');
  await once(child, 'exit');
  const { rss_mb, descriptors, resources } = figures[Math.floor(figures.length / 3)] ?? last;
  const minutes = ((last.at_s - (figures[0]?.at_s ?? last.at_s)) / 60).toFixed(1);
  process.stdout.write(
    `${name}, ${minutes} min: memory ${Math.round(rss_mb)} MB after a third, ${Math.round(last.rss_mb)} MB at the end, ` +
      `${slopeOf(figures).toFixed(1)} MB/h; descriptors ${descriptors} and ${last.descriptors}, ` +
      `timers and sockets ${resources} and ${last.resources}; ${last.sessions} sessions open, ${last.refused} errors\n`,
  );
}

/** One session after the other over one connection each. */
async function openAndClose(url, name) {
  const connection = new IngestConnection(url, { WebSocket, session: name });
  const stream = connection.open({ name, type: 'EEG', sfreq: RATE_HZ, channels: LABELS, unit: 'uV' });
  const rows = Array.from({ length: RATE_HZ }, (_, i) => LABELS.map((_label, c) => Math.sin(i + c) * 20));
  stream.push(rows, 0);
  await stream.close();
  await connection.close();
}

const sessions = Number(values.sessions);
if (sessions > 0)
  await soak(`${sessions} sessions`, [], sessions / TOGETHER, (url, k) =>
    Promise.all(Array.from({ length: TOGETHER }, (_, i) => openAndClose(url, `s${k}-${i}`))),
  );

const outlets = Number(values.outlets);
if (outlets > 0) {
  const { loadConfig } = await import('../dist/io/lsl/config.js');
  const { Outlet } = await import('../dist/io/lsl/outlet.js');
  const context = { clock, config: loadConfig(), events: () => {} };
  await soak(`${outlets} outlets`, ['--lsl'], outlets / TOGETHER, async (_, k) => {
    const here = await Promise.all(
      Array.from({ length: TOGETHER }, (_, i) => {
        const name = `outlet-${k}-${i}`;
        const description = { name, type: 'EEG', channelCount: 4, nominalRate_hz: RATE_HZ, sourceId: name };
        return Outlet.create(context, description);
      }),
    );
    for (let i = 0; i < 20; i++) {
      await wait_s(0.1);
      const now = clock.now();
      const stamps = Float64Array.from({ length: 25 }, (_, n) => now - (24 - n) / RATE_HZ);
      for (const outlet of here)
        outlet.push(
          Float32Array.from({ length: 100 }, (_, n) => n),
          stamps,
        );
    }
    await Promise.all(here.map((outlet) => outlet.close()));
  });
}

const minutes = Number(values.minutes);
if (minutes > 0) {
  let stop = () => {};
  await soak(
    `${values.streams} sessions for ${minutes} min`,
    ['--record', join(folder, 'recordings')],
    minutes * 6,
    async (url, k) => {
      if (k === 0)
        stop = sendCounters(url, { clock, streams: Number(values.streams), session: (n) => `s${n}` });
      await wait_s(10);
    },
  );
  stop();
}
rmSync(folder, { recursive: true });
process.exit(0);
