// Finds the thresholds of the feature `physiological`, and tries them on other people, recordings and seeds.
//   npm run build && node scripts/fit-physiological.mjs ../shared/recordings
// A pair of thresholds is the one at which the larger of two shares is smallest: of the windows of the worst kind of noise that
// pass, over 2 % (5 % may; before the first verdict it is 2 % already), and of the windows of the worst set of people that don't,
// over 5 %. Of thresholds that do equally well it is the middle one, in logarithms.
import { join } from 'node:path';
import { EegSigns } from '../dist/signal/features/signs/eeg-signs.js';
import { GazeSigns } from '../dist/signal/features/signs/gaze-signs.js';
import { PulseSigns } from '../dist/signal/features/signs/pulse-signs.js';
import { SkinSigns } from '../dist/signal/features/signs/skin-signs.js';
import { resample } from '../dist/signal/transforms/resample.js';
import { unwornEyes, unwornHead, unwornMessages, unwornWrist } from '../dist/simulation/unworn.js';
import {
  biosppySamples,
  chunksOf,
  chunksOfSamples,
  fmovColumn,
  fmovFiles,
  hkuPeople,
  hkuSongs,
  ierPupils,
  neurokitColumn,
} from './recorded-signals.mjs';

const root = process.argv[2] ?? '../shared/recordings';
const MOST_NOISE = 0.02;
const MOST_LOST = 0.05;
const HOLD_S = 30;
const FIRST_S = 12;

/** The statistics of a stream's chunks, second by second, from the first verdict on. */
function statisticsOf(chunks, makeSigns, read) {
  const signs = makeSigns(chunks[0].info);
  const begin = chunks[0].times[0];
  let next = begin + FIRST_S;
  const rows = [];
  for (const chunk of chunks) {
    const { times, info } = chunk;
    const n = times.length;
    for (let from = 0; from < n; ) {
      let to = from;
      while (to < n && times[to] < next) to++;
      if (to > from) {
        const data = new Float64Array(info.channels.length * (to - from));
        for (let c = 0; c < info.channels.length; c++)
          data.set(chunk.data.subarray(c * n + from, c * n + to), c * (to - from));
        signs.push({ info, data, times: times.slice(from, to), gapBefore: from === 0 && chunk.gapBefore });
      }
      if (to < n) {
        rows.push(read(signs));
        next += 1;
      }
      from = to;
    }
  }
  return rows;
}

const chunksOfNoise = (stream) => {
  const chunks = [];
  for (const message of unwornMessages([stream])) if (message.kind === 'chunk') chunks.push(message.chunk);
  return chunks;
};

/** Share of the seconds in which any of the statistics reached its threshold, lately. */
function passing(rows, thresholds, hold_s) {
  let seen = Number.NEGATIVE_INFINITY;
  let n = 0;
  for (const [t, row] of rows.entries()) {
    if (row.some((x, i) => x >= thresholds[i])) seen = t;
    if (t - seen <= hold_s) n++;
  }
  return rows.length === 0 ? Number.NaN : n / rows.length;
}

const meanOf = (xs) => xs.reduce((sum, x) => sum + x, 0) / xs.length;
const percent = (x) => `${(100 * x).toFixed(1)} %`;

function sharesOf(sets, thresholds, hold_s) {
  return new Map(
    [...sets].map(([name, runs]) => {
      const shares = runs.map((rows) => passing(rows, thresholds, hold_s)).filter((x) => !Number.isNaN(x));
      return [name, { mean: meanOf(shares), worst: Math.min(...shares), best: Math.max(...shares) }];
    }),
  );
}

