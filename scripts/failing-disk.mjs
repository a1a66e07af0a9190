// Shows what a daemon does whose disk takes nothing: full, read-only, failing, or no more files may be opened; each a real one.
//
//   node scripts/failing-disk.mjs [fault ...]     (all; Linux, root, a C compiler; needs `npm run build`)
//
// full: a tmpfs of 4 MB, filled, and freed again. read-only: an ext4 whose journal is aborted, checked and mounted again. failing: writes
// and syncs give EIO (faulty-disk.c). descriptors: the limit of the running daemon (prlimit) is what it has. Ten streams, a session
// each, are recorded in parts of 2 s; the fault lasts 8 s. Everything acknowledged must be in the files at each moment, everything sent
// in the end, and no descriptor may be left over.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { SystemClock } from '../dist/core/clock.js';
import { connectStream } from '../dist/io/client/index.js';
import { openRecordings } from '../dist/io/recordings/open.js';
import { addressOf, doubledIn, filesIn, sendCounters, valuesIn } from './counted-streams.mjs';
import { FaultyDisk } from './faulty-disk.mjs';
import { smallModel } from './small-model.mjs';

const STREAMS = 10;
/** Before the fault, as long as it lasts, and at most until all is well again, s. */
const WELL_S = 6;
const FAULT_S = 8;
const MEND_S = 20;
const HOP_S = 0.1;
const EIO = 5;

const clock = new SystemClock();
const wait_s = (s) => new Promise((resolve) => clock.after(s, resolve));
const folder = mkdtempSync(join(tmpdir(), 'failing-disk-'));
const mounted = join(folder, 'mounted');
const image = join(folder, 'image');
mkdirSync(mounted);
const pipeline = smallModel(join(folder, 'model'), HOP_S);
const run = (program, ...args) => execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** What each fault is told as, and how it comes and goes. `before`: where the files are to be; gives environment. */
const faults = {
  full: {
    code: 'disk-full',
    before: () => run('mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mounted),
    begin: () => {
      try {
        for (;;) writeFileSync(join(mounted, 'ballast'), Buffer.alloc(4096), { flag: 'a' });
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error;
      }
    },
    end: () => rmSync(join(mounted, 'ballast')),
    after: () => run('umount', mounted),
  },
  'read-only': {
    code: 'disk-read-only',
    // Syncs that were under way.
    alsoCode: 'disk-failed',
    before: () => {
      writeFileSync(image, '');
      truncateSync(image, 64 << 20);
      run('mkfs.ext4', '-q', '-F', image);
      run('mount', '-o', 'loop', image, mounted);
    },
    begin: () => run('mount', '-o', 'remount,abort', mounted),
    end: async (daemon) => {
      // What it writes meanwhile would be below the mount.
      daemon.kill('SIGSTOP');
      for (;;) {
        try {
          run('umount', mounted);
          break;
        } catch {
          daemon.kill('SIGCONT');
          await wait_s(0.2);
          daemon.kill('SIGSTOP');
        }
      }
      try {
        run('e2fsck', '-fy', image);
      } catch (error) {
        // 1: mended.
        if (error.status !== 1) throw error;
      }
      run('mount', '-o', 'loop', image, mounted);
      daemon.kill('SIGCONT');
    },
    after: () => run('umount', mounted),
  },
  failing: {
    code: 'disk-failed',
    before: () => new FaultyDisk(mounted, folder),
    begin: (_daemon, disk) => disk.be({ errno: EIO }),
    end: (_daemon, disk) => disk.be({}),
    after: () => {},
  },
  descriptors: {
    code: 'no-descriptors',
    before: () => {},
    // None of those that it has goes.
    begin: ({ pid }) => run('prlimit', '--pid', String(pid), '--nofile=3:'),
    end: ({ pid }) => run('prlimit', '--pid', String(pid), '--nofile=1024:'),
    after: () => {},
  },
};

/** Asks over one connection: where no descriptor is left there is no other. */
function pagesOf(url) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return (path) =>
    new Promise((resolve, reject) => {
      get(new URL(path, url), { agent }, (response) => {
        let body = '';
        response.on('data', (data) => {
          body += data;
        });
        response.on('end', () => resolve({ status: response.statusCode, body }));
      }).on('error', reject);
    });
}

/** Waits, and keeps the connection: it is closed that isn't used for 5 s. */
async function waitAsking(s, ask) {
  for (let k = 0; k < s; k++) {
    await wait_s(1);
    await ask('/healthz');
  }
}

/** Looks ten times: parts end and begin. */
async function descriptorsOf(ask) {
  const seen = [];
  for (let k = 0; k < 10; k++) {
    seen.push(Number(/^process_open_fds (\d+)/m.exec((await ask('/metrics')).body)[1]));
    await wait_s(0.1);
  }
  return { least: Math.min(...seen), most: Math.max(...seen) };
}

/** Values in the files; one of which nothing is safe yet may be empty, or go while we look. */
async function keptIn(record) {
  for (let tries = 1; ; tries++) {
    try {
      return await valuesIn(await openRecordings(filesIn(record).filter((file) => statSync(file).size > 0)));
    } catch (error) {
      if (tries === 10) throw error;
      await wait_s(0.2);
    }
  }
}

/** How many acknowledged samples the files lack that there are. */
async function missing(record, acked) {
  const kept = await keptIn(record);
  let lost = 0;
  for (const [name, samples] of acked) {
    const own = new Set(kept.get(name) ?? []);
    for (let value = 0; value < samples; value++) if (!own.has(value)) lost++;
  }
  return { lost, doubled: doubledIn(kept) };
}

