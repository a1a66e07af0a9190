// Shows whether a disk that is slow keeps anybody waiting who has nothing to do with it.
//
//   node scripts/slow-disk.mjs [pairs] [--messages 10000] [--ms 20,100]     (10; Linux with a C compiler; needs `npm run build`)
//
// A daemon records 20 streams to a disk of which each write and each sync takes so long (faulty-disk.c); before or after, in turn, the
// same with a disk that is well. Measured, 200 a second each: from the frame that fills a window to its prediction, from a ping to its
// answer at a client that sends nothing, and from a frame to its ack at a second daemon, which records 20 streams to a disk that is well:
// a daemon records to one folder, so that another disk is another daemon's. Given are medians over the pairs; p99 of a run with the slow
// disk is to be within 20 % or 5 ms of its control.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { SystemClock } from '../dist/core/clock.js';
import { connectStream, IngestConnection } from '../dist/io/client/index.js';
import { addressOf } from './counted-streams.mjs';
import { FaultyDisk } from './faulty-disk.mjs';
import { smallModel } from './small-model.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { messages: { type: 'string', default: '10000' }, ms: { type: 'string', default: '20,100' } },
});
const pairs = Number(positionals[0] ?? 10);
const messages = Number(values.messages);
const STREAMS = 20;
const RATE_HZ = 200;
/** Samples a frame; as many between two predictions. */
const FRAME = 20;
/** What is sent before anything is measured, s: windows, files and caches fill. */
const WARM_UP_S = 4;
const PER_S = (STREAMS * RATE_HZ) / FRAME;
const folder = mkdtempSync(join(tmpdir(), 'slow-disk-'));
const record = join(folder, 'slow');
const disk = new FaultyDisk(record, folder);
const clock = new SystemClock();
const wait_s = (s) => new Promise((resolve) => clock.after(s, resolve));
const pipeline = smallModel(join(folder, 'model'), FRAME / RATE_HZ);
const features = join(folder, 'features.yaml');
writeFileSync(
  features,
  'sources:\n  eeg: { type: websocket, stream_type: EEG }\ntransforms:\n  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: 1 }\n',
);

