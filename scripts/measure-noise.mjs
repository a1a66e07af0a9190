// What the noise test lets through, and what it takes away: the battery of sensors without a body, real recordings of people, and
// simulated people, through the shipped pipelines as they are and without their `mask-noise` nodes.
// What it finds goes to fixtures/evaluation/noise.json, which test/pipelines/noise-masks.test.ts reads.
//   npm run build && node scripts/measure-noise.mjs ../shared/recordings [part]
// The people and recordings are those that scripts/fit-physiological.mjs took no threshold from.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRecording } from '../dist/io/recordings/open.js';
import { loadModel } from '../dist/model/engines/worker-runner.js';
import { checkPipeline } from '../dist/pipeline/file/check.js';
import { PipelineDocument } from '../dist/pipeline/file/document.js';
import { REPLAY_BATCH, replay } from '../dist/pipeline/run/replay.js';
import { closeRunners } from '../dist/pipeline/run/runtime.js';
import { profiles } from '../dist/simulation/profile.js';
import { simulateSession } from '../dist/simulation/session.js';
import { unwornEyes, unwornHead, unwornMessages, unwornWrist } from '../dist/simulation/unworn.js';
import {
  biosppySamples,
  chunksOfSamples,
  fmovColumn,
  fmovFiles,
  hkuPeople,
  hkuSongs,
  neurokitColumn,
} from './recorded-signals.mjs';

const root = process.argv[2] ?? '../shared/recordings';
const only = process.argv[3];
const SEEDS = Number(process.env.SEEDS ?? 10);
const DURATION_S = 300;
const EEGMAT_HZ = 500;
const EEGMAT_LABELS = 'Fp1 Fp2 F3 F4 F7 F8 T3 T4 C3 C4 T5 T6 P3 P4 O1 O2 Fz Cz Pz';

