// People at rest, EEGMAT's and simulated ones whom nothing moves, and what a node of the default pipeline gives of them: what
// scripts/fit-eeg-wander.mjs and scripts/fit-heart-wander.mjs compare.
import { join } from 'node:path';
import { openRecording } from '../dist/io/recordings/open.js';
import { loadPipeline } from '../dist/pipeline/file/load.js';
import { SessionGraph } from '../dist/pipeline/session/session-graph.js';
import { simulateSession } from '../dist/simulation/session.js';

const root = process.argv[2] ?? '../shared/recordings';
/** EEGMAT's people whom constants are fitted to, and those whom they are tried on. */
const FITTED = [0, 2, 4, 6, 8];
const TRIED = [1, 3, 5, 7, 9];
/** Windows of 4 s that share no sample. */
const EVERY = 8;

const pipeline = await loadPipeline(join('pipelines', 'default.yaml'));

/** The node's vectors of windows that share no sample. */
export async function vectorsOf(node, messages) {
  const vectors = [];
  let count = 0;
  const graph = new SessionGraph({
    session: 's',
    pipeline,
    models: new Map(),
    ordered: true,
    monitor: false,
    events: () => {},
    emit: (output) => {
      if (output.kind !== 'features' || output.node !== node || count++ % EVERY !== 0) return;
      const { schema, values, present } = output.vector;
      vectors.push({ schema, values: [...values], present: [...present] });
    },
  });
  for await (const message of messages) graph.push(message);
  graph.end();
  return vectors;
}

const recorded = (person) => async () => {
  const recording = await openRecording(join(root, 'eegmat', `Subject0${person}_1.edf`));
  return {
    messages: recording.messages({ chunk: null, clockSync: true, events: () => {} }),
    close: () => recording.close(),
  };
};

/** Whom nothing moves. */
const still = { valence: () => 0, arousal: () => 0 };

/** Calls `table` with each group's name and sessions. */
export async function compare({ sensor, people, duration_s }, table) {
  await table('EEGMAT at rest, fitted', FITTED.map(recorded));
  await table('EEGMAT at rest, tried', TRIED.map(recorded));
  const simulated = Array.from({ length: people }, (_, seed) => async () => ({
    messages: simulateSession({
      profile: 'deap32',
      only: [sensor],
      seed: `wander-${seed}`,
      duration_s,
      affect: still,
    }),
  }));
  await table('simulated, nothing moves', simulated);
}

export const mean = (x) => x.reduce((sum, v) => sum + v, 0) / x.length;
export const median = (x) => [...x].sort((a, b) => a - b)[x.length >> 1];

export function deviation(x) {
  const m = mean(x);
  return Math.sqrt(mean(x.map((v) => (v - m) * (v - m))));
}
