// Opens and closes sessions and LSL outlets at a daemon for long, and shows whether its memory, descriptors or timers grow.
//
//   node scripts/soak.mjs [--sessions 10000] [--outlets 1000] [--minutes 0 --streams 20] [--hours 0]     (needs `npm run build`)
//
// One daemon each, as a process of its own, with `default.yaml`. Sessions: ten senders open a session, send a second of EEG, and close
// it, again and again under other names. Outlets: ten at a time come, send, and go. Minutes: so many sessions send EEG in real time and
// are recorded; every 10 s one of them misses 2 s of samples, or loses its connection, in turn. What a daemon tells that no fault of ours
// explains is counted, and so is what isn't in the recordings as it was sent. Hours: a seeded world (docs/how-to/run-a-seeded-world.md)
// of so many hours in which each fault befalls it now and then, and what must hold at its end.
//
// Memory is read between rounds, behind a full collection: what is left then is in use. Slopes are those of the least squares over the
// last two thirds of the time that the daemon was busy, with their standard error.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { SystemClock } from '../dist/core/clock.js';
import { IngestConnection } from '../dist/io/client/index.js';
import { openRecordings } from '../dist/io/recordings/open.js';
import { addressOf, doubledIn, filesIn, RATE_HZ, sendCounters, valuesIn } from './counted-streams.mjs';

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '10000' },
    outlets: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '0' },
    streams: { type: 'string', default: '20' },
    hours: { type: 'string', default: '0' },
    /** File for all that the daemons tell. */
    log: { type: 'string' },
    /** Of the world of hours. */
    seed: { type: 'string', default: '1' },
  },
});
const TOGETHER = 10;
const LABELS = ['Fp1', 'Fp2', 'C3', 'C4'];
/** What a round of minutes takes, and what a stream misses, s. */
const ROUND_S = 10;
const MISSED_S = 2;
/** A fault is told, and over, within so long, s. */
const TOLD_WITHIN_S = 10;
/** A lost LSL outlet is awaited for 60 s, and its session for 30 more. */
const END_S = 120;
const READINGS = 60;
const clock = new SystemClock();
const folder = mkdtempSync(join(tmpdir(), 'soak-'));
process.env.LSLAPICFG = join(folder, 'lsl_api.cfg');
writeFileSync(
  process.env.LSLAPICFG,
  `[multicast]\nResolveScope = machine\n[lab]\nSessionID = soak-${process.pid}\n`,
);
const wait_s = (s) => new Promise((resolve) => clock.after(s, resolve));

/** A daemon as a process of its own, and what it tells. */
class WatchedDaemon {
  readings = [];
  /** Events that it told: `{ code, session, unix_s, count }`. */
  events = [];