/** The file's text without the nodes that tell noise. */
function withoutTest(text) {
  const inputs = new Map(
    [...text.matchAll(/^ +(\w+): \{ type: mask-noise, input: (\w+),.*$/gm)].map(([, name, input]) => [
      name,
      input,
    ]),
  );
  return text
    .split('\n')
    .filter((line) => !/type: mask-noise|\[physiological\]/.test(line))
    .map((line) =>
      line.replace(/input: (\w+)/, (whole, name) =>
        inputs.has(name) ? `input: ${inputs.get(name)}` : whole,
      ),
    )
    .join('\n');
}

const loadedPipelines = new Map();

/** A pipeline with the test and without, and its model. */
async function load(name) {
  const existing = loadedPipelines.get(name);
  if (existing) return existing;
  const file = join('pipelines', `${name}.yaml`);
  const text = readFileSync(file, 'utf8');
  const [after, before] = [text, withoutTest(text)].map((t) => {
    const { pipeline, problems } = checkPipeline(new PipelineDocument(file, t));
    if (!pipeline) throw new Error(problems.map(({ message }) => message).join('\n'));
    return pipeline;
  });
  const runners = new Map();
  for (const node of after.models.values())
    runners.set(node.name, await loadModel(node.path, { engine: 'auto', events: () => {} }));
  const loaded = { before: { pipeline: before, runners }, after: { pipeline: after, runners } };
  loadedPipelines.set(name, loaded);
  return loaded;
}

/** What a session's predictions say. */
async function run(loaded, messages) {
  const tally = { windows: 0, valid: 0, reasons: {}, present: {}, zero: 0 };
  const valid = [];
  const options = { session: 's', loaded, events: () => {}, batch: REPLAY_BATCH };
  for await (const output of replay(messages, options)) {
    if (output.kind !== 'prediction') continue;
    const { prediction } = output;
    tally.windows++;
    valid.push(prediction.valid);
    if (prediction.valid) tally.valid++;
    else tally.reasons[prediction.reason] = (tally.reasons[prediction.reason] ?? 0) + 1;
    for (const [name, { present }] of Object.entries(prediction.modalities))
      if (present) tally.present[name] = (tally.present[name] ?? 0) + 1;
    const { interval } = prediction;
    const holds = (bounds) => bounds === null || (bounds[0] <= 0 && bounds[1] >= 0);
    if (!prediction.valid || (interval && holds(interval.valence) && holds(interval.arousal))) tally.zero++;
  }
  return { tally, valid };
}

/** Both ways; `kept`: of the windows that are valid without the test, those that still are. */
async function compare(pipeline, makeSession) {
  const { before, after } = await load(pipeline);
  const one = await makeSession();
  const a = await run(before, one.messages);
  await one.close?.();
  const two = await makeSession();
  const b = await run(after, two.messages);
  await two.close?.();
  two.done?.();
  const kept = a.valid.filter((was, i) => was && b.valid[i]).length;
  return { before: a.tally, after: b.tally, kept };
}

function add(sums, { before, after, kept }) {
  sums.sessions = (sums.sessions ?? 0) + 1;
  sums.windows = (sums.windows ?? 0) + before.windows;
  sums.validBefore = (sums.validBefore ?? 0) + before.valid;
  sums.validAfter = (sums.validAfter ?? 0) + after.valid;
  sums.kept = (sums.kept ?? 0) + kept;
  sums.mostValidAfter = Math.max(sums.mostValidAfter ?? 0, after.valid / Math.max(1, after.windows));
  if (before.valid > 0) sums.leastKept = Math.min(sums.leastKept ?? 1, kept / before.valid);
  sums.zeroBefore = (sums.zeroBefore ?? 0) + before.zero;
  sums.zeroAfter = (sums.zeroAfter ?? 0) + after.zero;
  sums.presentBefore ??= {};
  sums.presentAfter ??= {};
  for (const [from, to] of [
    [before.present, sums.presentBefore],
    [after.present, sums.presentAfter],
  ])
    for (const [name, n] of Object.entries(from)) to[name] = (to[name] ?? 0) + n;
  sums.reasonsAfter ??= {};
  for (const [name, n] of Object.entries(after.reasons))
    sums.reasonsAfter[name] = (sums.reasonsAfter[name] ?? 0) + n;
}

const RESULT = join('fixtures', 'evaluation', 'noise.json');
const result = { noise: {}, recorded: {}, simulated: {} };

async function measure(section, name, pipeline, sessions) {
  const sums = {};
  for (const session of sessions) add(sums, await compare(pipeline, session));
  const share = (n, of) => (of > 0 ? Math.round((1e4 * n) / of) / 1e4 : null);
  const modality = Object.fromEntries(
    Object.entries(sums.presentBefore).map(([m, n]) => [m, share(sums.presentAfter[m] ?? 0, n)]),
  );
  const told = {
    pipeline,
    sessions: sums.sessions,
    windows: sums.windows,
    valid_before: share(sums.validBefore, sums.windows),
    valid_after: share(sums.validAfter, sums.windows),
    worst_session_valid_after: Math.round(1e4 * sums.mostValidAfter) / 1e4,
    kept_of_valid: share(sums.kept, sums.validBefore),
    worst_session_kept: sums.leastKept === undefined ? null : Math.round(1e4 * sums.leastKept) / 1e4,
    modalities_after_over_before: modality,
    invalid_or_zero_held_before: share(sums.zeroBefore, sums.windows),
    invalid_or_zero_held_after: share(sums.zeroAfter, sums.windows),
    reasons_after: sums.reasonsAfter,
  };
  result[section][`${name} (${pipeline})`] = told;
  process.stderr.write(
    `${section} ${name} (${pipeline}): ${sums.sessions} sessions, valid ${told.valid_before} -> ${told.valid_after}, kept ${told.kept_of_valid} (worst ${told.worst_session_kept}), zero held ${told.invalid_or_zero_held_before} -> ${told.invalid_or_zero_held_after}, modalities ${JSON.stringify(modality)} ${JSON.stringify(sums.reasonsAfter)}\n`,
  );
}

// Sensors without a body.

/** Made once, run twice. */
const unworn = (make) => {
  let streams = null;
  return () => {
    streams ??= make();
    return {
      messages: unwornMessages(streams),
      done: () => (streams = null),
    };
  };
};

const headsets = [
  { labels: profiles.epoc.eeg.channels.map(({ label }) => label), sfreq: 128 },
  { labels: profiles.muse.eeg.channels.map(({ label }) => label), sfreq: 256 },
  { labels: profiles.deap32.eeg.channels.map(({ label }) => label), sfreq: 128 },
  { labels: EEGMAT_LABELS.split(' '), sfreq: EEGMAT_HZ },
  { labels: profiles.epoc.eeg.channels.map(({ label }) => label), sfreq: 256 },
];

const seeds = (count) => Array.from({ length: count }, (_, seed) => seed);

function headSessions(options, sets = headsets) {
  return seeds(SEEDS).map((seed) =>
    unworn(() => [
      unwornHead({
        seed: `battery-${seed}`,
        duration_s: DURATION_S,
        ...sets[seed % sets.length],
        ...options,
      }),
    ]),
  );
}

async function noise() {
  for (const filtered of [false, true])
    for (const rms_uv of [10, 30])
      for (const exponent of [0, 0.5, 1, 1.5, 2])
        for (const mixing of exponent === 0 ? ['independent'] : ['independent', 'near', 'random']) {
          const colour = exponent === 0 ? 'white' : `1/f^${exponent}, ${mixing}`;
          await measure(
            'noise',
            `head: ${colour}, ${rms_uv} uV, ${filtered ? '0.5 to 45 Hz' : 'raw'}`,
            'default',
            headSessions({ exponent, mixing, rms_uv, filtered }),
          );
        }
  for (const mains_uv of [1, 10, 50])
    await measure(
      'noise',
      `head: on the table, 1 uV white, mains of ${mains_uv} uV`,
      'default',
      headSessions({ exponent: 0, mixing: 'independent', rms_uv: 1, filtered: false, mains_uv }),
    );
  for (const gives of ['nothing', 'constant', 'white'])
    await measure(
      'noise',
      `eyes: ${gives}`,
      'default',
      seeds(SEEDS).map((seed) =>
        unworn(() => [
          unwornEyes({
            seed: `battery-${seed}`,
            duration_s: DURATION_S,
            sfreq: [60, 120, 300, 30, 250][seed % 5],
            gives,
          }),
        ]),
      ),
    );
  for (const pipeline of ['wrist', 'default'])
    for (const on of ['table', 'mug'])
      await measure(
        'noise',
        `wrist: on the ${on}`,
        pipeline,
        seeds(SEEDS).map((seed) =>
          unworn(() => unwornWrist({ seed: `battery-${seed}`, duration_s: DURATION_S, on })),
        ),
      );
  const seed62 = [{ labels: profiles.seed62.eeg.channels.map(({ label }) => label), sfreq: 200 }];
  for (const exponent of [0, 1, 2])
    await measure(
      'noise',
      `head: 62 electrodes, 1/f^${exponent}, near, 10 uV, raw`,
      'seed',
      headSessions({ exponent, mixing: 'near', rms_uv: 10, filtered: false }, seed62),
    );
}

// People.

const recorded = (path, types) => async () => {
  const recording = await openRecording(path);
  const streams = recording.streams.filter(
    ({ info, samples }) => samples > 0 && (!types || types.includes(info.type)),
  );
  const ids = new Set(streams.map(({ info }) => info.id));
  async function* chosen() {
    for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} })) {
      const id =
        message.kind === 'open' ? message.info.id : message.kind === 'chunk' ? message.chunk.info.id : null;
      if (id !== null && ids.has(id)) yield message;
    }
  }
  return { messages: chosen(), close: () => recording.close() };
};

