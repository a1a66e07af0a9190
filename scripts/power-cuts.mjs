// Cuts the power of a daemon that records, on paper: what it wrote and synced is logged by strace, and files are made anew of what was
// synced before a random moment, and of a random part of the rest, torn at 512 bytes and out of order.
//
//   node scripts/power-cuts.mjs [cuts] [--seconds 20]     (200; Linux with strace; needs `npm run build`)
//
// A file whose folder was not synced after it was made may be missing. Acks are read from the same log: every sample acknowledged before
// the cut must be in the files once, and every file that is there opens.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { SystemClock } from '../dist/core/clock.js';
import { Random } from '../dist/core/random.js';
import { openRecordings } from '../dist/io/recordings/open.js';
import {
  addressOf,
  doubledIn,
  FRAME,
  filesIn,
  recordingDaemon,
  sendCounters,
  valuesIn,
} from './counted-streams.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '20' } },
});
const cuts = Number(positionals[0] ?? 200);
const STREAMS = 10;
const SECTOR = 512;
const random = new Random(20_261_202, 'cuts');
const below = (n) => Math.floor(n * random.uniform());
const folder = mkdtempSync(join(tmpdir(), 'cuts-'));
const record = join(folder, 'recorded');
const clock = new SystemClock();

/** Records for a while under strace. @returns its log */
async function recorded() {
  const log = join(folder, 'strace.log');
  const calls =
    'openat,write,writev,pwrite64,pwritev,sendto,sendmsg,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlink';
  const daemon = [process.execPath, ...recordingDaemon(folder, record), '--part-s', '3'];
  const child = spawn(
    'strace',
    ['-f', '--seccomp-bpf', '-qq', '-y', '-xx', '-s', '300000', '-e', `trace=${calls}`, '-o', log, ...daemon],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const url = await addressOf(child);
  const { stop } = sendCounters(url, { clock, streams: STREAMS, session: (k) => `s${k}` });
  await new Promise((resolve) => setTimeout(resolve, 1000 * Number(values.seconds)));
  stop();
  // strace itself ends with the daemon only.
  execFileSync('pkill', ['-TERM', '-P', String(child.pid)]);
  await once(child, 'exit');
  return readFileSync(log, 'latin1');
}

const bytesOf = (hex) => Buffer.from(hex.replaceAll('\\x', ''), 'hex');

/** What happened, in order: calls that write count from their beginning, those that sync from their end. */
function happenings(log) {
  const begun = new Map();
  const all = [];
  const ends = new Map();
  for (const line of log.split('\n')) {
    const match = /^(\d+)\s+(.*)$/s.exec(line);
    if (!match) continue;
    const [, thread, said] = match;
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/s.exec(said);
    let text = said;
    let at = all.length;
    if (resumed) {
      const start = begun.get(thread);
      if (!start) continue;
      begun.delete(thread);
      text = start.text + resumed[2];
      at = start.at;
    } else if (said.endsWith('<unfinished ...>')) {
      begun.set(thread, { text: said.slice(0, -'<unfinished ...>'.length), at: all.length });
      all.push(null);
      continue;
    }
    const call = /^(\w+)\((.*)\)\s+= (-?\d+)/s.exec(text);
    if (!call || Number(call[3]) < 0) continue;
    const [, name, args, result] = call;
    const shown = /^\d+<([^>]*)>/.exec(args)?.[1];
    const path = shown && bytesOf(shown).toString();
    if (name === 'openat') {
      const opened = /"((?:\\x..)*)", (\S+)/.exec(args);
      const file = opened && bytesOf(opened[1]).toString();
      if (file?.startsWith(record) && opened[2].includes('O_CREAT')) all.push({ kind: 'made', path: file });
    } else if (path?.startsWith(record) && /^p?write/.test(name)) {
      const data = Buffer.concat([...args.matchAll(/"((?:\\x..)*)"/g)].map(([, hex]) => bytesOf(hex)));
      const place = /^pwrite/.test(name) ? Number(/, (\d+)$/.exec(args.trim())[1]) : (ends.get(path) ?? 0);
      ends.set(path, Math.max(ends.get(path) ?? 0, place + data.length));
      const written = { kind: 'write', path, place, data: data.subarray(0, Number(result)) };
      if (all[at] === null) all[at] = written;
      else all.push(written);
    } else if (path?.startsWith(record) && /sync$/.test(name)) all.push({ kind: 'sync', path, from: at });
    else if (path?.startsWith(record) && name === 'ftruncate')
      all.push({ kind: 'cut', path, size: Number(/, (\d+)$/.exec(args.trim())[1]) });
    else if (path && !path.startsWith('/'))
      for (const [, hex] of args.matchAll(/"((?:\\x..)*)"/g))
        for (const [, frame, stream] of bytesOf(hex)
          .toString('latin1')
          .matchAll(/"method":"ack","params":\{"stream":(\d+),"seq":(\d+)/g))
          all.push({ kind: 'ack', socket: path, stream: Number(frame), seq: Number(stream) });
  }
  return all.filter((one) => one !== null);
}

/** Files as a disk may have them that lost its power behind `moment`. */
function afterCut(all, moment, into) {
  const files = new Map();
  const fileOf = (path) => {
    if (!files.has(path)) files.set(path, { writes: [], isListed: false });
    return files.get(path);
  };
  const acked = new Map();
  for (const [at, one] of all.slice(0, moment).entries()) {
    if (one.kind === 'made') fileOf(one.path);
    else if (one.kind === 'write') fileOf(one.path).writes.push({ ...one, at, isSafe: false });
    else if (one.kind === 'ack') acked.set(one.socket, Math.max(acked.get(one.socket) ?? -1, one.seq));
    else if (one.kind === 'sync') {
      for (const [path, file] of files) {
        if (dirname(path) === one.path) file.isListed = true;
        if (path === one.path) for (const write of file.writes) if (write.at < one.from) write.isSafe = true;
      }
    }
  }
  mkdirSync(into, { recursive: true });
  for (const [path, { writes, isListed }] of files) {
    if (!isListed && random.uniform() < 0.5) continue;
    let bytes = Buffer.alloc(0);
    const put = (place, data) => {
      if (bytes.length < place + data.length)
        bytes = Buffer.concat([bytes, Buffer.alloc(place + data.length - bytes.length)]);
      data.copy(bytes, place);
    };
    for (const { isSafe, place, data } of writes) {
      if (isSafe) put(place, data);
      else if (random.uniform() < 0.7)
        for (let from = 0; from < data.length; ) {
          const to = Math.min(data.length, from + SECTOR - ((place + from) % SECTOR));
          if (random.uniform() < 0.7) put(place + from, data.subarray(from, to));
          from = to;
        }
    }
    writeFileSync(join(into, basename(path)), bytes);
  }
  return acked;
}

const all = happenings(await recorded());
const total = { files: 0, acked: 0, kept: 0, lost: 0, doubled: 0, torn: 0 };
// A stream's samples count up from 0, and each has a session of its own: its acks are those of a socket.
for (let cut = 0; cut < cuts; cut++) {
  const into = join(folder, 'after');
  const acked = afterCut(all, 1 + below(all.length), into);
  const files = filesIn(into);
  total.files += files.length;
  let recordings = [];
  for (let left = files; ; ) {
    try {
      recordings = await openRecordings(left);
      break;
    } catch (error) {
      // A part that was just begun may hold nothing, or not all of its beginning: nothing of it was acknowledged.
      const torn = left.find((file) => error.message.includes(basename(file)));
      if (!torn) throw error;
      total.torn++;
      left = left.filter((file) => file !== torn);
    }
  }
  const kept = await valuesIn(recordings);
  total.kept += [...kept.values()].reduce((sum, own) => sum + own.length, 0);
  total.doubled += doubledIn(kept);
  // Which socket is whose doesn't matter: as many streams must have as much.
  const most = [...acked.values()].map((seq) => (seq + 1) * FRAME).sort((a, b) => b - a);
  const had = [...kept.values()]
    .map((own) => {
      const seen = new Set(own);
      let whole = 0;
      while (seen.has(whole)) whole++;
      return whole;
    })
    .sort((a, b) => b - a);
  for (const [k, samples] of most.entries()) {
    total.acked += samples;
    total.lost += Math.max(0, samples - (had[k] ?? 0));
  }
  rmSync(into, { recursive: true });
}
rmSync(folder, { recursive: true });
process.stdout.write(
  `${cuts} cuts among ${all.length} calls: ${total.files} files, ${total.torn} of them without a whole beginning; ${total.acked} samples acknowledged, ${total.kept} in the files; ${total.lost} lost, ${total.doubled} doubled\n`,
);
process.exit(total.lost + total.doubled > 0 ? 1 : 0);
