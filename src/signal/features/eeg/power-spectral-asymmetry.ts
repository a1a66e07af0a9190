import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import { deapPairs } from '../../montage/pairs.js';
import { BandPowerWelch, welchParams, welchProblems } from './band-power-welch.js';
import { PairedFeatures } from './paired-features.js';

const params = z.strictObject({
  ...welchParams.shape,
  pairs: z
    .array(z.tuple([z.string().min(1), z.string().min(1)]))
    .min(1)
    .default(() => deapPairs.map(([left, right]): [string, string] => [left, right]))
    .describe('labels of left and right electrodes; the default are the 14 pairs of DEAP'),
});
type Params = z.infer<typeof params>;

export const powerSpectralAsymmetry = featureDefinition<Params>({
  name: 'power-spectral-asymmetry',
  summary:
    'Difference of `band-power-welch` between left and right electrodes, dB, found by label. Pairs of which the stream lacks an electrode are left out.',
  source:
    "Koelstra et al. 2012, doi:10.1109/T-AFFC.2011.15 (pairs); bands and averaging after PRNet's code (docs/explanation/features.md)",
  params,
  streams: ['EEG'],
  state: 'none',
  physics: welchProblems,
  create: (info, { pairs, ...welch }, window_s) =>
    new PairedFeatures(new BandPowerWelch(info, welch, window_s), 'psd_', [
      { prefix: 'psa_', unit: null, pairs, combine: (left, right) => left - right },
    ]),
});
