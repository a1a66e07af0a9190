// Shows whether the page keeps up with a cap of 64 channels at 500 Hz, and whether those who look at it keep others waiting.
//
//   node scripts/page-frames.mjs [--seconds 60] [--rounds 3]     (needs `npm run build`, and Chromium)
//
// Frames: the page of a daemon, headless, 1440 x 900, drawn by software, shows the minute of a session that sends 64 channels at 500 Hz in
// frames of 100 ms, when that minute is full. From the browser's own trace: the work of the page's main thread between two frames, and the
// intervals of frames beside those of an empty page.
//
// A sixth client: one subscribes to `affect` alone, without others and with five that subscribe to all that the page does, in turn.
// Measured is how long after the frame that fills a window, as it was given to the socket, its prediction is there.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { WebSocket } from 'ws';
import { SystemClock } from '../dist/core/clock.js';
import { connectStream, IngestConnection } from '../dist/io/client/index.js';
import { addressOf } from './counted-streams.mjs';
import { smallModel } from './small-model.mjs';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, rounds: { type: 'string', default: '3' } },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const RATE_HZ = 500;
const CHANNELS = 64;
const FRAME = 50;
/** As the shipped pipelines predict. */
const HOP_S = 0.5;
const SHOWN_S = 60;
/** As the page does. */
const STREAMS = ['affect', 'indices', 'markers', 'quality', 'sys', 'truth'];
const POINTS_PER_S = 20;
const clock = new SystemClock();
const wait_s = (s) => new Promise((resolve) => clock.after(s, resolve));
const folder = mkdtempSync(join(tmpdir(), 'page-frames-'));
const quantile = (all, q) =>
  all.toSorted((a, b) => a - b)[Math.min(all.length - 1, Math.floor(q * all.length))];
const spread = (all) => [0.5, 0.95, 0.99].map((q) => `p${q * 100} ${quantile(all, q).toFixed(1)}`).join(', ');

/** A daemon that predicts every `hop_s`. */
async function startDaemon(hop_s) {
  const pipeline = smallModel(join(folder, `model-${hop_s}`), hop_s);
  const args = ['bin/affectd.js', 'run', pipeline, '--port', '0', '--log-level', 'silent'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill('SIGKILL'));
  const url = await addressOf(child);
  return { url, end: () => [child.kill('SIGTERM'), once(child, 'exit')][1] };
}

/** Sends until it is stopped; `sent.get(k)`: when the frame was given to the socket that ends at sample k, ms. */
async function startCap(url) {
  const connection = new IngestConnection(url, { WebSocket, client: 'cap', session: 'cap' });
  const labels = Array.from({ length: CHANNELS }, (_, c) => (c === 0 ? 'Fp1' : `E${c + 1}`));
  const declared = { name: 'cap', type: 'EEG', sfreq: RATE_HZ, channels: labels, unit: 'uV' };
  const stream = connection.open({ ...declared, clock: 'session' });
  const sent = new Map();
  const begin = clock.now();
  let samples = 0;
  const sending = clock.every(FRAME / RATE_HZ / 4, () => {
    while (samples + FRAME <= (clock.now() - begin) * RATE_HZ) {
      const rows = Array.from({ length: FRAME }, (_, i) =>
        Array.from(
          { length: CHANNELS },
          (_, c) => 20 * Math.sin((samples + i) * (0.02 + c / 900)) + 8 * Math.random(),
        ),
      );
      stream.push(rows, samples / RATE_HZ);
      samples += FRAME;
      sent.set(samples, performance.now());
    }
  });
  return { sent, stop: () => [sending.cancel(), connection.close()][1] };
}

