import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import expected from '../../fixtures/pipelines/expected.json' with { type: 'json' };
import { wholeSession } from '../../src/learn/datasets/whole-session.js';
import { discoverInputs } from '../../src/learn/examples/discover-inputs.js';
import { onlyModel } from '../../src/learn/examples/only-model.js';
import { loadPipeline } from '../../src/pipeline/file/load.js';
import { simulateSession } from '../../src/simulation/session.js';
import { collectExamples } from '../learn/fit/collect-examples.js';
import { largestError, runPipeline, valuesAt } from './run-pipeline.js';

const session = {
  profile: 'seed62',
  seed: 'pipelines',
  duration_s: expected.seed.time + 1,
  only: ['eeg', 'gaze'],
} as const;

describe('pipelines/seed.yaml', () => {
  it("gives SEED's 310 entropies as scipy gives them of the same samples, and its eye features", async () => {
    const vectors = await runPipeline('seed', session);
    expect(vectors.get('eeg_de')!.map(({ time }) => time)).toEqual([4, 8]);
    const values = valuesAt(vectors.get('eeg_de'), expected.seed.time);
    expect(Object.keys(values)).toEqual(Object.keys(expected.seed.values));
    expect(Object.keys(values)).toHaveLength(310);
    expect(largestError(values, expected.seed.values)).toBeLessThan(1e-9);
    expect(Object.keys(valuesAt(vectors.get('eye'), expected.seed.time))).toHaveLength(33);
  });

  it('gives ATAM 310 and 33 inputs against the person, every 4 s, without a trained model', async () => {
    const pipeline = await loadPipeline(join(import.meta.dirname, '..', '..', 'pipelines', 'seed.yaml'));
    const node = onlyModel(pipeline);
    expect(node.type).toBe('atam');
    const inputs = discoverInputs(pipeline, node, [simulateSession(session)]);
    expect(
      [...inputs].map(([name, input]) => [name, input.kind === 'features' && input.features.length]),
    ).toEqual([
      ['eeg', 310],
      ['eye', 33],
    ]);
    const long = { ...session, duration_s: 33 };
    const found = collectExamples(pipeline, node, inputs, wholeSession('p', simulateSession(long)), 1);
    expect(found.map(({ window }) => window[1])).toEqual([8, 12, 16, 20, 24, 28, 32]);
    const [eeg, eye] = found.at(-1)!.frame;
    expect(eeg.mask.every((m) => m === 1)).toBe(true);
    expect(eye.present).toBe(true);
    expect(Math.max(...eeg.values.map(Math.abs))).toBeLessThan(12);
    // The baseline takes out what is this person's own: SEED's raw entropies are around 2 nats.
    const mean = eeg.values.reduce((sum, v) => sum + v, 0) / eeg.values.length;
    expect(Math.abs(mean)).toBeLessThan(1);
  });
});
