// Times `affectd features` on a long recording, in a process of its own, and measures how its memory grows.
//
//   node scripts/measure-features.mjs [minutes] [channels] [sfreq_hz]     (60 62 200; needs `npm run build`)
//
// The pipeline is that of `affectd bench features`: band-pass 1-75 Hz, then differential entropy of 4 s, a window every
// 0.25 s. Memory is sampled in a second run of the same command in this process, after a garbage collection each time.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { runCli } from '../dist/cli/run-cli.js';
import { SystemClock } from '../dist/core/clock.js';
import { Random } from '../dist/core/random.js';
import { XdfWriter } from '../dist/io/recordings/xdf/xdf-writer.js';

const [minutes = 60, channels = 62, sfreq = 200] = process.argv.slice(2).map(Number);
const RUNS = 3;
const SAMPLE_EVERY_ROWS = 720;
const PIPELINE = `sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  clean: { type: bandpass, input: eeg, low_hz: 1, high_hz: 75, order: 4 }
  de: { type: extract, input: clean, features: [differential-entropy], window_s: 4, hop_s: 0.25 }
`;

const folder = mkdtempSync(join(tmpdir(), 'affectd-measure-'));
try {
  const [recording, pipeline, csv] = ['recording.xdf', 'pipeline.yaml', 'features.csv'].map((f) =>
    join(folder, f),
  );
  writeFileSync(pipeline, PIPELINE);
  await writeRecording(recording);
  const wall_s = Array.from({ length: RUNS }, () => {
    const start = performance.now();
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        fileURLToPath(new URL('../bin/affectd.js', import.meta.url)),
        'features',
        recording,
        '-p',
        pipeline,
        '--out',
        csv,
      ],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(stderr);
    return (performance.now() - start) / 1000;
  });
  const { slope, peak_mb, rows } = await memoryOf(['features', recording, '-p', pipeline]);
  console.log(
    JSON.stringify({
      minutes,
      channels,
      sfreq_hz: sfreq,
      recording_mb: statSync(recording).size / 1e6,
      csv_mb: statSync(csv).size / 1e6,
      rows,
      wall_s,
      peak_rss_mb: peak_mb,
      rss_slope_mb_per_hour: slope,
    }),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function writeRecording(file) {
  const info = {
    id: '1',
    name: 'measure',
    type: 'EEG',
    sourceId: 'measure',
    sfreq,
    channels: Array.from({ length: channels }, (_, c) => ({ label: `E${c + 1}`, unit: 'uV', type: 'EEG' })),
  };
  const writer = await XdfWriter.create(file, { format: 'float32' });
  const random = new Random(1);
  const state = new Float64Array(channels);
  writer.open(info);
  for (let second = 0; second < 60 * minutes; second++) {
    const data = new Float64Array(channels * sfreq);
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < sfreq; i++) {
        // A leaky sum of noise: most power at low frequencies, as in EEG.
        state[c] = 0.95 * state[c] + 4 * random.gaussian();
        data[c * sfreq + i] = state[c];
      }
    const times = Float64Array.from({ length: sfreq }, (_, i) => second + i / sfreq);
    writer.write({ info, data, times, gapBefore: false });
  }
  await writer.close();
}

/** Resident memory against hours of data: the slope over the last half of the recording, MB per hour. */
async function memoryOf(args) {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  const samples = [];
  let rows = 0;
  const stdout = new Writable({
    decodeStrings: false,
    write(text, _encoding, done) {
      for (const line of String(text).split('\r\n')) {
        if (line === '' || line.startsWith('time') || ++rows % SAMPLE_EVERY_ROWS !== 0) continue;
        gc();
        samples.push({ hours: Number(line.split(',', 1)[0]) / 3600, mb: process.memoryUsage.rss() / 1e6 });
      }
      done();
    },
  });
  const code = await runCli(args, {
    stdout,
    stderr: process.stderr,
    clock: new SystemClock(),
    signal: new AbortController().signal,
  });
  if (code !== 0) throw new Error(`affectd features ended with ${code}`);
  const late = samples.slice(samples.length >> 1);
  const mean = (f) => late.reduce((sum, s) => sum + f(s), 0) / late.length;
  const [x, y] = [mean((s) => s.hours), mean((s) => s.mb)];
  const slope = mean((s) => (s.hours - x) * (s.mb - y)) / mean((s) => (s.hours - x) * (s.hours - x));
  return { slope, peak_mb: Math.max(...samples.map((s) => s.mb)), rows };
}