  static async start(args) {
    const daemon = new WatchedDaemon();
    daemon.child = spawn(
      process.execPath,
      [
        ...['--expose-gc', '--import', new URL('tell-memory.mjs', import.meta.url).href],
        ...['bin/affectd.js', 'run', 'default', '--port', '0', ...args],
      ],
      { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
    );
    createInterface({ input: daemon.child.stderr }).on('line', (line) => daemon.#note(line));
    daemon.url = await addressOf(daemon.child);
    return daemon;
  }

  #note(line) {
    if (values.log) appendFileSync(values.log, `${line}\n`);
    if (!line.startsWith('{')) {
      process.stderr.write(`${line}\n`);
      return;
    }
    const { code, session, time, count = 1, msg } = JSON.parse(line);
    this.events.push({ code, session, count, msg, unix_s: Date.parse(time) / 1000 });
  }

  async read() {
    this.child.send('memory');
    const [memory] = await once(this.child, 'message');
    // A connection of its own, which is there whenever it is counted.
    const [answer] = await once(get(new URL('/metrics', this.url), { agent: false }), 'response');
    const metrics = await text(answer);
    const sumOf = (name) =>
      [...metrics.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
        (sum, [, value]) => sum + Number(value),
        0,
      );
    return {
      at_s: clock.now(),
      rss_mb: memory.rss / 2 ** 20,
      used_mb: (memory.heapUsed + memory.external) / 2 ** 20,
      descriptors: sumOf('process_open_fds'),
      resources: sumOf('nodejs_active_resources'),
      sessions: sumOf('affectd_sessions'),
      streams: sumOf('affectd_ingest_streams'),
      refusals: [...metrics.matchAll(/^affectd_protocol_errors_total\{.*code="(.*?)".*\} (\d+)/gm)]
        .map(([, code, count]) => `${count} ${code}`)
        .join(', '),
      metricLines: metrics.split('\n').length,
    };
  }

  async note() {
    this.readings.push(await this.read());
  }

  countOf(code) {
    return this.events.reduce((sum, event) => sum + (event.code === code ? event.count : 0), 0);
  }

  /** Waits until what was open has ended, and is as little as in `idle`; what it reads then. */
  async pause(idle) {
    const end = clock.now() + END_S;
    for (;;) {
      const last = await this.read();
      const isOver =
        last.sessions === 0 && ['descriptors', 'resources'].every((key) => last[key] <= idle[key]);
      if (isOver || clock.now() > end) return last;
      await wait_s(1);
    }
  }

  async stop() {
    this.child.kill('SIGTERM');
    await once(this.child, 'exit');
  }
}

/** Of the last two thirds: MB an hour, and its standard error. */
function slopeOf(readings, of) {
  if (readings.length < 4) return 'too short for a slope';
  const [{ at_s: from }, { at_s: to }] = [readings[0], readings.at(-1)];
  const late = readings.filter(({ at_s }) => at_s >= from + (to - from) / 3);
  const mean = (values) => values.reduce((sum, one) => sum + one, 0) / values.length;
  const t = late.map(({ at_s }) => at_s / 3600);
  const m = late.map(of);
  const [meanT, meanM] = [mean(t), mean(m)];
  const under = t.reduce((sum, one) => sum + (one - meanT) ** 2, 0);
  const slope = t.reduce((sum, one, i) => sum + (one - meanT) * (m[i] - meanM), 0) / under;
  const squares = t.reduce((sum, one, i) => sum + (m[i] - meanM - slope * (one - meanT)) ** 2, 0);
  return `${slope.toFixed(1)} ± ${Math.sqrt(squares / (late.length - 2) / under).toFixed(1)} MB/h`;
}

/** Rounds at a daemon of their own. In `pauses`, the last of them at the end, all that was opened ends, and what is left of it is read. */
async function soak(name, { args, rounds, pauses, round, explain }) {
  const daemon = await WatchedDaemon.start(args);
  const idle = [await daemon.read()];
  const every = Math.ceil(rounds / READINGS);
  for (let k = 0; k < rounds; k++) {
    await round(daemon, k);
    if (k % every === 0) await daemon.note();
    if (Math.floor(((k + 1) * pauses) / rounds) > Math.floor((k * pauses) / rounds))
      idle.push(await daemon.pause(idle[0]));
  }
  const explained = await explain(daemon);
  await daemon.stop();
  const { readings } = daemon;
  const [first, last] = [idle[0], idle.at(-1)];
  const all = (of) => idle.map((one) => Math.round(of(one))).join(', ');
  process.stdout.write(
    `${name}, ${((last.at_s - first.at_s) / 60).toFixed(1)} min: idle before and after resident ${all((one) => one.rss_mb)} MB, used ${all((one) => one.used_mb)} MB, ` +
      `descriptors ${all((one) => one.descriptors)}, timers and sockets ${all((one) => one.resources)}, lines of /metrics ${all((one) => one.metricLines)}; ` +
      `busy resident ${slopeOf(readings, (one) => one.rss_mb)}, used ${slopeOf(readings, (one) => one.used_mb)}; ` +
      `${last.sessions} sessions open, errors: ${last.refusals || 'none'}; ${explained}\n`,
  );
}

/** Events that tell of neither data nor people, but of something wrong. */
function troublesIn({ events }, isExplained = () => false) {
  const expected = new Set([
    ...['session-opened', 'session-closed', 'stream-opened', 'stream-closed', 'stream-matched'],
    ...['recording-opened', 'recording-closed', 'engine-chosen', 'channels-unlabelled', undefined],
  ]);
  const counts = new Map();
  for (const event of events)
    if (!expected.has(event.code) && !isExplained(event))
      counts.set(event.code, { count: (counts.get(event.code)?.count ?? 0) + event.count, last: event.msg });
  const told = [...counts].map(([code, { count, last }]) => `${count} ${code} (${last})`);
  return `unexplained: ${told.length > 0 ? told.join(', ') : 'nothing'}`;
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
  await soak(`${sessions} sessions`, {
    args: [],
    rounds: sessions / TOGETHER,
    pauses: 3,
    round: ({ url }, k) =>
      Promise.all(Array.from({ length: TOGETHER }, (_, i) => openAndClose(url, `s${k}-${i}`))),
    explain: (daemon) =>
      `${daemon.countOf('session-opened') + daemon.countOf('session-closed')} times one was opened or closed; ${troublesIn(daemon)}`,
  });

const outlets = Number(values.outlets);
if (outlets > 0) {
  const { loadConfig } = await import('../dist/io/lsl/config.js');
  const { channelsElement } = await import('../dist/io/lsl/declaration.js');
  const { Outlet } = await import('../dist/io/lsl/outlet.js');
  const context = { clock, config: loadConfig(), events: () => {} };
  await soak(`${outlets} outlets`, {
    args: ['--lsl'],
    rounds: outlets / TOGETHER,
    pauses: 3,
    round: async (_, k) => {
      const here = await Promise.all(
        Array.from({ length: TOGETHER }, (_, i) => {
          const name = `outlet-${k}-${i}`;
          return Outlet.create(context, {
            ...{ name, type: 'EEG', channelCount: 4, nominalRate_hz: RATE_HZ, sourceId: name },
            description: [channelsElement(LABELS.map((label) => ({ label, unit: 'uV', type: 'EEG' })))],
          });
        }),
      );
      // Samples as far apart as the rate has it, whatever a timer does.
      const begin = clock.now();
      for (let sent = 0; sent < 2 * RATE_HZ; ) {
        await wait_s(0.1);
        const due = Math.floor((clock.now() - begin) * RATE_HZ) - sent;
        const stamps = Float64Array.from({ length: due }, (_, n) => begin + (sent + n) / RATE_HZ);
        const values = Float32Array.from({ length: due * LABELS.length }, (_, n) => n);
        for (const outlet of here) outlet.push(values, stamps);
        sent += due;
      }
      await Promise.all(here.map((outlet) => outlet.close()));
    },
    // Over LSL nobody says goodbye, and one of ten that are there at a time feeds the pipeline.
    explain: (daemon) =>
      `${['stream-opened', 'stream-lost', 'stream-closed'].map((code) => `${daemon.countOf(code)} ${code}`).join(', ')}; ` +
      troublesIn(daemon, ({ code }) => ['stream-lost', 'stream-unmatched', 'stream-stale'].includes(code)),
  });
}

const minutes = Number(values.minutes);
if (minutes > 0) {
  const streams = Number(values.streams);
  const record = join(folder, 'recordings');
  /** Of each session: when something of ours befell it, from 1970 on, s. */
  const skips = [];
  const others = [];
  const acked = new Map();
  let sender = null;
  await soak(`${streams} sessions for ${minutes} min`, {
    args: ['--record', record],
    rounds: (minutes * 60) / ROUND_S,
    pauses: 1,
    round: async ({ url }, k) => {
      sender ??= sendCounters(url, {
        ...{ clock, streams, session: (n) => `s${n}` },
        acked: (name, samples) => acked.set(name, samples),
        // What isn't sent because this process doesn't run is silence, too.
        late: (n, late_s) =>
          others.push({ session: `s${n}`, from: clock.unix() - late_s, to: clock.unix() + TOLD_WITHIN_S }),
      });
      // Nobody misses what wasn't there yet, or has no end.
      if (k > 0 && (k + 1) * ROUND_S < minutes * 60) {
        const n = (k >> 1) % streams;
        const told = { session: `s${n}`, from: clock.unix() - 0.5, to: clock.unix() + TOLD_WITHIN_S };
        (k % 2 === 1 ? skips : others).push(told);
        if (k % 2 === 1) sender.skip(n, MISSED_S);
        else sender.cut(n);
      }
      await wait_s(ROUND_S);
      if ((k + 2) * ROUND_S > minutes * 60) sender.stop();
    },
    explain: async (daemon) => {
      const isIn = ({ session, unix_s }) => {
        return (fault) => fault.session === session && unix_s >= fault.from && unix_s <= fault.to;
      };
      const ofFaults = new Set(['stream-stale', 'stream-returned', 'stream-lost', 'connection-failed']);
      // When a gap is told is the machine's affair where it is busy; how many there are isn't.
      const isExplained = (event) =>
        event.code === 'gap-found' || (ofFaults.has(event.code) && [...skips, ...others].some(isIn(event)));
      const gaps = new Map();
      for (const { session } of skips) gaps.set(session, (gaps.get(session) ?? 0) + 1);
      for (const { code, session, count } of daemon.events)
        if (code === 'gap-found') gaps.set(session, (gaps.get(session) ?? 0) - count);
      const sumOf = (of) => [...gaps.values()].reduce((sum, one) => sum + Math.max(0, of(one)), 0);
      const kept = await valuesIn(await openRecordings(filesIn(record)));
      let lost = 0;
      for (const [name, most] of acked) {
        lost += Math.max(0, most - new Set(kept.get(name)).size);
      }
      return (
        `${skips.length} times ${MISSED_S * RATE_HZ} samples missed, ${sumOf((one) => one)} of them not told, ${sumOf((one) => -one)} more gaps told; ` +
        `${[...acked.values()].reduce((sum, one) => sum + one, 0)} samples acknowledged, ${lost} not in the recordings, ${doubledIn(kept)} doubled; ` +
        troublesIn(daemon, isExplained)
      );
    },
  });
}

const hours = Number(values.hours);
if (hours > 0) {
  const { longWorld } = await import('./long-world.mjs');
  const began_s = clock.now();
  const used = [];
  const { faults, lines, passed_s, broken } = await longWorld(
    hours,
    Number(values.seed),
    ({ hour, used_mb }) => {
      used.push({ at_s: 3600 * hour, used_mb });
      process.stdout.write(
        `hour ${hour}: ${used_mb.toFixed(1)} MB used, ${((clock.now() - began_s) / 60).toFixed(1)} min\n`,
      );
    },
  );
  process.stdout.write(
    `${hours} h with ${faults} faults, ${(passed_s / (clock.now() - began_s)).toFixed(0)} times real time with what is checked: ` +
      `${lines} lines; used ${slopeOf(used, (one) => one.used_mb)} of the world's time; broken: ${broken.length}\n`,
  );
  for (const problem of broken) process.stdout.write(`${problem}\n`);
}
rmSync(folder, { recursive: true });
process.exit(0);
