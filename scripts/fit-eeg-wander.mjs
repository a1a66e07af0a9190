// How much the EEG of people at rest changes by itself from window to window, beside simulated people whom nothing moves:
// what src/simulation/eeg-wander.ts was fitted to.
//   npm run build && node scripts/fit-eeg-wander.mjs ../shared/recordings
import { join } from 'node:path';
import { openRecording } from '../dist/recordings/open.js';
import { simulateSession } from '../dist/simulation/session.js';
import { loadPipeline } from '../dist/topology/load.js';
import { SessionGraph } from '../dist/topology/session-graph.js';

const root = process.argv[2] ?? '../shared/recordings';
const FITTED = [0, 2, 4, 6, 8];
const TRIED = [1, 3, 5, 7, 9];
const SIMULATED = Array.from({ length: 10 }, (_, seed) => `wander-${seed}`);
const DURATION_S = 180;
/** Windows of 4 s that share no sample. */
const EVERY = 8;

const pipeline = await loadPipeline(join('pipelines', 'default.yaml'));

/** [windows][regions] ln power of each band, up to a constant. */
async function lnPowers(messages) {
  const rows = new Map();
  let count = 0;
  const graph = new SessionGraph({
    session: 's',
    pipeline,
    models: new Map(),
    ordered: true,
    monitor: false,
    events: () => {},
    emit: (output) => {
      if (output.kind !== 'features' || output.node !== 'eeg_de' || count++ % EVERY !== 0) return;
      const { schema, values, present } = output.vector;
      const sums = new Map();
      schema.features.forEach(({ channel, feature }, i) => {
        const region = regionOf(channel);
        if (!present[i] || region === null) return;
        const key = `${feature} ${region}`;
        const [sum, n] = sums.get(key) ?? [0, 0];
        // Differential entropy is half the ln power and a constant.
        sums.set(key, [sum + 2 * values[i], n + 1]);
      });
      for (const band of ['de_delta', 'de_theta', 'de_alpha', 'de_beta', 'de_gamma']) {
        const row = REGIONS.map((region) => {
          const [sum, n] = sums.get(`${band} ${region}`) ?? [Number.NaN, 1];
          return sum / n;
        });
        if (row.some(Number.isNaN)) continue;
        if (!rows.has(band)) rows.set(band, []);
        rows.get(band).push(row);
      }
    },
  });
  for await (const message of messages) graph.push(message);
  graph.end();
  return rows;
}

const REGIONS = [
  'frontal left',
  'frontal right',
  'central',
  'temporal left',
  'temporal right',
  'parietal',
  'occipital',
];
const places = {
  'frontal left': 'Fp1 F3 F7',
  'frontal right': 'Fp2 F4 F8',
  central: 'C3 C4 Cz',
  'temporal left': 'T3 T7',
  'temporal right': 'T4 T8',
  parietal: 'P3 P4 Pz P7 P8 T5 T6',
  occipital: 'O1 O2',
};
const byLabel = new Map(
  Object.entries(places).flatMap(([region, labels]) => labels.split(' ').map((label) => [label, region])),
);
const regionOf = (label) => byLabel.get(label) ?? null;

const mean = (x) => x.reduce((sum, v) => sum + v, 0) / x.length;
const deviation = (x) => {
  const m = mean(x);
  return Math.sqrt(mean(x.map((v) => (v - m) * (v - m))));
};
const median = (x) => [...x].sort((a, b) => a - b)[x.length >> 1];

/** Deviation over windows: of the whole scalp; of a region against the whole; frontal left less right; front less back; then the whole's autocorrelation. */
function statistics(rows) {
  const whole = rows.map(mean);
  const apart = REGIONS.map((_, r) => deviation(rows.map((row, i) => row[r] - whole[i])));
  const m = mean(whole);
  const next = mean(whole.slice(1).map((v, i) => (v - m) * (whole[i] - m))) / deviation(whole) ** 2;
  return {
    whole: deviation(whole),
    apart: mean(apart),
    sides: deviation(rows.map((row) => row[0] - row[1])),
    front_back: deviation(rows.map((row) => (row[0] + row[1] - row[5] - row[6]) / 2)),
    next,
  };
}

async function table(name, sessions) {
  const people = [];
  for (const session of sessions) {
    const { messages, close } = await session();
    const rows = await lnPowers(messages);
    await close?.();
    people.push(new Map([...rows].map(([band, list]) => [band, statistics(list)])));
  }
  for (const band of people[0].keys()) {
    const told = Object.keys(people[0].get(band)).map(
      (key) => `${key} ${median(people.map((person) => person.get(band)[key])).toFixed(2)}`,
    );
    console.log(`${name}, ${band}: ${told.join(', ')}`);
  }
}

const recorded = (person) => async () => {
  const recording = await openRecording(join(root, 'eegmat', `Subject0${person}_1.edf`));
  return {
    messages: recording.messages({ chunk: null, clockSync: true, events: () => {} }),
    close: () => recording.close(),
  };
};
const still = { valence: () => 0, arousal: () => 0 };
const simulated = (seed) => async () => ({
  messages: simulateSession({
    profile: 'deap32',
    only: ['eeg'],
    seed,
    duration_s: DURATION_S,
    affect: still,
  }),
});

await table('EEGMAT at rest, fitted', FITTED.map(recorded));
await table('EEGMAT at rest, tried', TRIED.map(recorded));
await table('simulated, nothing moves', SIMULATED.map(simulated));
