import { describe, expect, it } from 'vitest';
import {
  SEED_SFREQ_HZ,
  seedEegDescriptors,
  seedElectrodes,
  seedEyeDescriptors,
  seedIvEyeDescriptors,
} from '../../../src/learn/datasets/seed-layout.js';
import { seedDifferentialEntropy } from '../../../src/signal/features/eeg/seed-differential-entropy.js';
import { isElectrodeLabel } from '../../../src/signal/montage/labels.js';

describe('the layout of SEED', () => {
  it('has 62 electrodes', () => {
    expect(new Set(seedElectrodes).size).toBe(62);
    expect(seedElectrodes.every(isElectrodeLabel)).toBe(true);
  });

  it('names its differential entropies as they are named live', () => {
    const info = {
      id: 'eeg',
      name: '',
      type: 'EEG' as const,
      sourceId: '',
      sfreq: SEED_SFREQ_HZ,
      channels: seedElectrodes.map((label) => ({
        label: label.replace('FP', 'Fp').replace('Z', 'z'),
        unit: 'uV',
        type: 'EEG',
      })),
    };
    const live = seedDifferentialEntropy.create(info, seedDifferentialEntropy.params.parse({}), 4);
    expect(seedEegDescriptors('de_LDS')).toEqual(live.descriptors);
    expect(seedEegDescriptors('psd_LDS')[3]).toEqual({ channel: 'Fp1', feature: 'psd_seed_beta', unit: '' });
  });

  it('has 33 eye features, SEED-IV 31', () => {
    for (const [features, count] of [
      [seedEyeDescriptors, 33],
      [seedIvEyeDescriptors, 31],
    ] as const)
      expect(new Set(features.map(({ channel, feature }) => `${channel}.${feature}`)).size).toBe(count);
  });
});
