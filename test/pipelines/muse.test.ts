import { describe, expect, it } from 'vitest';
import expected from '../../fixtures/pipelines/expected.json' with { type: 'json' };
import { largestError, runPipeline, valuesAt } from './run-pipeline.js';

const session = { profile: 'muse', seed: 'pipelines', duration_s: 14 } as const;

describe('pipelines/muse.yaml', () => {
  it('gives what scipy gives of the same samples: resampled, band-passed, entropies and asymmetries', async () => {
    const vectors = await runPipeline('muse', { ...session, only: ['eeg'] });
    const values = valuesAt(vectors.get('eeg_features'), expected.muse.time);
    expect(Object.keys(values).sort()).toEqual(Object.keys(expected.muse.values).sort());
    expect(largestError(values, expected.muse.values)).toBeLessThan(1e-9);
    // Nothing but EEG is worn.
    expect([...vectors.keys()].sort()).toEqual(['eeg_features', 'eeg_quality']);
  });

  it('masks an electrode that is lost and the pair that it belongs to, and says so', async () => {
    const vectors = await runPipeline('muse', { ...session, duration_s: 18, faults: 'flat:EEG.AF7@5-' });
    const values = valuesAt(vectors.get('eeg_features'), 12);
    for (const name of ['AF7.de_alpha', 'AF7-AF8.dasm_alpha']) expect(values[name], name).toBeNull();
    for (const name of ['AF8.de_alpha', 'TP9-TP10.dasm_alpha']) expect(values[name], name).not.toBeNull();
    const quality = valuesAt(vectors.get('eeg_quality'), 12);
    expect(quality['AF7.quality_flat']).toBe(1);
    expect(quality['AF8.quality_flat']).toBe(0);
    expect(Object.keys(valuesAt(vectors.get('movement'), 12))).toEqual(['body.acc_sd']);
    expect(valuesAt(vectors.get('heart'), 17)['heart.hr_mean']).not.toBeNull();
  });
});
