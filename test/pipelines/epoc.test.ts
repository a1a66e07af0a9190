import { describe, expect, it } from 'vitest';
import expected from '../../fixtures/pipelines/expected.json' with { type: 'json' };
import { largestError, runPipeline, valuesAt } from './run-pipeline.js';

const session = { profile: 'epoc', seed: 'pipelines', duration_s: 20, only: ['eeg'] } as const;
const { before, mended } = expected.epoc;

describe('pipelines/epoc.yaml', () => {
  it('gives what scipy and MNE give of the same samples, an electrode lost on the way', async () => {
    const vectors = (await runPipeline('epoc', { ...session, faults: 'nan:EEG.T7@8-' })).get('eeg_de');
    expect(largestError(valuesAt(vectors, before.time), before.values)).toBeLessThan(1e-9);
    // MNE's positions have four decimals.
    expect(largestError(valuesAt(vectors, mended.time), mended.values)).toBeLessThan(1e-3);
  });

  it('gives 7 pairs of left and right, masks what too few electrodes are left for', async () => {
    const faults = 'nan:EEG.T7@8-,nan:EEG.O1@8-,nan:EEG.O2@8-';
    const nodes = await runPipeline('epoc', { ...session, faults });
    const pairs = nodes.get('eeg_pairs');
    const named = (part: string) => Object.keys(valuesAt(pairs, 7)).filter((name) => name.includes(part));
    expect(named('.dasm_alpha')).toHaveLength(7);
    expect(named('.dcau_alpha')).toHaveLength(2);
    expect(named('.psa_alpha')).toHaveLength(7);
    expect(valuesAt(pairs, 7)['T7-T8.psa_alpha']).not.toBeNull();
    expect(valuesAt(pairs, 18)['T7-T8.psa_alpha']).toBeNull();
    const lost = valuesAt(nodes.get('eeg_de'), 18);
    expect(lost['T7.de_alpha']).toBeNull();
    expect(lost['F3.de_alpha']).not.toBeNull();
  });
});
