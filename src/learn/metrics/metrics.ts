import type { Agreement } from '../../core/agreement.js';

export interface MeanAgreement extends Agreement {
  /** Standard deviation of CCC over people (n - 1). */
  readonly cccSd: number;
  /** People with a CCC; those with a constant series have none. */
  readonly people: number;
}

/** Each person's agreement, averaged over people; CCC and PCC over those who have them. */
export function meanAgreement(people: readonly Agreement[]): MeanAgreement {
  const mean = (of: readonly Agreement[], metric: keyof Agreement): number =>
    of.reduce((sum, agreement) => sum + agreement[metric], 0) / of.length;
  const counted = people.filter(({ ccc }) => Number.isFinite(ccc));
  const ccc = mean(counted, 'ccc');
  const squares = counted.reduce((sum, a) => sum + (a.ccc - ccc) * (a.ccc - ccc), 0);
  return {
    ccc,
    pcc: mean(counted, 'pcc'),
    mae: mean(people, 'mae'),
    rmse: mean(people, 'rmse'),
    cccSd: counted.length > 1 ? Math.sqrt(squares / (counted.length - 1)) : Number.NaN,
    people: counted.length,
  };
}