async function start(of, into, env) {
  const args = ['bin/affectd.js', 'run', of, '--port', '0', '--log-level', 'silent', '--record', into];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
  process.once('exit', () => child.kill('SIGKILL'));
  const url = await addressOf(child);
  return {
    url,
    end: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** Streams of a sample each 5 ms, a session each; tells of each frame that is sent, and acknowledged. */
function send(url, { sent, acked }) {
  const begun_s = clock.now();
  const connections = Array.from({ length: STREAMS }, (_, k) => {
    const session = `s${k}`;
    const connection = new IngestConnection(url, { WebSocket, session, client: session });
    const stream = connection.open({
      ...{ name: 'cap', type: 'EEG', sfreq: RATE_HZ, channels: ['Fp1'], unit: 'uV', clock: 'session' },
    });
    stream.on('ack', (frame) => acked(session, frame));
    stream.on('error', () => {});
    return { connection, stream, session };
  });
  let frame = 0;
  let isOpen = true;
  const timer = clock.every(FRAME / RATE_HZ, () => {
    // One after another: what is measured is no queue of our own.
    const at = frame++;
    for (const [k, { stream, session }] of connections.entries())
      clock.after((k * FRAME) / RATE_HZ / STREAMS, () => {
        if (!isOpen) return;
        const samples = Array.from({ length: FRAME }, (_, i) => [20 * Math.sin((at * FRAME + i) / 3 + k)]);
        sent(session, at);
        stream.push(samples, (at * FRAME) / RATE_HZ);
      });
  });
  return {
    begun_s,
    stop: () => {
      isOpen = false;
      timer.cancel();
      for (const { connection } of connections) connection.abandon();
    },
  };
}

/** Times from what is sent to what answers it, ms, while it is open. */
class Delays {
  #sent = new Map();
  #isOpen = false;
  /** [n] ms */
  times = [];

  open() {
    this.#isOpen = true;
  }

  sent(what) {
    this.#sent.set(what, performance.now());
  }

  came(what) {
    const at = this.#sent.get(what);
    if (at === undefined) return;
    this.#sent.delete(what);
    if (this.#isOpen && this.times.length < messages) this.times.push(performance.now() - at);
  }

  get isFull() {
    return this.times.length >= messages;
  }

  get figures() {
    const sorted = this.times.toSorted((a, b) => a - b);
    return { p50: sorted[Math.floor(0.5 * sorted.length)], p99: sorted[Math.floor(0.99 * sorted.length)] };
  }
}

async function run(wait_ms) {
  disk.be({ wait_ms });
  const other = join(folder, 'well');
  for (const into of [record, other]) mkdirSync(into, { recursive: true });
  const slow = await start(pipeline, record, disk.env);
  const well = await start(features, other, process.env);
  const delays = { predictions: new Delays(), pings: new Delays(), acks: new Delays() };
  const slowest = new Delays();
  const client = connectStream(slow.url, { WebSocket });
  client.on('affect', ({ session, time }) => {
    // A window is filled by the frame that ends with it.
    delays.predictions.came(`${session} ${Math.round((time * RATE_HZ) / FRAME) - 1}`);
  });
  await client.subscribe({ streams: ['affect'], session: '*', policy: 'buffer' });
  const quiet = await Promise.all(
    Array.from({ length: STREAMS }, async () => {
      const socket = new WebSocket(`${slow.url.replace('http', 'ws')}v1/stream`, ['affectd.v1']);
      await once(socket, 'open');
      socket.on('pong', (name) => delays.pings.came(name.toString()));
      return socket;
    }),
  );
  const sending = [
    send(slow.url, {
      sent: (session, frame) => {
        delays.predictions.sent(`${session} ${frame}`);
        slowest.sent(`${session} ${frame}`);
      },
      acked: (session, frame) => slowest.came(`${session} ${frame}`),
    }),
    send(well.url, {
      sent: (session, frame) => delays.acks.sent(`${session} ${frame}`),
      acked: (session, frame) => delays.acks.came(`${session} ${frame}`),
    }),
  ];
  // As long as the daemon reads files, pings would heap up.
  await wait_s(WARM_UP_S);
  let pings = 0;
  const pinging = clock.every(1 / PER_S, () => {
    const name = String(pings++);
    delays.pings.sent(name);
    quiet[pings % quiet.length].ping(name);
  });
  for (const one of [...Object.values(delays), slowest]) one.open();
  const most_s = (3 * messages) / PER_S + 10;
  for (let s = 0; s < most_s && !Object.values(delays).every((one) => one.isFull); s++) await wait_s(1);
  pinging.cancel();
  for (const { stop } of sending) stop();
  for (const socket of quiet) socket.terminate();
  client.close();
  const sizes = Object.fromEntries(
    [record, other].map((into) => [
      into,
      readdirSync(into).reduce((sum, file) => sum + statSync(join(into, file)).size, 0),
    ]),
  );
  if (sizes[record] === 0 || sizes[other] === 0) throw new Error('nothing was recorded');
  disk.be({});
  await Promise.all([slow.end(), well.end()]);
  for (const into of [record, other]) rmSync(into, { recursive: true });
  for (const [what, one] of Object.entries(delays))
    if (!one.isFull) throw new Error(`only ${one.times.length} ${what} of ${messages} came`);
  return {
    ...Object.fromEntries(Object.entries(delays).map(([what, one]) => [what, one.figures])),
    own: slowest.figures,
  };
}

const median = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];
let isWell = true;
for (const wait_ms of values.ms.split(',').map(Number)) {
  const runs = { slow: [], control: [] };
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? ['slow', 'control'] : ['control', 'slow'];
    for (const which of order) runs[which].push(await run(which === 'slow' ? wait_ms : 0));
    process.stderr.write(
      `${wait_ms} ms, pair ${pair + 1} of ${pairs}: ${JSON.stringify(runs.slow.at(-1))}\n`,
    );
  }
  for (const what of ['predictions', 'pings', 'acks', 'own']) {
    const of = (which, p) => median(runs[which].map((one) => one[what][p]));
    const [slow, control] = [of('slow', 'p99'), of('control', 'p99')];
    const isNear = slow <= control * 1.2 || slow <= control + 5;
    if (what !== 'own' && !isNear) isWell = false;
    const told = { predictions: 'predictions', pings: 'pings', acks: 'acks of another disk' }[what];
    process.stdout.write(
      `${wait_ms} ms a write: ${told ?? 'acks of this disk'}: p50 ${of('slow', 'p50').toFixed(1)} ms (well: ${of('control', 'p50').toFixed(1)}), p99 ${slow.toFixed(1)} ms (well: ${control.toFixed(1)})${what === 'own' ? '' : isNear ? '' : ': TOO SLOW'}\n`,
    );
  }
}
rmSync(folder, { recursive: true });
process.exit(isWell ? 0 : 1);
