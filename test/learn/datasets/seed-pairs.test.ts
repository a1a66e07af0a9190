import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Mat5File } from '../../../src/learn/datasets/formats/mat5.js';
import { seedPairDescriptors } from '../../../src/learn/datasets/seed-pairs.js';
import { fixtures } from './fixture-copy.js';

const folder = join(fixtures, 'seed', 'ExtractedFeatures');

describe('SEED’s pairs', () => {
  it('are found by their entropies, in every trial the same', async () => {
    const mat = await Mat5File.open(join(folder, '2_20140404.mat'));
    const first = await seedPairDescriptors(mat, 'asm_movingAve', 1);
    expect(
      first.filter((_, f) => f % 5 === 0).map(({ channel, feature }) => `${channel} ${feature}`),
    ).toEqual(
      ['dasm', 'rasm'].flatMap((measure) =>
        'Fp1-Fp2 F7-F8 F3-F4 FT7-FT8 FC3-FC4 T7-T8 P7-P8 C3-C4 TP7-TP8 CP3-CP4 P3-P4 O1-O2 AF3-AF4 F5-F6 F1-F2 FC5-FC6 FC1-FC2 C5-C6 C1-C2 CP5-CP6 CP1-CP2 P5-P6 P1-P2 PO7-PO8 PO5-PO6 PO3-PO4 CB1-CB2'
          .split(' ')
          .map((pair) => `${pair} ${measure}_seed_delta`),
      ),
    );
    expect(await seedPairDescriptors(mat, 'asm_movingAve', 15)).toEqual(first);
  });

  it('that rows fit twice are refused', async () => {
    const mat = await Mat5File.open(join(folder, '2_20140404.mat'));
    // Differences where ratios should be.
    const swapped = {
      path: mat.path,
      read: (name: string) => mat.read(name === 'rasm_movingAve1' ? 'dasm_movingAve1' : name),
    } as Mat5File;
    await expect(seedPairDescriptors(swapped, 'rasm_movingAve', 1)).rejects.toMatchObject({
      code: 'dataset-layout',
      message: expect.stringMatching(/row \d+ of 'rasm_movingAve1' is no pair of 'de_movingAve1'/),
    });
  });
});