function thresholdsOf(title, names, grid, { noise, people }, hold_s) {
  let best = { loss: Number.POSITIVE_INFINITY, at: [] };
  const axes = grid.map(([from, to, steps]) =>
    Array.from({ length: steps }, (_, i) => from * Math.exp((Math.log(to / from) * i) / (steps - 1))),
  );
  const points = axes.reduce((all, axis) => all.flatMap((point) => axis.map((x) => [...point, x])), [[]]);
  for (const thresholds of points) {
    const passed = Math.max(...[...sharesOf(noise, thresholds, hold_s).values()].map(({ mean }) => mean));
    const lost = 1 - Math.min(...[...sharesOf(people, thresholds, hold_s).values()].map(({ mean }) => mean));
    const loss = Math.max(passed / MOST_NOISE, lost / MOST_LOST);
    if (loss < best.loss - 1e-12) best = { loss, at: [thresholds] };
    else if (loss < best.loss + 1e-12) best.at.push(thresholds);
  }
  const middle = names.map((_, i) => Math.exp(meanOf(best.at.map((point) => Math.log(point[i])))));
  console.log(`\n${title}: ${names.map((name, i) => `${name} ${middle[i].toFixed(3)}`).join(', ')}`);
  console.log(`  (loss ${best.loss.toFixed(3)} at ${best.at.length} of ${points.length} points)`);
  return middle;
}

function tell(title, sets, thresholds, hold_s) {
  console.log(`  ${title}, share that passes:`);
  for (const [name, { mean, worst, best }] of sharesOf(sets, thresholds, hold_s))
    console.log(`    ${name}: ${percent(mean)} (${percent(worst)} to ${percent(best)})`);
}

const grouped = (entries) => {
  const sets = new Map();
  for (const [name, rows] of entries) sets.set(name, [...(sets.get(name) ?? []), rows]);
  return sets;
};

// EEG: after the resampler, as pipelines have it.

const caps = {
  muse: 'TP9 AF7 AF8 TP10',
  epoc: 'AF3 F7 F3 FC5 T7 P7 O1 O2 P8 T8 FC6 F4 F8 AF4',
  deap32:
    'Fp1 AF3 F3 F7 FC5 FC1 C3 T7 CP5 CP1 P3 P7 PO3 O1 Oz Pz Fp2 AF4 Fz F4 F8 FC6 FC2 Cz C4 T8 CP6 CP2 P4 P8 PO4 O2',
};
/** Electrodes of EEGMAT's cap, as many as headsets have. */
const parts = {
  'all 19': null,
  '4, temporal and frontal': ['T5', 'Fp1', 'Fp2', 'T6'],
  '4, frontal and temporal': ['F7', 'F8', 'T3', 'T4'],
  '2, left': ['Fp1', 'O1'],
};

function at128(chunks) {
  const processor = resample.create(resample.params.parse({ sfreq_hz: 128 }));
  processor.reset(chunks[0].info, 'start');
  const out = [];
  for (const chunk of chunks) processor.process(chunk, (made) => out.push(made));
  return out.filter(({ times }) => times.length > 0);
}

function onlyChannels(chunks, labels) {
  if (!labels) return chunks;
  const { info } = chunks[0];
  const picked = labels.map((label) => {
    const at = info.channels.findIndex((channel) => channel.label === label);
    if (at < 0) throw new Error(`no ${label} among ${info.channels.map((c) => c.label).join(' ')}`);
    return at;
  });
  const reduced = { ...info, channels: picked.map((c) => info.channels[c]) };
  return chunks.map((chunk) => {
    const n = chunk.times.length;
    const data = new Float64Array(picked.length * n);
    for (const [i, c] of picked.entries()) data.set(chunk.data.subarray(c * n, (c + 1) * n), i * n);
    return { ...chunk, info: reduced, data };
  });
}

const readEeg = ({ statistics }) => [statistics?.relief ?? Number.NaN, statistics?.swing ?? Number.NaN];
const eegRows = (chunks) => statisticsOf(chunks, (info) => new EegSigns(info), readEeg);

function headNoise(name, seeds) {
  const entries = [];
  for (const seed of seeds)
    for (const [cap, labels] of Object.entries(caps))
      for (const mixing of ['independent', 'near', 'random'])
        for (const exponent of [0, 0.5, 1, 1.5, 2])
          for (const filtered of [false, true]) {
            const options = { seed: `${name}-${seed}`, duration_s: 120, sfreq: 128, rms_uv: 10 };
            const stream = unwornHead({ ...options, labels: labels.split(' '), mixing, exponent, filtered });
            entries.push([`${cap}, ${mixing}`, eegRows(chunksOfNoise(stream))]);
          }
  return grouped(entries);
}

