// Trains on a data set that is larger than the memory it may have, and tells peak memory and time per epoch beside a run
// in memory: `npm run build && node scripts/measure-large-set.mjs [people] [folder]`. The set has DEAP's layout and
// nothing but noise in it; 32 people are 3.3 GB of files and 6 GB of raw windows.
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const people = Number(process.argv[2] ?? 32);
const folder = process.argv[3] ?? join(tmpdir(), 'affectd-large-set');
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [TRIALS, CHANNELS, SAMPLES] = [40, 40, 8064];
const SMALL = 4;

/** A variable of a MAT file, version 5: its header, to be followed by the numbers. */
function header(name, dims) {
  const count = dims.reduce((product, n) => product * n, 1);
  const pad = (bytes) => Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
  const tag = (type, bytes) => {
    const own = Buffer.alloc(8);
    own.writeUInt32LE(type, 0);
    own.writeUInt32LE(bytes, 4);
    return own;
  };
  const shape = Buffer.alloc(4 * dims.length);
  dims.forEach((n, i) => {
    shape.writeInt32LE(n, 4 * i);
  });
  const text = Buffer.from(name, 'latin1');
  const own = Buffer.concat([
    tag(6, 8),
    Buffer.from([6, 0, 0, 0, 0, 0, 0, 0]),
    tag(5, shape.length),
    pad(shape),
    tag(1, text.length),
    pad(text),
    tag(9, 8 * count),
  ]);
  return Buffer.concat([tag(14, own.length + 8 * count), own]);
}

function person(path, seed) {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const bytes = (numbers) => new Uint8Array(numbers.buffer);
  const first = Buffer.alloc(128, ' ');
  first.write('MATLAB 5.0 MAT-file');
  first.writeUInt16LE(0x0100, 124);
  first.write('IM', 126);
  const file = openSync(path, 'w');
  const data = Float64Array.from({ length: TRIALS * CHANNELS * SAMPLES }, () => 20 * (uniform() - 0.5));
  const labels = Float64Array.from({ length: TRIALS * 4 }, () => 1 + 8 * uniform());
  for (const part of [
    first,
    header('data', [TRIALS, CHANNELS, SAMPLES]),
    bytes(data),
    header('labels', [TRIALS, 4]),
    bytes(labels),
  ])
    for (let from = 0; from < part.length; ) from += writeSync(file, part, from);
  closeSync(file);
}

const data = join(folder, 'data_preprocessed_matlab');
mkdirSync(data, { recursive: true });
const names = Array.from({ length: people }, (_, i) => `s${String(i + 1).padStart(2, '0')}`);
for (const [i, name] of names.entries()) {
  const path = join(data, `${name}.mat`);
  if (!existsSync(path)) person(path, i + 1);
}

const signals = { eeg: 'EEG', eog: 'EOG', emg: 'EMG', gsr: 'EDA', rsp: 'RESP', bvp: 'PPG', temp: 'TEMP' };
const each = (line) => Object.entries(signals).map(line).join('\n');
const config = (own, epochs) => `
name: large
type: hi-moe
pipeline: pipeline.yaml
data:
  kind: dataset
  dataset: { kind: deap, path: ${JSON.stringify(folder)}, people: [${own.join(', ')}] }
  step_s: 1
  shares: { validation: 0.1, calibration: 0 }
settings:
  width: 8
  encoders:
${each(([name]) => `    ${name}: { kind: conv, filters: [4] }`)}
  modality_experts: { count: 1, hidden: 8 }
  emotion_experts: { count: 2, hidden: 8 }
  head_hidden: 8
  heads: [valence, arousal]
  activation: relu
  dropout: 0
clip_sd: 5
fit: { seed: 1, epochs: ${epochs}, batch_size: 128, learning_rate: 0.001, loss: { mse: 1 } }
interval_level: 0.9
validity: { min_present: 1, required: [] }
`;
const pipeline = `
sources:
${each(([name, type]) => `  ${name}: { type: websocket, stream_type: ${type}, optional: true }`)}
transforms:
${each(([name]) => `  ${name}_raw: { type: window, input: ${name}, window_s: 4, hop_s: 1 }`)}
models:
  affect: { type: hi-moe, path: model, inputs: { ${Object.keys(signals)
    .map((name) => `${name}: ${name}_raw`)
    .join(', ')} } }
`;

const told = `process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  console.error('peak ' + maxRSS / 1024 + ' ' + (userCPUTime + systemCPUTime) / 1e6);
});`;

/** Trains, and tells peak memory, the time of everything and of an epoch, and the model. */
function train(name, own, { epochs, memory, heap }) {
  const home = join(folder, name);
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'pipeline.yaml'), pipeline);
  writeFileSync(join(home, 'train.yaml'), config(own, epochs));
  const began = performance.now();
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [
      ...(heap === null ? [] : [`--max-old-space-size=${heap}`]),
      '--import',
      `data:text/javascript,${encodeURIComponent(told)}`,
      join(root, 'bin', 'affectd.js'),
      ...['train', join(home, 'train.yaml'), '--memory', String(memory)],
    ],
    { encoding: 'utf8', env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') } },
  );
  if (status !== 0) throw new Error(stderr);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  const [peak, cpu] = /^peak (\S+) (\S+)$/m
    .exec(stderr)
    .slice(1)
    .map((text) => Number(text).toFixed(0));
  console.log(
    `${name}: ${own.length} people, peak ${peak} MB, ${seconds} s in all, ${cpu} s on cores, ${stdout.trim()}`,
  );
  for (const line of stderr.split('\n')) if (/epoch|disk/.test(line)) console.log(`  ${line}`);
}

console.log(`${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`);
const few = names.slice(0, SMALL);
train('few-in-memory', few, { epochs: 2, memory: 1e6, heap: null });
train('few-on-disk', few, { epochs: 2, memory: 1, heap: 256 });
// Once with the examples to be made, once with them there.
for (const name of ['all-made-and-trained', 'all-trained'])
  train(name, names, { epochs: 1, memory: 256, heap: 512 });
const cache = join(folder, 'cache', 'affectd', 'examples');
const size = readdirSync(cache).reduce((sum, file) => sum + statSync(join(cache, file)).size, 0);
console.log(`examples: ${(size / 1e9).toFixed(2)} GB`);
