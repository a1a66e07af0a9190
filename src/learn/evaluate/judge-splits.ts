import type { SplitOutcomes } from './assemble.js';
import { type WindowFacts, windowFacts } from './blind/window-facts.js';
import type { LoadedEvaluateConfig } from './evaluate-config.js';
import { heldOut } from './rule/held-out.js';
import { innerFolds } from './rule/inner-folds.js';
import { type LedgerLine, personDigest } from './rule/ledger.js';
import { modalitySets } from './rule/modality-sets.js';
import { type Judged, verdictsOf } from './rule/verdicts.js';
import { type FoldSource, modalitiesOf, type RunOptions, runSplits } from './run-splits.js';
import type { Quantity } from './scores.js';
import type { Split, SplitSettings } from './splits/split.js';

export interface JudgeSource extends Omit<FoldSource, 'facts'> {
  /** The data set's name. */
  readonly name: string;
  readonly simulated: boolean;
  /** Digest of each model's recipe. */
  readonly recipes: readonly string[];
  /** What was scored elsewhere, or before, on the people whose digests these are. */
  readonly ledgerOn: (people: readonly string[]) => readonly LedgerLine[];
}

export interface JudgedSplits extends Pick<Judged, 'splits' | 'ledger'>, ReturnType<typeof verdictsOf> {
  readonly facts: readonly WindowFacts[];
}

/**
 * Runs every model on every split, and says what each may say of itself. Where a split holds people out, each training
 * part is divided once more by people, for what a model adds to a clock; this takes most of the time.
 */
export async function judgeSplits(
  loaded: LoadedEvaluateConfig,
  splits: readonly { readonly settings: SplitSettings; readonly split: Split }[],
  { name, simulated, recipes, ledgerOn, ...source }: JudgeSource,
  options: RunOptions,
): Promise<JudgedSplits> {
  const { data } = source;
  const { config, models } = loaded;
  const quantities: Quantity[] = [...data.dimensions, ...(data.classes.length > 0 ? ['class' as const] : [])];
  const innerOf = (split: Split): SplitOutcomes['inner'] => {
    const holds = quantities.some((own) => heldOut(split, data.examples, own, simulated).problem === null);
    if (!holds) return null;
    const share = config.validation === 'none' ? 0 : config.validation_share;
    const inner = split.folds.map((fold) =>
      innerFolds(fold, data.examples, config.inner_folds, share, config.split_seed),
    );
    return inner.every(({ length }) => length > 0) ? inner : null;
  };
  const facts = windowFacts(data.examples, data.hop_s);
  const outcomes = await runSplits(
    loaded,
    splits.map((own) => ({ ...own, inner: innerOf(own.split) })),
    { ...source, facts },
    options,
  );
  const people = [...new Set(data.examples.map(({ person }) => person))].map((person) =>
    personDigest(name, person),
  );
  const ledger = ledgerOn(people);
  const judged = verdictsOf({
    data,
    facts,
    splits: outcomes,
    simulated,
    models: models.map((model, m) => ({
      name: model.name,
      recipe: recipes[m],
      leaky: model.search?.choose_on === 'test',
      modalities: modalitiesOf(model, data.inputs),
      sets: modalitySets(modalitiesOf(model, data.inputs)),
    })),
    ledger,
    scored: { data: name, people },
  });
  return { facts, splits: outcomes, ledger, ...judged };
}