async function show(name) {
  const { code, alsoCode, before, begin, end, after } = faults[name];
  const wrong = [];
  const disk = before();
  const record = join(mounted, 'recorded');
  const args = ['run', pipeline, '--port', '0', '--log-level', 'silent', '--record', record, '--part-s', '2'];
  const child = spawn(process.execPath, ['bin/affectd.js', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(disk?.env && { env: disk.env }),
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const url = await addressOf(child);
  const ask = pagesOf(url);
  const predicted = [];
  const client = connectStream(url, { WebSocket });
  client.on('affect', () => predicted.push(clock.now()));
  await client.subscribe({ streams: ['affect'], session: '*', policy: 'buffer' });
  const acked = new Map();
  const sent = new Map();
  const refused = new Map();
  const codes = new Set();
  const ready = [];
  const sending = sendCounters(url, {
    ...{ clock, streams: STREAMS, session: (k) => `s${k}` },
    acked: (stream, samples) => acked.set(stream, samples),
    sent: (stream, samples) => sent.set(stream, samples),
    refused: (stream, refusal) => {
      codes.add(refusal.held ? refusal.code : `${refusal.code}, lost`);
      if (!refused.has(stream)) refused.set(stream, clock.now());
    },
  });
  await waitAsking(WELL_S, ask);
  const filesBefore = filesIn(record).length;
  const descriptors = await descriptorsOf(ask);
  if (codes.size > 0) wrong.push(`refused before the fault: ${[...codes]}`);
  const begun_s = clock.now();
  await begin(child, disk);
  while (clock.now() < begun_s + FAULT_S) {
    await wait_s(0.5);
    const { status, body } = await ask('/readyz');
    ready.push({ at_s: clock.now() - begun_s, status, body });
  }
  const stood = new Map(acked);
  const during = await missing(record, stood);
  const wasReady = ready.filter(({ status }) => status !== 503).at(-1)?.at_s ?? 0;
  await end(child, disk);
  const ended_s = clock.now();
  let well_s = null;
  while (well_s === null && clock.now() < ended_s + MEND_S) {
    await wait_s(0.1);
    if ((await ask('/readyz')).status === 200) well_s = clock.now() - ended_s;
  }
  // What was held is written, and parts go on.
  await waitAsking(5, ask);
  sending.pause();
  for (let s = 0; s < MEND_S && [...sent].some(([stream, n]) => acked.get(stream) !== n); s++)
    await waitAsking(1, ask);
  const left = await descriptorsOf(ask);
  sending.stop();
  client.close();
  child.kill('SIGTERM');
  await once(child, 'exit');
  const final = await missing(record, sent);
  const files = filesIn(record).length;
  const others = readdirSync(record).filter((file) => !/\.xdf$|\.state/.test(file));
  const inFault = predicted.filter((at) => at > begun_s && at < ended_s);
  const pause_s = Math.max(...inFault.map((at, i) => at - (inFault[i - 1] ?? at)));
  const expected = ((ended_s - begun_s) / HOP_S) * STREAMS;
  const firstRefused_s = Math.max(...[...refused.values()].map((at) => at - begun_s));
  if (refused.size < STREAMS) wrong.push(`only ${refused.size} of ${STREAMS} streams were refused`);
  if (!codes.has(code) || [...codes].some((one) => one !== code && one !== alsoCode))
    wrong.push(`told as ${[...codes].join(', ')}, and not ${code}`);
  if (wasReady > 4) wrong.push(`/readyz said for ${wasReady.toFixed(1)} s that all is well`);
  if (!ready.at(-1).body.includes(code)) wrong.push(`/readyz doesn't say ${code}: ${ready.at(-1).body}`);
  if (well_s === null) wrong.push('/readyz never came back');
  if (during.lost > 0 || final.lost > 0) wrong.push(`lost ${during.lost}, in the end ${final.lost}`);
  if (final.doubled > 0) wrong.push(`${final.doubled} doubled`);
  if ([...sent].some(([stream, n]) => acked.get(stream) !== n)) wrong.push('not all was acknowledged');
  if (inFault.length < 0.95 * expected) wrong.push(`${inFault.length} predictions of ${expected.toFixed(0)}`);
  if (left.least > descriptors.most)
    wrong.push(`${left.least} descriptors at least, and ${descriptors.most} before`);
  if (files <= filesBefore) wrong.push('no part was begun');
  if (others.length > 0) wrong.push(`left behind: ${others}`);
  const n = [...sent.values()].reduce((sum, samples) => sum + samples, 0);
  const held = [...stood.values()].reduce((sum, samples) => sum + samples, 0);
  process.stdout.write(
    `${name}: all refused ${firstRefused_s.toFixed(1)} s after it began (${[...codes].join(', ')}); ${held} samples acknowledged until it ended, ${during.lost} of them in no file; ${inFault.length} predictions meanwhile, ${(1000 * pause_s).toFixed(0)} ms without at most; recorded again ${well_s?.toFixed(1)} s after it ended; ${n} samples sent, ${final.lost} lost, ${final.doubled} doubled; ${files} files; ${descriptors.least} to ${descriptors.most} descriptors before, ${left.least} to ${left.most} after${wrong.length > 0 ? `: WRONG: ${wrong.join('; ')}` : ''}\n`,
  );
  after();
  if (existsSync(record)) rmSync(record, { recursive: true });
  return wrong.length === 0;
}

const named = process.argv.slice(2);
let isWell = true;
for (const name of named.length > 0 ? named : Object.keys(faults)) isWell = (await show(name)) && isWell;
rmSync(folder, { recursive: true });
process.exit(isWell ? 0 : 1);
