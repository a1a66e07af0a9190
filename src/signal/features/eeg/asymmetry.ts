import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import { caudalPairs, lateralPairs } from '../../montage/pairs.js';
import { bandSchema, bandsBeyondNyquist, seedBands } from './bands.js';
import { differentialEntropy } from './differential-entropy.js';
import { PairedFeatures, type PairMeasure } from './paired-features.js';

const labelPairs = z.array(z.tuple([z.string().min(1), z.string().min(1)])).min(1);

const params = z.strictObject({
  bands: z
    .array(bandSchema('dasm_', 'excluded'))
    .min(1)
    .default(seedBands())
    .describe('frequency bands, Hz; the default are the five of SEED'),
  measures: z
    .array(z.enum(['dasm', 'rasm', 'dcau']))
    .min(1)
    .default(['dasm', 'rasm', 'dcau'])
    .describe(
      '`dasm`: left minus right, nat; `rasm`: left over right; `dcau`: front minus back, nat; in the order of their values',
    ),
  pairs: labelPairs
    .optional()
    .describe(
      'labels of left and right electrodes for dasm and rasm; by default every electrode on the left that has its mirror (27 on the SEED cap)',
    ),
  caudal_pairs: labelPairs
    .default(() => caudalPairs.map(([front, back]): [string, string] => [front, back]))
    .describe('labels of front and back electrodes for dcau; the default are the 23 of SEED'),
});
type Params = z.infer<typeof params>;

const difference = (a: number, b: number) => a - b;
const ratio = (a: number, b: number) => a / b;

export const asymmetry = featureDefinition<Params>({
  name: 'asymmetry',
  summary:
    'Differences and ratios of `differential-entropy` between left and right electrodes (DASM, RASM) and differences between front and back ones (DCAU), found by label. Pairs of which the stream lacks an electrode are left out.',
  source: 'Zheng & Lu 2015, doi:10.1109/TAMD.2015.2431497, III-C',
  params,
  streams: ['EEG'],
  state: 'none',
  physics: ({ bands }, upstream) => bandsBeyondNyquist(bands, upstream),
  create: (info, { bands, measures, pairs: told, caudal_pairs }, window_s) => {
    const pairs = told ?? lateralPairs(info.channels.map(({ label }) => label));
    const known: Record<Params['measures'][number], PairMeasure> = {
      dasm: { prefix: 'dasm_', unit: null, pairs, combine: difference },
      rasm: { prefix: 'rasm_', unit: 'ratio', pairs, combine: ratio },
      dcau: { prefix: 'dcau_', unit: null, pairs: caudal_pairs, combine: difference },
    };
    return new PairedFeatures(
      differentialEntropy.create(info, { bands }, window_s),
      'de_',
      measures.map((measure) => known[measure]),
    );
  },
});
