import { join } from 'node:path';
import { type FeatureVector, featureName } from '../../src/core/features.js';
import { loadPipeline } from '../../src/pipeline/file/load.js';
import { SessionGraph } from '../../src/pipeline/session/session-graph.js';
import { type SimulationOptions, simulateSession } from '../../src/simulation/session.js';

/** Feature vectors of a shipped pipeline on a simulated session, by extract node, in order of time. */
export async function runPipeline(
  name: string,
  session: SimulationOptions,
): Promise<ReadonlyMap<string, readonly FeatureVector[]>> {
  const pipeline = await loadPipeline(join(import.meta.dirname, '..', '..', 'pipelines', `${name}.yaml`));
  const vectors = new Map<string, FeatureVector[]>();
  const graph = new SessionGraph({
    session: 'test',
    pipeline,
    models: new Map(),
    ordered: true,
    monitor: false,
    events: () => {},
    emit: (output) => {
      if (output.kind !== 'features') return;
      const of = vectors.get(output.node) ?? [];
      of.push(output.vector);
      vectors.set(output.node, of);
    },
  });
  for (const message of simulateSession(session)) graph.push(message);
  graph.end();
  return vectors;
}

/** Values at `time` by `channel.feature`, null where masked. */
export function valuesAt(
  vectors: readonly FeatureVector[] | undefined,
  time: number,
): Record<string, number | null> {
  const vector = vectors?.find((v) => Math.abs(v.time - time) < 1e-6);
  if (!vector) throw new Error(`no vector at ${time} s`);
  return Object.fromEntries(
    vector.schema.features.map((f, i) => [featureName(f), vector.present[i] ? vector.values[i] : null]),
  );
}

/** The largest difference between `values` and what is `expected` of them; Infinity where one is masked. */
export function largestError(
  values: Readonly<Record<string, number | null>>,
  expected: Readonly<Record<string, number | undefined>>,
): number {
  const errors = Object.entries(expected).map(([name, value]) =>
    Math.abs((values[name] ?? Infinity) - value!),
  );
  return Math.max(...errors);
}
