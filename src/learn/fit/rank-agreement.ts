import type { RankingScores } from '../../core/model.js';
import type { HeadName } from '../../model/networks/definition.js';
import { byPerson, type Example } from '../examples/example.js';
import { rankOf } from '../losses/ranking.js';

/** How often a model says rightly which of two moments of a person is higher, or that they are similar. */
export interface RankAgreement {
  readonly dimension: HeadName;
  readonly pairs: number;
  /** Share of pairs told rightly. */
  readonly accuracy: number;
  /** Share of the most frequent outcome: what always saying that is worth. */
  readonly commonest: number;
}

/** Windows that are at least this far apart are compared. */
const APART = 10;
/** Of each person's windows every so many is an anchor. */
const ANCHOR_STRIDE = 25;

/**
 * Compares each window of a person with anchors spread over the same session, as serving does.
 *
 * @param scores of each example, from the model
 * @param tolerance labels no further apart are similar
 */
export function rankAgreement(
  examples: readonly Example[],
  scores: readonly RankingScores[],
  dimension: HeadName,
  tolerance: number,
): RankAgreement {
  const place = new Map(examples.map((example, i) => [example, i]));
  const outcomes = [0, 0, 0];
  let right = 0;
  for (const own of byPerson(examples).values())
    for (let a = 0; a < own.length; a += ANCHOR_STRIDE)
      for (let i = 0; i < own.length; i++) {
        const [x, y] = [own[i].label.targets[dimension], own[a].label.targets[dimension]];
        if (Math.abs(i - a) < APART || x === undefined || y === undefined) continue;
        const truth = rankOf(x, y, tolerance);
        const { first } = scores[place.get(own[i])!];
        const { second } = scores[place.get(own[a])!];
        const logits = first.map((logit, k) => logit + second[k]);
        outcomes[truth]++;
        if (logits.indexOf(Math.max(...logits)) === truth) right++;
      }
  const pairs = outcomes.reduce((sum, n) => sum + n, 0);
  return { dimension, pairs, accuracy: right / pairs, commonest: Math.max(...outcomes) / pairs };
}