async function eegmat(people) {
  const entries = [];
  for (const person of people)
    for (const [part, task] of [
      [1, 'rest'],
      [2, 'arithmetic'],
    ]) {
      const file = join(root, 'eegmat', `Subject${String(person).padStart(2, '0')}_${part}.edf`);
      const chunks = at128(await chunksOf(file, 'EEG'));
      for (const [name, labels] of Object.entries(parts))
        entries.push([`EEGMAT, ${task}, ${name}`, eegRows(onlyChannels(chunks, labels))]);
    }
  return grouped(entries);
}

const numbers = (from, to, step = 1) =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);

async function fitEeg() {
  const noise = headNoise('fit', numbers(1, 4));
  const all = [...noise.values()].flat().flatMap((rows) => rows.slice(20));
  console.log(
    `EEG noise: mean relief ${meanOf(all.map((r) => r[0])).toFixed(4)}, mean swing ${meanOf(all.map((r) => r[1])).toFixed(4)} of what is expected`,
  );
  const grid = [
    [1.2, 3, 37],
    [1.2, 4, 37],
  ];
  const found = thresholdsOf(
    'EEG',
    ['relief', 'swing'],
    grid,
    { noise, people: await eegmat(numbers(0, 8, 2)) },
    0,
  );
  tell('noise, other seeds', headNoise('trial', numbers(1, 4)), found, 0);
  tell('EEGMAT, the other five people', await eegmat(numbers(1, 9, 2)), found, 0);
}

// Pulse: the best channel.

const readPulse = ({ statistics }) => [
  Math.max(...statistics.map(({ rhythm }) => (Number.isNaN(rhythm) ? -1 : rhythm))),
  Math.max(...statistics.map(({ swing }) => (Number.isNaN(swing) ? 0 : swing))),
];
const pulseRows = (chunks) => statisticsOf(chunks, (info) => new PulseSigns(info), readPulse);

function pulseNoise(name, seeds) {
  const entries = [];
  for (const seed of seeds) {
    for (const on of ['table', 'mug']) {
      const [ppg] = unwornWrist({ seed: `${name}-${seed}`, duration_s: 300, on });
      entries.push([`PPG, ${on}`, pulseRows(chunksOfNoise(ppg))]);
    }
    for (const sfreq of [128, 500])
      for (const exponent of [0, 1]) {
        const options = { seed: `${name}-${seed}`, duration_s: 120, sfreq, rms_uv: 10, filtered: false };
        const stream = unwornHead({ ...options, labels: ['Cz'], mixing: 'independent', exponent });
        const ecg = { ...stream, info: { ...stream.info, type: 'ECG' } };
        entries.push(['ECG, white and pink', pulseRows(chunksOfNoise(ecg))]);
      }
  }
  return grouped(entries);
}

async function stressPredict(people, type) {
  const entries = [];
  for (const person of people) {
    const folder = join(root, 'stress-predict', 'Raw_data', `S${String(person).padStart(2, '0')}`);
    entries.push([`Stress-Predict, ${type}`, await chunksOf(folder, type)]);
  }
  return entries;
}

/** Nothing beats in this one: its electrodes were off. */
const WITHOUT_ECG = 'Subject02_1.edf';

async function recordedEcg(people) {
  const entries = [];
  for (const person of people)
    for (const part of [1, 2]) {
      const file = `Subject${String(person).padStart(2, '0')}_${part}.edf`;
      if (file !== WITHOUT_ECG)
        entries.push(['EEGMAT, ECG', await chunksOf(join(root, 'eegmat', file), 'ECG')]);
    }
  return entries;
}

