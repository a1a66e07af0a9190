import { z } from 'zod';
import { alignment } from './alignment.js';
import { binaryCrossEntropy } from './binary-cross-entropy.js';
import { canonicalCorrelation } from './canonical-correlation.js';
import { ccc } from './ccc.js';
import { cosine } from './cosine.js';
import { crossEntropy } from './cross-entropy.js';
import { mse } from './mse.js';
import { mutualInformation } from './mutual-information.js';
import type { Objective } from './objective.js';
import { ranking } from './ranking.js';
import { ranknet } from './ranknet.js';
import { reconstruction } from './reconstruction.js';

type AnyObjective = Objective<{ readonly weight: number }>;

/** Everything that training can minimise, by its key under `loss`. */
export const objectives: ReadonlyMap<string, AnyObjective> = new Map(
  // Settings go in only after the objective's own schema parsed them.
  [
    alignment,
    binaryCrossEntropy,
    canonicalCorrelation,
    ccc,
    cosine,
    crossEntropy,
    mse,
    mutualInformation,
    ranking,
    ranknet,
    reconstruction,
  ].map((objective) => [objective.name, objective as unknown as AnyObjective]),
);

/** `loss` of a training configuration: by objective, its settings, or a number that is its weight alone. */
export const lossSettings = z.strictObject({
  alignment: weighted(alignment.settings),
  binary_cross_entropy: weighted(binaryCrossEntropy.settings),
  canonical_correlation: weighted(canonicalCorrelation.settings),
  ccc: weighted(ccc.settings),
  cosine: weighted(cosine.settings),
  cross_entropy: weighted(crossEntropy.settings),
  mse: weighted(mse.settings),
  mutual_information: weighted(mutualInformation.settings),
  ranking: weighted(ranking.settings),
  ranknet: weighted(ranknet.settings),
  reconstruction: weighted(reconstruction.settings),
});

function weighted<S>(settings: z.ZodType<S>) {
  return z
    .preprocess((value) => (typeof value === 'number' ? { weight: value } : value), settings)
    .optional();
}
