// Kills a daemon that records 20 streams over both doors, again and again at random moments, and looks at what its files hold.
//
//   node scripts/kill-recordings.mjs [rounds] [--libxdf PROGRAM]     (200; needs `npm run build`)
//
// PROGRAM is scripts/xdf-counts.cpp, compiled: every file is read by libxdf, too. Each round: 10 WebSocket streams and 10 LSL outlets
// send counters, in parts of a second now and then; SIGKILL comes 0.2 to 2.5 s after the first ack. Every acknowledged sample must be
// in the parts once, and nothing twice. A round takes some seconds.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { SystemClock } from '../dist/core/clock.js';
import { Random } from '../dist/core/random.js';
import { openRecording, openRecordings } from '../dist/io/recordings/open.js';
import {
  addressOf,
  doubledIn,
  FRAME,
  filesIn,
  RATE_HZ,
  recordingDaemon,
  sendCounters,
  valuesIn,
} from './counted-streams.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { libxdf: { type: 'string' } },
});
const rounds = Number(positionals[0] ?? 200);
const STREAMS = 10;
const random = new Random(20_261_202, 'kills');
const folder = mkdtempSync(join(tmpdir(), 'kills-'));
process.env.LSLAPICFG = join(folder, 'lsl_api.cfg');
writeFileSync(
  process.env.LSLAPICFG,
  `[multicast]\nResolveScope = machine\n[lab]\nSessionID = kills-${process.pid}\n`,
);
const { loadConfig } = await import('../dist/io/lsl/config.js');
const { Outlet } = await import('../dist/io/lsl/outlet.js');
const clock = new SystemClock();
const outlets = await Promise.all(
  Array.from({ length: STREAMS }, (_, k) =>
    Outlet.create(
      { clock, config: loadConfig(), events: () => {} },
      { name: `outlet-${k}`, type: 'EEG', channelCount: 1, nominalRate_hz: RATE_HZ, sourceId: `outlet-${k}` },
    ),
  ),
);
let count = 0;
const pushing = clock.every(FRAME / RATE_HZ, () => {
  const values = Float32Array.from({ length: FRAME }, () => count++ % 2 ** 23);
  const now = clock.now();
  const stamps = Float64Array.from(values, (_, i) => now - (FRAME - 1 - i) / RATE_HZ);
  for (const outlet of outlets) outlet.push(values, stamps);
});

async function round(number) {
  const record = join(folder, `round-${number}`);
  const parts = random.uniform() < 0.5 ? ['--part-s', '1'] : [];
  const args = [...recordingDaemon(folder, record), '--lsl', ...parts];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await addressOf(child);
  const acked = new Map();
  let stop = () => {};
  await new Promise((begun) => {
    ({ stop } = sendCounters(url, {
      ...{ clock, streams: STREAMS, session: (k) => `s${k % 3}` },
      acked: (name, samples) => {
        acked.set(name, samples);
        begun();
      },
    }));
  });
  await new Promise((resolve) => setTimeout(resolve, 1000 * random.between(0.2, 2.5)));
  child.kill('SIGKILL');
  await once(child, 'exit');
  stop();
  const result = {
    files: 0,
    bare: 0,
    sockets: 0,
    outlets: 0,
    acked: 0,
    lost: 0,
    doubled: 0,
    empty: 0,
    unread: 0,
    differ: 0,
  };
  const made = filesIn(record);
  // One that was only just made holds nothing yet.
  const files = made.filter((file) => statSync(file).size > 0);
  result.files = files.length;
  result.bare = made.length - files.length;
  const kept = await valuesIn(await openRecordings(files));
  for (const [name, most] of acked) {
    const own = kept.get(name) ?? [];
    const seen = new Set(own);
    result.acked += most;
    result.sockets += own.length;
    for (let value = 0; value < most; value++) if (!seen.has(value)) result.lost++;
  }
  result.doubled = doubledIn(kept);
  for (const [name, own] of kept) if (name.startsWith('outlet')) result.outlets += own.length;
  if (values.libxdf)
    for (const file of files) {
      // Beside its other parts it would be read as one with them.
      const alone = join(record, 'alone');
      mkdirSync(alone, { recursive: true });
      const own = join(alone, basename(file));
      renameSync(file, own);
      const recording = await openRecording(own);
      const ours = await valuesIn([recording]);
      const { stdout } = spawnSync(values.libxdf, [own], { encoding: 'utf8' });
      const [read, ...streams] = stdout.trim().split('\t');
      const theirs = new Map(
        streams.map((text) => text.split(/=(?=\d+$)/)).map(([name, n]) => [name, Number(n)]),
      );
      // libxdf 0.99.8 may end by a fault where a stream has no samples yet.
      const isBegun = recording.streams.every(({ info }) => info.type !== 'EEG' || ours.has(info.name));
      if (read !== 'read') result[isBegun ? 'unread' : 'empty']++;
      else for (const [name, all] of ours) if (theirs.get(name) !== all.length) result.differ++;
      rmSync(alone, { recursive: true });
    }
  rmSync(record, { recursive: true });
  return result;
}

const all = {};
for (let number = 1; number <= rounds; number++) {
  const result = await round(number);
  for (const [what, n] of Object.entries(result)) all[what] = (all[what] ?? 0) + n;
  if (number % 10 === 0 || result.lost + result.doubled + result.unread + result.differ > 0)
    process.stderr.write(`${number} kills: ${JSON.stringify(all)}\n`);
}
pushing.cancel();
for (const outlet of outlets) outlet.close();
rmSync(folder, { recursive: true });
process.stdout.write(
  `${rounds} kills: ${all.files} files, ${all.bare} more that were only just made; ${all.acked} samples acknowledged, ${all.sockets} in the files, ${all.outlets} more of LSL outlets; ${all.lost} lost, ${all.doubled} doubled` +
    `${values.libxdf ? `; libxdf could not read ${all.unread} files, and ${all.empty} with a stream that has no samples yet, and counts ${all.differ} streams otherwise` : ''}\n`,
);
process.exit(all.lost + all.doubled + all.unread + all.differ > 0 ? 1 : 0);
