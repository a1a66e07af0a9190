// Measures how large a session's state is, and what it costs to take and to restore, for each shipped pipeline.
//
//   node scripts/measure-state.mjs [seconds]     (130; needs `npm run build`)
//
// A simulated person wears all sensors, with 14, 32 or 62 electrodes, for longer than any shipped feature looks back. The
// size is that of the state file, in kB of 1000 bytes; times are medians of 9.
import { performance } from 'node:perf_hooks';
import { loadPipeline } from '../dist/pipeline/file/load.js';
import { findPipeline, shippedPipelines } from '../dist/pipeline/file/shipped-pipelines.js';
import { decodeState, encodeState } from '../dist/pipeline/run/state-file.js';
import { SessionGraph } from '../dist/pipeline/session/session-graph.js';
import { simulateSession } from '../dist/simulation/session.js';

const [seconds = 130] = process.argv.slice(2).map(Number);
const PROFILES = { epoc: 14, deap32: 32, seed62: 62 };
const REPEATS = 9;

function graphOf(pipeline) {
  return new SessionGraph({
    ...{ session: 's', pipeline, models: new Map(), ordered: true, monitor: true },
    events: () => {},
    emit: () => {},
  });
}

/** Median of the time that `work` takes, ms. */
function timeOf(work) {
  const times = Array.from({ length: REPEATS }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[REPEATS >> 1];
}

console.log(
  `| pipeline | ${Object.values(PROFILES)
    .map((n) => `${n} electrodes, kB`)
    .join(' | ')} | snapshot, ms | file, ms | restored, ms |`,
);
console.log('|---|---|---|---|---|---|---|');
const sessions = Object.keys(PROFILES).map((profile) => [
  ...simulateSession({ profile, seed: 'state', duration_s: seconds }),
]);
for (const name of shippedPipelines()) {
  const pipeline = await loadPipeline(findPipeline(name));
  const graphs = sessions.map((messages) => {
    const graph = graphOf(pipeline);
    for (const message of messages) if (message.kind !== 'close') graph.push(message);
    return graph;
  });
  const sizes = graphs.map((graph) => Math.round(encodeState(graph.snapshot()).length / 1000));
  // Times are those of 32 electrodes.
  const state = graphs[1].snapshot();
  const bytes = encodeState(state);
  const times = [
    () => graphs[1].snapshot(),
    () => encodeState(state),
    () => graphOf(pipeline).restore(decodeState(bytes)),
  ].map((work) => timeOf(work).toFixed(1));
  console.log(`| \`${name}\` | ${[...sizes, ...times].join(' | ')} |`);
}
