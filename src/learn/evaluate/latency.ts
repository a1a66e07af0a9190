import type { Clock } from '../../core/clock.js';
import { TfjsExecutable } from '../../model/engines/tfjs-executable.js';
import type { Tfjs } from '../../model/engines/tfjs-graph.js';
import { encodeFrames } from '../../model/frames.js';
import { countParameters, initialParameters } from '../../model/networks/parameters.js';
import { loadedFrames } from '../examples/frame-loader.js';
import { quantile } from '../metrics/cluster-bootstrap.js';
import { networksOf } from './contestants/model.js';
import { untrainedNetwork } from './contestants/network.js';
import type { ModelPlan } from './evaluate-config.js';
import type { EvaluationData } from './fold-task.js';

/** How long one model takes for one window, from features to outputs; on this machine. */
export interface LatencyRow {
  readonly model: string;
  readonly parameters: number;
  readonly median_ms: number;
  readonly p95_ms: number;
}

const WARM_UP = 20;
const MEASURED = 200;
/** A large network is measured less often, s. */
const LONGEST_S = 30;

/** Times single windows. What weights a model has makes no difference, so it isn't trained for this. */
export async function measureLatency(
  tf: Tfjs,
  plans: readonly ModelPlan[],
  data: EvaluationData,
  clock: Clock,
): Promise<LatencyRow[]> {
  const rows: LatencyRow[] = [];
  for (const plan of plans) {
    const networks = await Promise.all(
      networksOf(plan, data.inputs).map(async (own) => {
        const examples = data.examples.slice(0, MEASURED);
        const { model, shaped } = untrainedNetwork(own, data.inputs, examples);
        return {
          model,
          frames: await loadedFrames(shaped(examples)),
          executable: new TfjsExecutable(tf, model, initialParameters(model.parameters, 1)),
        };
      }),
    );
    const times: number[] = [];
    const end = clock.now() + LONGEST_S;
    for (let i = 0; i < WARM_UP + MEASURED && (times.length === 0 || clock.now() < end); i++) {
      const began = clock.now();
      for (const { model, frames, executable } of networks)
        await executable.run(encodeFrames(model.inputs, [frames[i % frames.length]]));
      if (i >= WARM_UP) times.push((clock.now() - began) * 1000);
    }
    for (const { executable } of networks) await executable.dispose();
    const sorted = Float64Array.from(times).sort();
    rows.push({
      model: plan.name,
      parameters: networks.reduce((sum, { model }) => sum + countParameters(model.parameters), 0),
      median_ms: quantile(sorted, 0.5),
      p95_ms: quantile(sorted, 0.95),
    });
  }
  return rows;
}

/** As a Markdown table. */
export function renderLatency(rows: readonly LatencyRow[]): string {
  return `# Latency

From one window's features to the model's outputs, tfjs on WebAssembly, one thread of this machine; no window waits for others.

| model | parameters | median (ms) | 95th percentile (ms) |
| --- | --- | --- | --- |
${rows.map((row) => `| ${row.model} | ${row.parameters} | ${row.median_ms.toFixed(2)} | ${row.p95_ms.toFixed(2)} |`).join('\n')}
`;
}