/** Samples of several sensors that begin together. */
const sampled = (sensors) => () => {
  const streams = sensors.map(({ samples, ...stream }) => chunksOfSamples(samples, stream));
  const chunks = streams.flat().sort((a, b) => a.times[0] - b.times[0]);
  return {
    messages: chunks.map((chunk) => ({ kind: 'chunk', chunk })),
  };
};

const numbers = (from, to, step = 1) =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);

async function people() {
  const eegmat = (part) =>
    numbers(1, 9, 2).map((person) =>
      join(root, 'eegmat', `Subject${String(person).padStart(2, '0')}_${part}.edf`),
    );
  for (const [part, task] of [
    [1, 'rest'],
    [2, 'arithmetic'],
  ]) {
    await measure(
      'recorded',
      `EEGMAT, ${task}, EEG and ECG`,
      'default',
      eegmat(part).map((path) => recorded(path)),
    );
    await measure(
      'recorded',
      `EEGMAT, ${task}, EEG alone`,
      'default',
      eegmat(part).map((path) => recorded(path, ['EEG'])),
    );
    await measure(
      'recorded',
      `EEGMAT, ${task}, ECG alone`,
      'default',
      eegmat(part).map((path) => recorded(path, ['ECG'])),
    );
  }
  const wrists = numbers(11, 20).map((person) => join(root, 'stress-predict', 'Raw_data', `S${person}`));
  for (const pipeline of ['wrist', 'default'])
    await measure(
      'recorded',
      'Stress-Predict',
      pipeline,
      wrists.map((path) => recorded(path)),
    );
  await measure(
    'recorded',
    'Stress-Predict, pulse, skin and temperature',
    'default',
    wrists.map((path) => recorded(path, ['PPG', 'EDA', 'TEMP'])),
  );
  const hku = hkuPeople(root).flatMap((person) => {
    const [bvp, eda, temp] = ['BVP', 'EDA', 'TEMP'].map((sensor) => hkuSongs(root, person, sensor));
    return bvp.map((samples, song) =>
      sampled([
        { samples, type: 'PPG', sfreq: 64 },
        { samples: eda[song], type: 'EDA', sfreq: 4, unit: 'uS' },
        { samples: temp[song], type: 'TEMP', sfreq: 4, unit: 'degC' },
      ]),
    );
  });
  await measure('recorded', 'HKU956, each song by itself', 'default', hku);
  const joined = hkuPeople(root).map((person) => {
    const [bvp, eda, temp] = ['BVP', 'EDA', 'TEMP'].map((sensor) => hkuSongs(root, person, sensor).flat());
    return sampled([
      { samples: bvp, type: 'PPG', sfreq: 64 },
      { samples: eda, type: 'EDA', sfreq: 4, unit: 'uS' },
      { samples: temp, type: 'TEMP', sfreq: 4, unit: 'degC' },
    ]);
  });
  for (const pipeline of ['wrist', 'default'])
    await measure('recorded', 'HKU956, songs one after another', pipeline, joined);
  await measure(
    'recorded',
    'fMoV, skin and face',
    'default',
    fmovFiles(root).map((file) =>
      sampled([
        { samples: fmovColumn(root, file, 0), type: 'EDA', sfreq: 100, unit: 'uS' },
        { samples: fmovColumn(root, file, 1), type: 'EMG', sfreq: 100, label: 'zygomaticus', unit: 'uV' },
      ]),
    ),
  );
  await measure(
    'recorded',
    'fMoV, skin alone',
    'default',
    fmovFiles(root).map((file) =>
      sampled([{ samples: fmovColumn(root, file, 0), type: 'EDA', sfreq: 100, unit: 'uS' }]),
    ),
  );
  const rest = (name) => neurokitColumn(root, 'bio_resting_5min_100hz.csv', name);
  const events = (name) => neurokitColumn(root, 'bio_eventrelated_100hz.csv', name);
  await measure('recorded', 'NeuroKit', 'default', [
    sampled([
      { samples: rest('ECG'), type: 'ECG', sfreq: 100, unit: 'mV' },
      { samples: rest('PPG'), type: 'PPG', sfreq: 100 },
    ]),
    sampled([{ samples: rest('PPG'), type: 'PPG', sfreq: 100 }]),
    sampled([
      { samples: events('ECG'), type: 'ECG', sfreq: 100, unit: 'mV' },
      { samples: events('EDA'), type: 'EDA', sfreq: 100, unit: 'uS' },
    ]),
    sampled([{ samples: events('EDA'), type: 'EDA', sfreq: 100, unit: 'uS' }]),
  ]);
  await measure('recorded', 'BioSPPy', 'default', [
    sampled([{ samples: biosppySamples(root, 'ecg.txt'), type: 'ECG', sfreq: 1000, unit: 'mV' }]),
    sampled([{ samples: biosppySamples(root, 'ppg.txt'), type: 'PPG', sfreq: 1000 }]),
    sampled([
      { samples: biosppySamples(root, 'eda.txt').map((x) => x / 500), type: 'EDA', sfreq: 1000, unit: 'uS' },
    ]),
  ]);
  await measure('recorded', 'eye trackers: EyeLink, Neon, iMotions', 'default', [
    recorded(join(root, 'eyelink-asc', '002_rlmw_samples_short.asc'), ['Gaze']),
    recorded(join(root, 'pupil-neon', 'demo_recording'), ['Gaze']),
    recorded(join(root, 'pyfeat', 'iMotions_Test_v5.txt'), ['Gaze']),
  ]);
}

