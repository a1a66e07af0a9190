import { holm } from '../metrics/holm.js';
import { pairedT } from '../metrics/paired-t.js';
import { type Spread, spread } from '../metrics/spread.js';
import { wilcoxonSignedRank } from '../metrics/wilcoxon.js';

/** One model's figure for each of the units that all models were measured on: people, sessions, or seeds. */
export interface ModelFigures {
  readonly model: string;
  /** By unit; NaN where it has none. */
  readonly figures: ReadonlyMap<string, number>;
}

export interface PairedRow {
  readonly model: string;
  /** Over all units that the model has a figure for. */
  readonly own: Spread;
  /** Null for the model that the others are compared with. */
  readonly compared: {
    /** Mean of this model's figure less the reference's, over the units that both have. */
    readonly difference: number;
    readonly pairs: number;
    /** Two-sided p of Wilcoxon's signed-rank test, exact; corrected by Holm for all rows. */
    readonly wilcoxon: number;
    readonly wilcoxon_corrected: number;
    /** Of Student's paired t test. */
    readonly t: number;
    readonly t_corrected: number;
  } | null;
}

/**
 * Compares each model with `reference` over the same units: one table, whose p values are corrected together. Throws `RangeError` where `reference` is not a model.
 */
export function pairedComparison(models: readonly ModelFigures[], reference: string): PairedRow[] {
  const base = models.find(({ model }) => model === reference);
  if (!base) throw new RangeError(`there is no model ${reference}`);
  const rows = models.map(({ model, figures }) => {
    const own = spread([...figures.values()]);
    if (model === reference) return { model, own, compared: null };
    const shared = [...figures].flatMap(([unit, value]) => {
      const other = base.figures.get(unit) ?? Number.NaN;
      return Number.isNaN(value - other) ? [] : [[value, other] as const];
    });
    const [a, b] = [shared.map(([value]) => value), shared.map(([, other]) => other)];
    return {
      model,
      own,
      compared: {
        difference: spread(a.map((value, i) => value - b[i])).mean,
        pairs: shared.length,
        wilcoxon: wilcoxonSignedRank(a, b).p,
        t: pairedT(a, b).p,
      },
    };
  });
  const corrected = (test: 'wilcoxon' | 't'): number[] =>
    holm(rows.map(({ compared }) => compared?.[test] ?? Number.NaN));
  const [wilcoxon_corrected, t_corrected] = [corrected('wilcoxon'), corrected('t')];
  return rows.map(({ model, own, compared }, i) => ({
    model,
    own,
    compared: compared && {
      ...compared,
      wilcoxon_corrected: wilcoxon_corrected[i],
      t_corrected: t_corrected[i],
    },
  }));
}
