import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { datasetDefinitions } from '../../../src/learn/datasets/definitions.js';
import { loadEvaluateConfig } from '../../../src/learn/evaluate/evaluate-config.js';

describe.each(['wrist-stress', 'eegmat-workload', 'esports'])('models/%s/evaluate.yaml', (name) => {
  it('is a configuration named as its folder, of a data set that is read, without a leaky split', async () => {
    const path = join(import.meta.dirname, '../../../models', name, 'evaluate.yaml');
    const { config, models } = await loadEvaluateConfig(path);
    expect(config.name).toBe(name);
    const { kind, ...dataset } = config.data.dataset;
    expect(datasetDefinitions.get(kind)!.settings.safeParse(dataset).success).toBe(true);
    expect(config.splits.map((split) => split.kind)).not.toContain('window');
    expect(models.length).toBeGreaterThan(1);
  });
});
