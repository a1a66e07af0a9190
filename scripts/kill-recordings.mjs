// Kills a daemon that records 20 streams over both doors, again and again at random moments, and looks at what its files hold.
//
//   node scripts/kill-recordings.mjs [rounds] [--libxdf PROGRAM]     (200; needs `npm run build`)
//
// PROGRAM is scripts/xdf-counts.cpp, compiled: every file is read by libxdf, too. Each round: 10 WebSocket streams and 10 LSL outlets
// send counters, in parts of a second now and then; SIGKILL comes 0.2 to 2.5 s after the first ack. Every acknowledged sample must be
// in the parts once, and nothing twice. A round takes some seconds.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { SystemClock } from '../dist/core/clock.js';
import { Random } from '../dist/core/random.js';
import { IngestConnection } from '../dist/io/client/index.js';
import { openRecording, openRecordings } from '../dist/io/recordings/open.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { libxdf: { type: 'string' } },
});
const rounds = Number(positionals[0] ?? 200);
const STREAMS = 10;
const RATE_HZ = 200;
const FRAME = 20;
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
const pipeline = join(folder, 'eeg.yaml');
writeFileSync(
  pipeline,
  'sources:\n  eeg: { type: websocket, stream_type: EEG }\ntransforms:\n  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: 0.5 }\n',
);

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

/** Values of every stream of a recording, by its name. */
async function valuesOf(recording) {
  const found = new Map();
  for await (const message of recording.messages({ chunk: null, clockSync: false, events: () => {} }))
    if (message.kind === 'chunk' && message.chunk.info.type === 'EEG') {
      const { name } = message.chunk.info;
      if (!found.has(name)) found.set(name, []);
      found.get(name).push(...message.chunk.data);
    }
  return found;
}

async function round(number) {
  const record = join(folder, `round-${number}`);
  const parts = random.uniform() < 0.5 ? ['--part-s', '1'] : [];
  const args = [
    'bin/affectd.js',
    'run',
    pipeline,
    '--port',
    '0',
    '--lsl',
    '--log-level',
    'silent',
    '--record',
    record,
  ];
  const child = spawn(process.execPath, [...args, ...parts], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  const url = /listens on (\S+)/.exec(line.toString())[1];
  const acked = new Map();
  let first = () => {};
  const begun = new Promise((resolve) => {
    first = resolve;
  });
  const connections = Array.from({ length: STREAMS }, (_, k) => {
    const connection = new IngestConnection(url, { WebSocket, session: `s${k % 3}`, client: `c${k}` });
    const name = `socket-${k}`;
    const stream = connection.open({ name, type: 'EEG', sfreq: RATE_HZ, channels: ['Cz'], unit: 'uV' });
    let sent = 0;
    acked.set(name, 0);
    stream.on('ack', (frame) => {
      acked.set(name, (frame + 1) * FRAME);
      first();
    });
    stream.on('error', () => {});
    const timer = clock.every(FRAME / RATE_HZ, () => {
      if (sent > 5000) return;
      stream.push(
        Array.from({ length: FRAME }, (_, i) => [sent + i]),
        clock.now(),
      );
      sent += FRAME;
    });
    return { connection, timer };
  });
  await begun;
  await new Promise((resolve) => setTimeout(resolve, 1000 * random.between(0.2, 2.5)));
  child.kill('SIGKILL');
  await once(child, 'exit');
  for (const { connection, timer } of connections) {
    timer.cancel();
    connection.abandon();
  }
  const result = {
    files: 0,
    sockets: 0,
    outlets: 0,
    acked: 0,
    lost: 0,
    doubled: 0,
    empty: 0,
    unread: 0,
    differ: 0,
  };
  const files = readdirSync(record)
    .filter((file) => file.endsWith('.xdf'))
    .map((file) => join(record, file));
  result.files = files.length;
  const kept = new Map();
  for (const recording of await openRecordings(files)) {
    for (const [name, own] of await valuesOf(recording)) kept.set(name, [...(kept.get(name) ?? []), ...own]);
    await recording.close();
  }
  for (const [name, most] of acked) {
    const own = kept.get(name) ?? [];
    const seen = new Set(own);
    result.acked += most;
    result.sockets += own.length;
    for (let value = 0; value < most; value++) if (!seen.has(value)) result.lost++;
  }
  for (const [name, own] of kept) {
    result.doubled += own.length - new Set(own).size;
    if (name.startsWith('outlet')) result.outlets += own.length;
  }
  if (values.libxdf)
    for (const file of files) {
      // Beside its other parts it would be read as one with them.
      const alone = join(record, 'alone');
      mkdirSync(alone, { recursive: true });
      const own = join(alone, basename(file));
      renameSync(file, own);
      const recording = await openRecording(own);
      const ours = await valuesOf(recording);
      await recording.close();
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
  `${rounds} kills: ${all.files} files; ${all.acked} samples acknowledged, ${all.sockets} in the files, ${all.outlets} more of LSL outlets; ${all.lost} lost, ${all.doubled} doubled` +
    `${values.libxdf ? `; libxdf could not read ${all.unread} files, and ${all.empty} with a stream that has no samples yet, and counts ${all.differ} streams otherwise` : ''}\n`,
);
process.exit(all.lost + all.doubled + all.unread + all.differ > 0 ? 1 : 0);