async function fitPulse() {
  const rowsOf = (entries) => grouped(entries.map(([name, chunks]) => [name, pulseRows(chunks)]));
  const noise = pulseNoise('fit', numbers(1, 10));
  const people = rowsOf([
    ...(await stressPredict(numbers(1, 10), 'PPG')),
    ...(await recordedEcg(numbers(0, 8, 2))),
  ]);
  const grid = [
    [0.3, 0.8, 33],
    [0.3, 1.2, 33],
  ];
  const found = thresholdsOf('Pulse', ['rhythm', 'swing'], grid, { noise, people }, HOLD_S);
  tell('noise, fitted on', noise, found, HOLD_S);
  tell('people, fitted on', people, found, HOLD_S);
  tell('noise, other seeds', pulseNoise('trial', numbers(1, 10)), found, HOLD_S);
  const ppg = (samples, sfreq) => chunksOfSamples(samples, { type: 'PPG', sfreq });
  const ecg = (samples, sfreq) => chunksOfSamples(samples, { type: 'ECG', sfreq });
  tell(
    'other people',
    rowsOf([
      ...(await stressPredict(numbers(11, 20), 'PPG')),
      ...(await recordedEcg(numbers(1, 9, 2))),
      ...hkuPeople(root).flatMap((person) =>
        hkuSongs(root, person, 'BVP').map((song) => ['HKU956, each song by itself', ppg(song, 64)]),
      ),
      ['NeuroKit, PPG', ppg(neurokitColumn(root, 'bio_resting_5min_100hz.csv', 'PPG'), 100)],
      ['NeuroKit, ECG at rest', ecg(neurokitColumn(root, 'bio_resting_5min_100hz.csv', 'ECG'), 100)],
      ['NeuroKit, ECG, events', ecg(neurokitColumn(root, 'bio_eventrelated_100hz.csv', 'ECG'), 100)],
      ['BioSPPy, PPG', ppg(biosppySamples(root, 'ppg.txt'), 1000)],
      ['BioSPPy, ECG', ecg(biosppySamples(root, 'ecg.txt'), 1000)],
    ]),
    found,
    HOLD_S,
  );
}

// Gaze: the kurtosis of steps and the smoothness of pupils, each by itself. The grid ends where every person passes easily:
// noisy trackers are to pass, too.

const gazeRows = (read) => (chunks) => statisticsOf(chunks, (info) => new GazeSigns(info), read);
const kurtosisRows = gazeRows(({ statistics }) => [statistics.kurtosis]);
const smoothRows = gazeRows(({ statistics }) => [1 / statistics.roughness]);

function eyeNoise(name, seeds) {
  return seeds.flatMap((seed) =>
    [30, 60, 120, 300].map((sfreq) => [
      `white, ${sfreq} Hz`,
      chunksOfNoise(unwornEyes({ seed: `${name}-${seed}`, duration_s: 120, sfreq, gives: 'white' })),
    ]),
  );
}

/** As a slower tracker gives it. */
function everySample({ info, data, times, gapBefore }, every) {
  const kept = Array.from({ length: Math.ceil(times.length / every) }, (_, i) => i * every);
  const n = times.length;
  return {
    info: { ...info, sfreq: info.sfreq / every },
    data: Float64Array.from(info.channels.flatMap((_, c) => kept.map((i) => data[c * n + i]))),
    times: Float64Array.from(kept, (i) => times[i]),
    gapBefore,
  };
}

async function fitGaze() {
  const noise = eyeNoise('fit', numbers(1, 5));
  const rowsOf = (entries, rows) => grouped(entries.map(([name, chunks]) => [name, rows(chunks)]));
  const eyeLink = await chunksOf(join(root, 'eyelink-asc', '002_rlmw_samples_short.asc'), 'Gaze');
  const slower = (every) =>
    eyeLink.map((chunk) => everySample(chunk, every)).filter(({ times }) => times.length > 0);
  const positionsOf = [
    ['EyeLink, 500 Hz', eyeLink],
    ['EyeLink, every 8th sample, 62.5 Hz', slower(8)],
    ['EyeLink, every 16th sample, 31 Hz', slower(16)],
  ];
  const pupils = (people) =>
    people.flatMap((person) =>
      ['Control', 'NPC', 'Noise', 'Second_Task', '4_Combined'].map((test) => [
        'IER2023',
        chunksOfSamples(ierPupils(root, `P${person}`, `Eyerecording_Test_${test}.csv`), {
          type: 'Gaze',
          sfreq: 88,
          label: 'left_pupil',
          unit: 'mm',
        }),
      ]),
    );
  const positions = thresholdsOf(
    'Gaze, positions',
    ['kurtosis'],
    [[3.2, 10, 60]],
    { noise: rowsOf(noise, kurtosisRows), people: rowsOf(positionsOf, kurtosisRows) },
    HOLD_S,
  );
  const others = [
    ['Pupil Labs Neon', await chunksOf(join(root, 'pupil-neon', 'demo_recording'), 'Gaze')],
    ['iMotions', await chunksOf(join(root, 'pyfeat', 'iMotions_Test_v5.txt'), 'Gaze')],
  ];
  tell('noise, other seeds', rowsOf(eyeNoise('trial', numbers(1, 5)), kurtosisRows), positions, HOLD_S);
  tell('others (some shorter than 10 s)', rowsOf(others, kurtosisRows), positions, HOLD_S);
  const smooth = thresholdsOf(
    'Gaze, pupils',
    ['1 / roughness'],
    [[1.05, 3, 60]],
    { noise: rowsOf(noise, smoothRows), people: rowsOf(pupils(numbers(1, 8)), smoothRows) },
    HOLD_S,
  );
  tell('noise, other seeds', rowsOf(eyeNoise('trial', numbers(1, 5)), smoothRows), smooth, HOLD_S);
  tell('others', rowsOf([...pupils(numbers(9, 16)), ...positionsOf], smoothRows), smooth, HOLD_S);
}

