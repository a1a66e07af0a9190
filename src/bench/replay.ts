import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Random } from '../core/random.js';
import type { StreamInfo } from '../core/signal.js';
import { openRecording } from '../io/recordings/open.js';
import { XdfWriter } from '../io/recordings/xdf/xdf-writer.js';
import { loadPipeline } from '../pipeline/file/load.js';
import { loadModels } from '../pipeline/run/load-models.js';
import { spansOf } from '../pipeline/run/match-streams.js';
import { REPLAY_BATCH, replay } from '../pipeline/run/replay.js';
import { closeRunners } from '../pipeline/run/runtime.js';

export interface ReplayBenchOptions {
  readonly minutes: number;
  readonly channels: number;
  readonly sfreq_hz: number;
}

export interface ReplayBenchResult {
  readonly bench: 'replay';
  readonly x_real_time: number;
  readonly peak_rss_mb: number;
  /**
   * Growth of the resident set over the last half of the recording, MB per hour of data, each sample taken after a
   * garbage collection: what is garbage already would else make it up or down by chance, by more than any leak.
   */
  readonly rss_slope_mb_per_hour: number;
  readonly predictions: number;
  readonly minutes: number;
  readonly channels: number;
  readonly sfreq_hz: number;
  readonly file_mb: number;
  readonly engine: string;
}

/** Windows between two samples of memory: 3 minutes of data. */
const RSS_EVERY = 360;

const standard: ReplayBenchOptions = { minutes: 60, channels: 32, sfreq_hz: 500 };
const defaultPipeline = join(
  dirname(fileURLToPath(import.meta.url)),
  '..',
  '..',
  'pipelines',
  'default.yaml',
);

const labels =
  'Fp1 Fp2 AF3 AF4 F7 F3 Fz F4 F8 FC5 FC1 FC2 FC6 T7 C3 Cz C4 T8 CP5 CP1 CP2 CP6 P7 P3 Pz P4 P8 PO3 PO4 O1 Oz O2'.split(
    ' ',
  );

/** Replays a long recording from disk through default.yaml, as fast as it goes, on one thread beside the model's worker. */
export async function benchReplay(options: ReplayBenchOptions = standard): Promise<ReplayBenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'affectd-bench-'));
  const file = join(folder, 'bench.xdf');
  try {
    await writeRecording(file, options);
    const pipeline = await loadPipeline(defaultPipeline);
    const events = (): void => {};
    const loaded = await loadModels(pipeline, { engine: 'auto', events });
    const recording = await openRecording(file);
    const rss: { hours: number; mb: number }[] = [];
    const collect = garbageCollector();
    let predictions = 0;
    let peak_mb = 0;
    const start = performance.now();
    const messages = recording.messages({ chunk: null, clockSync: true, events });
    for await (const result of replay(messages, {
      session: 'bench',
      loaded,
      spans: spansOf(recording.streams),
      events,
      batch: REPLAY_BATCH,
    })) {
      if (result.kind !== 'prediction') continue;
      predictions++;
      if (predictions % RSS_EVERY !== 0) continue;
      peak_mb = Math.max(peak_mb, process.memoryUsage.rss() / 1e6);
      collect();
      rss.push({ hours: result.prediction.time / 3600, mb: process.memoryUsage.rss() / 1e6 });
    }
    const elapsed_s = (performance.now() - start) / 1000;
    await recording.close();
    const engine = [...loaded.runners.values()].map((runner) => runner.engine).join(', ');
    await closeRunners(loaded.runners);
    return {
      bench: 'replay',
      x_real_time: (options.minutes * 60) / elapsed_s,
      peak_rss_mb: peak_mb,
      rss_slope_mb_per_hour: slope(rss.slice(rss.length >> 1)),
      predictions,
      ...options,
      file_mb: (await stat(file)).size / 1e6,
      engine,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** V8's own collector, which a flag hides. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

async function writeRecording(
  file: string,
  { minutes, channels, sfreq_hz }: ReplayBenchOptions,
): Promise<void> {
  const info: StreamInfo = {
    id: '1',
    name: 'bench',
    type: 'EEG',
    sourceId: 'bench',
    sfreq: sfreq_hz,
    channels: Array.from({ length: channels }, (_, c) => ({
      label: labels[c] ?? `E${c}`,
      unit: 'uV',
      type: 'EEG',
    })),
  };
  const random = new Random(1);
  const state = new Float64Array(channels);
  const writer = XdfWriter.create(file, { format: 'float32' });
  writer.open(info);
  const block = sfreq_hz;
  for (let second = 0; second < minutes * 60; second++) {
    const data = new Float64Array(channels * block);
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < block; i++) {
        // A leaky sum of noise: most power at low frequencies, as in EEG.
        state[c] = 0.95 * state[c] + 4 * random.gaussian();
        data[c * block + i] = state[c];
      }
    }
    const times = Float64Array.from({ length: block }, (_, i) => second + i / sfreq_hz);
    writer.write({ info, data, times, gapBefore: false });
  }
  writer.close();
}

function slope(points: readonly { hours: number; mb: number }[]): number {
  const n = points.length;
  const x = points.reduce((sum, p) => sum + p.hours, 0) / n;
  const y = points.reduce((sum, p) => sum + p.mb, 0) / n;
  let xy = 0;
  let xx = 0;
  for (const p of points) {
    xy += (p.hours - x) * (p.mb - y);
    xx += (p.hours - x) * (p.hours - x);
  }
  return xy / xx;
}