/** Durations that the page's main thread worked between two frames, and the intervals of those frames, ms. */
async function framesOf(browser, page, traced_s) {
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline', '__metadata'] });
  await wait_s(traced_s);
  const { traceEvents } = JSON.parse(String(await browser.stopTracing()));
  const mains = traceEvents.filter(
    ({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain',
  );
  const frames = traceEvents.filter(
    ({ name }) => name === 'FireAnimationFrame' || name === 'PageAnimator::serviceScriptedAnimations',
  );
  // The page's: where frames are drawn.
  const own = mains.find(({ pid, tid }) => frames.some((frame) => frame.pid === pid && frame.tid === tid));
  if (!own) throw new Error('no frame was traced');
  const ofOwn = ({ pid, tid }) => pid === own.pid && tid === own.tid;
  const begins = [...new Set(frames.filter(ofOwn).map(({ ts }) => ts))].sort((a, b) => a - b);
  const tasks = traceEvents.filter(
    (event) => ofOwn(event) && event.ph === 'X' && /RunTask$/.test(event.name),
  );
  const work = new Float64Array(Math.max(0, begins.length - 1));
  for (const { ts, dur } of tasks) {
    const frame = begins.findLastIndex((begin) => begin <= ts + dur);
    if (frame >= 0 && frame < work.length) work[frame] += dur / 1000;
  }
  const intervals = begins.slice(1).map((begin, i) => (begin - begins[i]) / 1000);
  return { work: [...work], intervals };
}

async function measureFrames() {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) => existsSync(path));
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const empty = await startDaemon(HOP_S);
  await page.goto(empty.url);
  await wait_s(3);
  const beside = await framesOf(browser, page, 10);
  await empty.end();
  const daemon = await startDaemon(HOP_S);
  await page.goto(daemon.url);
  const cap = await startCap(daemon.url);
  await page.locator('.signal[data-state=live] signal-trace').waitFor();
  await wait_s(SHOWN_S + 2);
  const { work, intervals } = await framesOf(browser, page, seconds);
  const channels = await page.evaluate(
    `[...document.querySelectorAll('signal-trace')].map((trace) => trace.plotted(63).length)`,
  );
  console.log(
    `work of the main thread a frame, ms: ${spread(work)}; ${work.length} frames in ${seconds} s (at most 12 at p95)`,
  );
  console.log(`intervals of frames, ms: ${spread(intervals)}; of an empty page: ${spread(beside.intervals)}`);
  console.log(`columns plotted of the last channel: ${channels.join(', ')} of ${SHOWN_S * POINTS_PER_S}`);
  await cap.stop();
  await daemon.end();
  await browser.close();
}

/** How long after a window's last frame its prediction is there, ms. */
async function latencies(url, sent, during_s) {
  const client = connectStream(url, { WebSocket });
  const found = [];
  client.on('affect', ({ window }) => {
    const at = sent.get(Math.round(window[1] * RATE_HZ));
    if (at !== undefined) found.push(performance.now() - at);
  });
  await client.subscribe({ streams: ['affect'] });
  await wait_s(during_s);
  client.close();
  return found;
}

async function measureSixth() {
  const daemon = await startDaemon(FRAME / RATE_HZ);
  const cap = await startCap(daemon.url);
  await wait_s(6);
  const [alone, beside] = [[], []];
  for (let round = 0; round < rounds; round++) {
    alone.push(...(await latencies(daemon.url, cap.sent, seconds / 2)));
    const five = Array.from({ length: 5 }, () => connectStream(daemon.url, { WebSocket }));
    for (const client of five) {
      await client.subscribe({ streams: STREAMS, explain: true });
      await client.subscribe({
        streams: ['signals'],
        session: 'cap',
        policy: 'drop-oldest',
        max_points_per_s: POINTS_PER_S,
      });
    }
    beside.push(...(await latencies(daemon.url, cap.sent, seconds / 2)));
    for (const client of five) client.close();
  }
  const [without, within] = [quantile(alone, 0.99), quantile(beside, 0.99)];
  console.log(
    `from a window's last frame to its prediction, ms: alone ${spread(alone)}; beside five ${spread(beside)}`,
  );
  console.log(
    `p99 beside five: ${(within - without).toFixed(1)} ms more, ${(within / without).toFixed(2)} times (within 20 % or 5 ms)`,
  );
  await cap.stop();
  await daemon.end();
}

try {
  await measureFrames();
  await measureSixth();
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(0);
