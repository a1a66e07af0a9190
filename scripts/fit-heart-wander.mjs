// How much the heart's rate of people at rest changes by itself, beside simulated people whom nothing moves: what the wander in
// src/simulation/beat-train.ts was fitted to.
//   npm run build && node scripts/fit-heart-wander.mjs ../shared/recordings
import { join } from 'node:path';
import { openRecording } from '../dist/recordings/open.js';
import { simulateSession } from '../dist/simulation/session.js';
import { loadPipeline } from '../dist/topology/load.js';
import { SessionGraph } from '../dist/topology/session-graph.js';

const root = process.argv[2] ?? '../shared/recordings';
const FITTED = [0, 2, 4, 6, 8];
const TRIED = [1, 3, 5, 7, 9];
const SIMULATED = Array.from({ length: 40 }, (_, seed) => `wander-${seed}`);
const DURATION_S = 184;
const WINDOW_S = 4;
/** Windows of 4 s that share no sample. */
const EVERY = 8;
const LAGS_S = [4, 8, 16, 32, 60];
/** A third of the windows at least must have beats: person 2's ECG has none. */
const LEAST_WINDOWS = 15;

const pipeline = await loadPipeline(join('pipelines', 'default.yaml'));

/** [windows] mean rate, /min; NaN where it isn't measured. */
async function rates(messages) {
  const found = [];
  let count = 0;
  const graph = new SessionGraph({
    session: 's',
    pipeline,
    models: new Map(),
    ordered: true,
    bindings: null,
    monitor: false,
    events: () => {},
    emit: (output) => {
      if (output.kind !== 'features' || output.node !== 'heart_ecg' || count++ % EVERY !== 0) return;
      const { schema, values, present } = output.vector;
      const at = schema.features.findIndex(({ feature }) => feature === 'hr_mean');
      found.push(present[at] ? values[at] : Number.NaN);
    },
  });
  for await (const message of messages) graph.push(message);
  graph.end();
  return found;
}

const mean = (x) => x.reduce((sum, v) => sum + v, 0) / x.length;
const median = (x) => [...x].sort((a, b) => a - b)[x.length >> 1];

/** Deviation over windows, then half the mean square of what the rate changes by within each lag, as a deviation. */
function statistics(rate) {
  const known = rate.filter((v) => !Number.isNaN(v));
  if (known.length < LEAST_WINDOWS) return null;
  const m = mean(known);
  const out = { deviation: Math.sqrt(mean(known.map((v) => (v - m) * (v - m)))) };
  for (const lag_s of LAGS_S) {
    const changes = rate.slice(lag_s / WINDOW_S).map((v, i) => v - rate[i]);
    out[`${lag_s} s`] = Math.sqrt(mean(changes.filter((v) => !Number.isNaN(v)).map((v) => (v * v) / 2)));
  }
  return out;
}

async function table(name, sessions) {
  const people = [];
  for (const session of sessions) {
    const { messages, close } = await session();
    const found = statistics(await rates(messages));
    await close?.();
    if (found) people.push(found);
  }
  const told = Object.keys(people[0]).map((key) => {
    const all = people.map((person) => person[key]);
    return `${key} ${median(all).toFixed(2)} (${Math.min(...all).toFixed(1)} to ${Math.max(...all).toFixed(1)})`;
  });
  console.log(`${name}, ${people.length} people, /min: ${told.join(', ')}`);
}

const recorded = (person) => async () => {
  const recording = await openRecording(join(root, 'eegmat', `Subject0${person}_1.edf`));
  async function* ecg() {
    for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} })) {
      const info = message.kind === 'chunk' ? message.chunk.info : message.info;
      if (info?.type === 'ECG') yield message;
    }
  }
  return { messages: ecg(), close: () => recording.close() };
};
const still = { valence: () => 0, arousal: () => 0 };
const simulated = (seed) => async () => ({
  messages: simulateSession({
    profile: 'deap32',
    only: ['ecg'],
    seed,
    duration_s: DURATION_S,
    affect: still,
  }),
});

await table('EEGMAT at rest, fitted', FITTED.map(recorded));
await table('EEGMAT at rest, tried', TRIED.map(recorded));
await table('simulated, nothing moves', SIMULATED.map(simulated));
