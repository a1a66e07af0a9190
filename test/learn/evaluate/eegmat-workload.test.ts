import { join } from 'node:path';
import { from } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type FeatureVector, featureName } from '../../../src/core/features.js';
import { wholeSession } from '../../../src/learn/datasets/whole-session.js';
import { loadEvaluateConfig } from '../../../src/learn/evaluate/evaluate-config.js';
import { runGraph } from '../../../src/learn/examples/dataset.js';
import { discoverInputs } from '../../../src/learn/examples/discover-inputs.js';
import { onlyModel } from '../../../src/learn/examples/only-model.js';
import { loadPipeline } from '../../../src/pipeline/file/load.js';
import { simulateSession } from '../../../src/simulation/session.js';
import { collectExamples } from '../fit/collect-examples.js';

const folder = join(import.meta.dirname, '../../../models/eegmat-workload');
const session = () => simulateSession({ profile: 'epoc', seed: 'workload', duration_s: 66, only: ['eeg'] });

describe('models/eegmat-workload', () => {
  it('is an evaluation whose pipeline tells regions against the first minute', async () => {
    const loaded = await loadEvaluateConfig(join(folder, 'evaluate.yaml'));
    expect(loaded.config.name).toBe('eegmat-workload');
    const pipeline = await loadPipeline(loaded.pipeline!);
    const node = onlyModel(pipeline);
    const inputs = discoverInputs(pipeline, node, [session()]);
    const whole = wholeSession('somebody', session());
    const label = { targets: {}, class: 0 };
    const trials = whole.trials.map((trial) => ({ ...trial, label }));
    const examples = collectExamples(pipeline, node, inputs, { ...whole, trials }, 1);
    expect(examples.map(({ window }) => window[1])).toEqual([61, 62, 63, 64, 65, 66]);

    const entropies: FeatureVector[] = [];
    from(session())
      .pipe(runGraph(pipeline, new Map()))
      .subscribe((output) => {
        if (output.kind === 'features' && output.node === 'eeg_de') entropies.push(output.vector);
      });
    // T7 is the only electrode of its region.
    const input = inputs.get('eeg')!;
    if (input.kind !== 'features') throw new Error('raw windows');
    const place = input.features.findIndex((own) => featureName(own) === 'temporal_left.de_alpha');
    const alpha = entropies.map(({ time, values, schema }) => ({
      time,
      value: values[schema.features.findIndex((own) => featureName(own) === 'T7.de_alpha')],
    }));
    const rest = alpha.filter(({ time, value }) => time <= 60 && Number.isFinite(value));
    expect(rest.length).toBeGreaterThan(50);
    const mean = rest.reduce((sum, { value }) => sum + value, 0) / rest.length;
    expect(examples[5].frame[0].values[place]).toBeCloseTo(alpha[alpha.length - 1].value - mean, 5);
  });
});