// Skin conductance.

const skinRows = (chunks) =>
  statisticsOf(
    chunks,
    (info) => new SkinSigns(info),
    ({ statistics }) => [
      statistics[0]?.kurtosis ?? Number.NaN,
      ...(statistics[0]?.goingOn ?? [Number.NaN, Number.NaN, Number.NaN, Number.NaN]),
    ],
  );

async function fitSkin() {
  const eda = (samples, sfreq) => chunksOfSamples(samples, { type: 'EDA', sfreq, unit: 'uS' });
  const noiseOf = (name) =>
    numbers(1, 20).flatMap((seed) => {
      const [, skin] = unwornWrist({ seed: `${name}-${seed}`, duration_s: 300, on: 'mug' });
      return skinRows(chunksOfNoise(skin));
    });
  const said = (rows) => {
    const isWalk = ([k, next, ...later]) =>
      k <= 4.2 && next >= -0.25 && next <= 0.45 && later.every((r) => Math.abs(r) <= 0.3);
    const walk = rows.filter(isWalk).length / rows.length;
    const body = rows.filter(([k, next]) => k >= 8 && next >= 0.1).length / rows.length;
    return `${percent(walk)} a random walk, ${percent(body)} responses`;
  };
  const quantile = (values, q) => {
    const xs = values.filter((x) => !Number.isNaN(x)).sort((a, b) => a - b);
    return xs[Math.floor(q * (xs.length - 1))];
  };
  for (const name of ['fit', 'trial']) {
    const rows = noiseOf(name);
    console.log(`\nSkin, random walk, ${name}:`);
    console.log(`  ${said(rows)}`);
    for (const [i, what] of ['kurtosis', 'lag 1', 'lag 2', 'lag 3', 'lag 4'].entries())
      console.log(
        `  ${what}: ${[0.001, 0.01, 0.5, 0.99, 0.999, 1]
          .map((q) =>
            quantile(
              rows.map((row) => row[i]),
              q,
            ).toFixed(2),
          )
          .join(' / ')} (quantiles .001 .01 .5 .99 .999 1)`,
      );
  }
  for (const [name, people] of [
    ['Stress-Predict, first ten (fit)', numbers(1, 10)],
    ['Stress-Predict, last ten', numbers(11, 20)],
  ])
    console.log(
      `  ${name}: ${said((await stressPredict(people, 'EDA')).flatMap(([, chunks]) => skinRows(chunks)))}`,
    );
  console.log(
    `  HKU956: ${said(hkuPeople(root).flatMap((p) => hkuSongs(root, p, 'EDA').flatMap((song) => skinRows(eda(song, 4)))))}`,
  );
  console.log(
    `  fMoV: ${said(fmovFiles(root).flatMap((file) => skinRows(eda(fmovColumn(root, file, 0), 100))))}`,
  );
  console.log(`  BioSPPy: ${said(skinRows(eda(biosppySamples(root, 'eda.txt'), 1000)))}`);
  console.log(
    `  NeuroKit: ${said(skinRows(eda(neurokitColumn(root, 'bio_eventrelated_100hz.csv', 'EDA'), 100)))}`,
  );
}

const wanted = process.argv[3];
for (const [name, run] of Object.entries({ eeg: fitEeg, pulse: fitPulse, gaze: fitGaze, skin: fitSkin }))
  if (!wanted || wanted === name) await run();