/** Whom nothing moves. */
const still = { valence: () => 0, arousal: () => 0 };

async function simulated() {
  for (const sensors of [['eeg'], ['ecg'], ['eeg', 'ecg']])
    await measure(
      'simulated',
      `people whom nothing moves, ${sensors.join(' and ')}`,
      'default',
      seeds(SEEDS).map((seed) => () => {
        const options = { profile: 'deap32', seed: `still-${seed}`, duration_s: DURATION_S, only: sensors };
        return { messages: simulateSession({ ...options, affect: still }) };
      }),
    );
  for (const profile of Object.keys(profiles)) {
    const session = (sensors) => (seed) => () => {
      const options = {
        profile,
        seed: `unseen-${seed}`,
        duration_s: DURATION_S,
        ...(sensors && { only: sensors }),
      };
      return { messages: simulateSession(options) };
    };
    await measure('simulated', `${profile}, EEG alone`, 'default', seeds(SEEDS).map(session(['eeg'])));
    await measure('simulated', `${profile}, all sensors`, 'default', seeds(SEEDS).map(session(null)));
    await measure(
      'simulated',
      `${profile}, pulse, skin and temperature`,
      'default',
      seeds(SEEDS).map(session(['ppg', 'eda', 'temp'])),
    );
    await measure('simulated', `${profile}, gaze alone`, 'default', seeds(SEEDS).map(session(['gaze'])));
    await measure('simulated', `${profile}, skin alone`, 'default', seeds(SEEDS).map(session(['eda'])));
  }
}

/** Processor time of a replay with the test, over that without it; in turn, the middle of five. */
async function cost() {
  const { before, after } = await load('default');
  for (const profile of ['seed62', 'epoc']) {
    const options = { profile, seed: 'cost', duration_s: DURATION_S };
    const messages = [...simulateSession(options)];
    const used_s = { before: [], after: [] };
    for (let turn = 0; turn < 5; turn++)
      for (const [name, loaded] of Object.entries({ before, after })) {
        const start = process.cpuUsage();
        await run(loaded, messages);
        const { user, system } = process.cpuUsage(start);
        used_s[name].push((user + system) / 1e6);
      }
    const [without_s, with_s] = Object.values(used_s).map((all) => all.sort((a, b) => a - b)[2]);
    process.stdout.write(
      `${profile}: ${with_s.toFixed(2)} s of processor time over ${without_s.toFixed(2)}, ${(with_s / without_s).toFixed(2)}\n`,
    );
  }
}

try {
  for (const [name, part] of Object.entries({ noise, people, simulated, cost }))
    if (!only || only === name) await part();
  const known = existsSync(RESULT) ? JSON.parse(readFileSync(RESULT, 'utf8')) : {};
  const measured = Object.entries(result).filter(([, found]) => Object.keys(found).length > 0);
  writeFileSync(RESULT, `${JSON.stringify({ ...known, ...Object.fromEntries(measured) }, null, 1)}\n`);
} finally {
  for (const { after } of loadedPipelines.values()) await closeRunners(after.runners);
}
